package inventory

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gdeploy/gdeploy/values"
)

// files reads and remembers the files of group_vars and host_vars. They are read when
// their group or host is first looked at: a secret of production, which only
// production's password opens, does not hinder a run on the test hosts.
type files struct {
	opts Options
	lock sync.Mutex
	seen map[string]*entityVars        // by path without extension
	dirs map[string]map[string]dirKind // the names in a directory
}

// entityVars is what group_vars or host_vars say of one group or host.
type entityVars struct {
	once sync.Once
	vars *values.Map // nil where nothing is said
	err  error
}

type dirKind uint8

const (
	missing dirKind = iota
	isFile
	isDirectory
)

func newFiles(opts Options) *files {
	return &files{opts: opts, seen: map[string]*entityVars{}, dirs: map[string]map[string]dirKind{}}
}

func (f *files) warn(w Warning) {
	if f.opts.Warn != nil {
		f.opts.Warn(w)
	}
}

// read gives a file's text, decrypted where the whole file is encrypted.
func (f *files) read(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, errors.Unwrap(err))
	}
	if f.opts.Told != nil {
		f.opts.Told(path, text)
	}
	if !bytes.HasPrefix(text, []byte("$ANSIBLE_VAULT;")) {
		return text, nil
	}
	if f.opts.Decrypt == nil {
		return nil, fmt.Errorf("%s:1:1: the file is vault-encrypted, and no vault password is given (--vault-password-file, --ask-vault-pass)", path)
	}
	plain, err := f.opts.Decrypt(text, path)
	if err != nil {
		return nil, fmt.Errorf("%s:1:1: %w", path, err)
	}
	return plain, nil
}

// variables gives what dir/name, .yml, .yaml or .json say: a file, or a directory of
// files. The map is nil where there is nothing.
func (f *files) variables(dir, name string) (*values.Map, error) {
	if strings.HasPrefix(name, "/") || f.list(dir) == nil {
		return nil, nil
	}
	path := filepath.Join(dir, name)
	f.lock.Lock()
	found := f.seen[path]
	if found == nil {
		found = &entityVars{}
		f.seen[path] = found
	}
	f.lock.Unlock()
	found.once.Do(func() { found.vars, found.err = f.load(dir, name) })
	return found.vars, found.err
}

// extensions are tried in this order, and the first that exists counts.
var extensions = []string{"", ".yml", ".yaml", ".json"}

func (f *files) load(dir, name string) (*values.Map, error) {
	paths, err := f.find(dir, name)
	errs := []error{err}
	var merged *values.Map
	for _, path := range paths {
		vars, err := f.loadFile(path)
		errs = append(errs, err)
		switch {
		case vars == nil:
		case merged == nil:
			merged = vars.Clone()
		default:
			for key, v := range vars.All() {
				merged.SetKey(key, v)
			}
		}
	}
	return merged, errors.Join(errs...)
}

func (f *files) loadFile(path string) (*values.Map, error) {
	src, err := f.read(path)
	if err != nil {
		return nil, err
	}
	format := "yaml"
	if filepath.Ext(path) == ".json" {
		format = "json"
	}
	found, err := decode(format, src, path, variableFormats)
	if err != nil {
		return nil, err
	}
	for _, w := range found.warnings {
		f.warn(w)
	}
	return found.vars, found.err
}

// find gives the files that hold the variables of one name.
func (f *files) find(dir, name string) (paths []string, err error) {
	chosen := ""
	for _, ext := range extensions {
		path := filepath.Join(dir, name+ext)
		kind := f.kind(dir, name+ext)
		switch {
		case kind == missing:
			continue
		case chosen != "":
			f.warn(Warning{Msg: fmt.Sprintf("%s is not read, because %s exists: keep one of them", path, chosen)})
			continue
		case kind == isFile:
			paths = []string{path}
		default:
			paths, err = f.below(path)
		}
		chosen = path
	}
	return paths, err
}

// below gives the files of a directory of variables and of the directories in it, in
// the order of their names.
func (f *files) below(dir string) (paths []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, errors.Unwrap(err))
	}
	for _, entry := range entries {
		name, path := entry.Name(), filepath.Join(dir, entry.Name())
		if strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") {
			continue
		}
		switch kind, ext := kindOf(path), filepath.Ext(name); {
		case kind == isDirectory && ext == "":
			inner, err := f.below(path)
			if err != nil {
				return nil, err
			}
			paths = append(paths, inner...)
		case kind == isFile && slices.Contains(extensions, ext):
			paths = append(paths, path)
		}
	}
	return paths, nil
}

func kindOf(path string) dirKind {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return missing
	case info.IsDir():
		return isDirectory
	}
	return isFile
}

// kind tells what dir/name is, from one listing of dir for all names.
func (f *files) kind(dir, name string) dirKind {
	if strings.Contains(name, "/") {
		return kindOf(filepath.Join(dir, name))
	}
	return f.list(dir)[name]
}

// list gives the names in a directory; nil where there is no such directory.
func (f *files) list(dir string) map[string]dirKind {
	f.lock.Lock()
	defer f.lock.Unlock()
	if names, ok := f.dirs[dir]; ok {
		return names
	}
	var names map[string]dirKind
	if entries, err := os.ReadDir(dir); err == nil {
		names = make(map[string]dirKind, len(entries))
		for _, entry := range entries {
			names[entry.Name()] = entryKind(dir, entry)
		}
	}
	f.dirs[dir] = names
	return names
}

func entryKind(dir string, entry fs.DirEntry) dirKind {
	switch {
	case entry.IsDir():
		return isDirectory
	case entry.Type().IsRegular():
		return isFile
	}
	return kindOf(filepath.Join(dir, entry.Name()))
}
