package machine

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/gdeploy/gdeploy/modules"
)

// Lstat describes path itself.
func (m *Machine) Lstat(name string) (modules.Stat, error) {
	real, err := m.at(name)
	if err != nil {
		return modules.Stat{}, err
	}
	return describe(name, real, os.Lstat)
}

// Stat describes what path points to.
func (m *Machine) Stat(name string) (modules.Stat, error) {
	real, err := m.follow(name)
	if err != nil {
		return modules.Stat{}, err
	}
	return describe(name, real, os.Stat)
}

func describe(name, real string, stat func(string) (fs.FileInfo, error)) (modules.Stat, error) {
	info, err := stat(real)
	if err != nil {
		return modules.Stat{}, renamed(err, name)
	}
	return statOf(name, real, info)
}

func statOf(name, real string, info fs.FileInfo) (modules.Stat, error) {
	st := modules.Stat{Path: name, Mode: info.Mode(), Size: info.Size(), ModTime: info.ModTime()}
	if sys, ok := info.Sys().(*syscall.Stat_t); ok {
		st.UID, st.GID = int(sys.Uid), int(sys.Gid)
		st.Inode, st.Dev, st.Links = sys.Ino, uint64(sys.Dev), uint64(sys.Nlink)
		st.Rdev, st.Blocks, st.BlockSize = uint64(sys.Rdev), sys.Blocks, int64(sys.Blksize)
		st.AccessTime, st.ChangeTime = accessAndChange(sys)
	}
	if info.Mode()&fs.ModeSymlink == 0 {
		return st, nil
	}
	target, err := os.Readlink(real)
	st.Target = target
	return st, renamed(err, name)
}

// renamed puts the path that the module knows into an error.
func renamed(err error, name string) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return &fs.PathError{Op: pe.Op, Path: name, Err: pe.Err}
	}
	return err
}

// Open reads a file.
func (m *Machine) Open(name string) (io.ReadCloser, error) {
	real, err := m.follow(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(real)
	if err != nil {
		return nil, renamed(err, name)
	}
	return f, nil
}

// ReadDir lists a directory in the order of its names.
func (m *Machine) ReadDir(name string) ([]modules.Stat, error) {
	real, err := m.follow(name)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(real)
	if err != nil {
		return nil, renamed(err, name)
	}
	var list []modules.Stat
	for _, e := range entries {
		st, err := describe(path.Join(name, e.Name()), path.Join(real, e.Name()), os.Lstat)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed by somebody else since
		}
		if err != nil {
			return nil, err
		}
		list = append(list, st)
	}
	return list, nil
}

// Space tells what is free where path lies, or will lie.
func (m *Machine) Space(name string) (modules.Space, error) {
	real, err := m.follow(name)
	if err != nil {
		return modules.Space{}, err
	}
	for {
		var st unix.Statfs_t
		err := unix.Statfs(real, &st)
		if err == nil {
			return modules.Space{Bytes: st.Bavail * uint64(st.Bsize), Inodes: st.Ffree}, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || real == "/" || real == "." {
			return modules.Space{}, &fs.PathError{Op: "statfs", Path: name, Err: err}
		}
		real = path.Dir(real)
	}
}

// at gives the real path of name itself; what leads to it is followed.
func (m *Machine) at(name string) (string, error) {
	if m.options.Root == "" {
		return name, nil
	}
	clean := path.Clean("/" + name)
	dir, err := m.follow(path.Dir(clean))
	if clean == "/" {
		return m.options.Root, err
	}
	return path.Join(dir, path.Base(clean)), err
}

// follow gives the real path that name leads to. Only a Root needs work: links there
// must stay inside.
func (m *Machine) follow(name string) (string, error) {
	if m.options.Root == "" {
		return name, nil
	}
	real, err := modules.Resolve(rooted{m.options.Root}, path.Clean("/"+name))
	return path.Join(m.options.Root, real), renamed(err, name)
}

// rooted reads links below a directory whose parents hold none.
type rooted struct{ root string }

// Lstat describes a path below the root.
func (r rooted) Lstat(name string) (modules.Stat, error) {
	return describe(name, r.root+name, os.Lstat)
}

// Stat, Open, ReadDir and Space are not needed to resolve links.
func (r rooted) Stat(name string) (modules.Stat, error) { return r.Lstat(name) }

// Open opens nothing.
func (rooted) Open(string) (io.ReadCloser, error) { return nil, errors.ErrUnsupported }

// ReadDir lists nothing.
func (rooted) ReadDir(string) ([]modules.Stat, error) { return nil, errors.ErrUnsupported }

// Space tells nothing.
func (rooted) Space(string) (modules.Space, error) { return modules.Space{}, errors.ErrUnsupported }
