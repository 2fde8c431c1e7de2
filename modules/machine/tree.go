package machine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// WriteTree fills a directory and syncs it once.
func (m *Machine) WriteTree(dir string, fill func(modules.Below) error) (err error) {
	real, err := m.at(path.Clean(dir))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(real, 0o755); err != nil {
		return renamed(err, dir)
	}
	root, err := os.OpenRoot(real)
	if err != nil {
		return renamed(err, dir)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	if err := isItself(root, real, dir); err != nil {
		return err
	}
	b := &below{root: root, accounts: m, dir: dir}
	if err := fill(b); err != nil {
		return err
	}
	if err := b.settle(); err != nil {
		return err
	}
	return syncAll(root)
}

// isItself refuses a directory that was opened by way of a link at real: whoever may write
// where that lies may have planted it.
func isItself(root *os.Root, real, dir string) error {
	opened, err := root.Stat(".")
	if err != nil {
		return renamed(err, dir)
	}
	named, err := os.Lstat(real)
	if err != nil {
		return renamed(err, dir)
	}
	if !os.SameFile(opened, named) {
		return &fs.PathError{Op: "fill", Path: dir, Err: errors.New("there is a link in place of the directory")}
	}
	return nil
}

// below is a modules.Below.
type below struct {
	root     *os.Root
	accounts modules.Accounts
	dir      string
	// modes are those of directories, set last so that a read-only one can be filled.
	modes []dirMode
}

type dirMode struct {
	name string
	mode fs.FileMode
}

// settle gives the directories their modes, deepest first.
func (b *below) settle() error {
	for i := len(b.modes) - 1; i >= 0; i-- {
		if err := b.root.Chmod(b.modes[i].name, b.modes[i].mode); err != nil {
			return b.failed("chmod", b.modes[i].name, err)
		}
	}
	return nil
}

func (b *below) failed(op, name string, err error) error {
	if err == nil {
		return nil
	}
	for {
		var pe *fs.PathError
		if !errors.As(err, &pe) || pe.Err == nil {
			break
		}
		err = pe.Err
	}
	return &fs.PathError{Op: op, Path: path.Join(b.dir, name), Err: err}
}

// local cleans a name and refuses one that leaves the directory.
func local(name string) (string, error) {
	clean := path.Clean(name)
	if path.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, "../") || strings.ContainsRune(clean, 0) {
		return "", fmt.Errorf("the name %q leaves the directory", name)
	}
	return clean, nil
}

// File writes a file.
func (b *below) File(name string, mode fs.FileMode, modTime time.Time, content io.Reader) error {
	clean, err := local(name)
	if err != nil {
		return err
	}
	read := &source{Reader: content}
	err = b.create(clean, mode, read)
	if errors.Is(err, fs.ErrNotExist) && read.err == nil {
		if err := b.parents(clean); err != nil {
			return err
		}
		err = b.create(clean, mode, read)
	}
	if read.err != nil {
		return read.err
	}
	if err == nil && !modTime.IsZero() {
		err = b.root.Chtimes(clean, modTime, modTime)
	}
	return b.failed("write", name, err)
}

// source keeps apart what is wrong with a content and what is wrong with the place for it.
type source struct {
	io.Reader
	err error
}

// Read passes bytes on.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// create writes a new file, or a new one beside the old and renames it.
func (b *below) create(name string, mode fs.FileMode, content io.Reader) error {
	f, err := b.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return finish(f, mode, content)
	}
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	temp, err := beside(name, func(temp string) error {
		f, err := b.root.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		return finish(f, mode, content)
	})
	if err == nil {
		err = b.root.Rename(temp, name)
	}
	if err != nil {
		_ = b.root.Remove(temp) // the first error is the one to tell
	}
	return err
}

func finish(f *os.File, mode fs.FileMode, content io.Reader) error {
	_, err := io.Copy(f, content)
	if err == nil {
		err = f.Chmod(mode & permissions)
	}
	return errors.Join(err, f.Close())
}

func (b *below) parents(name string) error {
	if dir := path.Dir(name); dir != "." {
		return b.failed("mkdir", dir, b.root.MkdirAll(dir, 0o755))
	}
	return nil
}

// Mkdir makes a directory.
func (b *below) Mkdir(name string, mode fs.FileMode) error {
	clean, err := local(name)
	if err != nil {
		return err
	}
	if err := b.root.MkdirAll(clean, 0o700); err != nil {
		return b.failed("mkdir", name, err)
	}
	b.modes = append(b.modes, dirMode{clean, mode & permissions})
	return nil
}

// Symlink makes a link, over a file or link that is there.
func (b *below) Symlink(target, name string) error {
	clean, err := local(name)
	if err != nil {
		return err
	}
	if err := b.parents(clean); err != nil {
		return err
	}
	err = b.root.Symlink(target, clean)
	if !errors.Is(err, fs.ErrExist) {
		return b.failed("link", name, err)
	}
	if now, err := b.root.Readlink(clean); err == nil && now == target {
		return nil
	}
	temp, err := beside(clean, func(temp string) error { return b.root.Symlink(target, temp) })
	if err == nil {
		err = b.root.Rename(temp, clean)
	}
	if err != nil {
		_ = b.root.Remove(temp) // the first error is the one to tell
	}
	return b.failed("link", name, err)
}

// Chown gives an entry to an owner; a link itself, not what it points to.
func (b *below) Chown(name, owner, group string) error {
	clean, err := local(name)
	if err != nil {
		return err
	}
	uid, gid, err := modules.Owners(b.accounts, owner, group)
	if err != nil || uid < 0 && gid < 0 {
		return err
	}
	before, err := b.root.Lstat(clean)
	if err == nil {
		err = b.root.Lchown(clean, uid, gid)
	}
	if err == nil && before.Mode().IsRegular() && before.Mode()&(fs.ModeSetuid|fs.ModeSetgid) != 0 {
		err = b.root.Chmod(clean, before.Mode()&permissions) // which a change of owner takes away
	}
	return b.failed("chown", name, err)
}
