package playbooks

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// stockPrefix starts the names of files in the embedded file system.
const stockPrefix = "stock:"

// files reads YAML files, each once for as long as it does not change.
type files struct {
	stock   fs.FS
	decrypt func(data []byte, file string) ([]byte, error)
	told    func(path string, content []byte)

	mu    sync.Mutex
	cache map[string]*file
}

// file is one that was read.
type file struct {
	src      []byte
	lines    []string // of src, once somebody asked for one
	modified time.Time
	size     int64
	value    values.Value
	warnings []yaml.Warning
	err      error
}

// playbook finds the playbook that a person or an import named: as it is, then below
// playbooks/, then among the stock ones.
func (f *files) playbook(path string) string {
	if f.exists(path) || filepath.IsAbs(path) || f.stock == nil {
		return path
	}
	for _, candidate := range []string{filepath.Join("playbooks", path), stockPrefix + filepath.ToSlash(filepath.Clean(path))} {
		if f.exists(candidate) {
			return candidate
		}
	}
	return path
}

// load gives the value of a YAML file; the same value for all who ask.
func (f *files) load(path string) *file {
	f.mu.Lock()
	defer f.mu.Unlock()
	info, err := f.stat(path)
	if err != nil {
		return &file{err: readError(path, err)}
	}
	if known := f.cache[path]; known != nil && known.modified.Equal(info.ModTime()) && known.size == info.Size() {
		return known
	}
	read := &file{modified: info.ModTime(), size: info.Size()}
	read.parse(f, path)
	f.cache[path] = read
	return read
}

func (r *file) parse(f *files, path string) {
	src, err := f.read(path)
	if err != nil {
		r.err = err
		return
	}
	if bytes.HasPrefix(src, []byte("$ANSIBLE_VAULT")) {
		if src, err = f.open(src, path); err != nil {
			r.err = err
			return
		}
	}
	r.src = src
	r.value, r.warnings, r.err = yaml.Load(src, path)
}

func (f *files) open(src []byte, path string) ([]byte, error) {
	if f.decrypt == nil {
		return nil, fmt.Errorf("%s is encrypted, and no vault password is given", path)
	}
	return f.decrypt(src, path)
}

func (f *files) read(path string) ([]byte, error) {
	var data []byte
	var err error
	if name, ok := strings.CutPrefix(path, stockPrefix); ok && f.stock != nil {
		data, err = fs.ReadFile(f.stock, name)
	} else {
		data, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, readError(path, err)
	}
	if f.told != nil {
		f.told(path, data)
	}
	return data, nil
}

func readError(path string, err error) error {
	var why *fs.PathError
	if errors.As(err, &why) {
		err = why.Err
	}
	return fmt.Errorf("read %s: %w", path, err)
}

func (f *files) stat(path string) (fs.FileInfo, error) {
	if name, ok := strings.CutPrefix(path, stockPrefix); ok && f.stock != nil {
		return fs.Stat(f.stock, name)
	}
	return os.Stat(path)
}

func (f *files) exists(path string) bool {
	info, err := f.stat(path)
	return err == nil && !info.IsDir()
}

func (f *files) isDir(path string) bool {
	info, err := f.stat(path)
	return err == nil && info.IsDir()
}

// list gives the names in a directory, in order; none where there is no directory.
func (f *files) list(path string) []fs.DirEntry {
	if name, ok := strings.CutPrefix(path, stockPrefix); ok && f.stock != nil {
		entries, _ := fs.ReadDir(f.stock, name)
		return entries
	}
	entries, _ := os.ReadDir(path)
	return entries
}

// line gives the text of a line that was read, unless it is too long to show.
func (f *files) line(pos values.Position) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	read := f.cache[pos.File]
	if read == nil || pos.Line == 0 {
		return ""
	}
	if read.lines == nil {
		read.lines = strings.Split(string(read.src), "\n")
	}
	if pos.Line > len(read.lines) {
		return ""
	}
	line := strings.TrimRight(strings.ReplaceAll(read.lines[pos.Line-1], "\t", " "), "\r ")
	if len(line) > 200 {
		return ""
	}
	return strings.ToValidUTF8(line, "?")
}

// join puts a relative name below a directory; the names of stock files stay such.
func join(dir, name string) string {
	if filepath.IsAbs(name) || strings.HasPrefix(name, stockPrefix) {
		return name
	}
	if rest, ok := strings.CutPrefix(dir, stockPrefix); ok {
		return stockPrefix + filepath.ToSlash(filepath.Join(rest, name))
	}
	return filepath.Join(dir, name)
}

// dirOf is filepath.Dir that understands the names of stock files.
func dirOf(path string) string {
	if rest, ok := strings.CutPrefix(path, stockPrefix); ok {
		return stockPrefix + filepath.ToSlash(filepath.Dir(rest))
	}
	return filepath.Dir(path)
}

// absolute is filepath.Abs that leaves the names of stock files alone.
func absolute(path string) string {
	if strings.HasPrefix(path, stockPrefix) {
		return path
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	return abs
}

// imported gives the path of a playbook that another one in dir imports. What a stock
// playbook imports may be replaced by a playbook of the user.
func (f *files) imported(dir, name string) string {
	if strings.HasPrefix(dir, stockPrefix) && !filepath.IsAbs(name) {
		return f.playbook(strings.TrimPrefix(join(dir, name), stockPrefix))
	}
	return join(dir, name)
}
