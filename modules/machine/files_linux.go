package machine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// What of files is Linux's own. On other systems gdeploy is a controller only, and there
// files_other.go does for what a playbook does beside it.

func accessAndChange(sys *syscall.Stat_t) (access, change time.Time) {
	return time.Unix(sys.Atim.Unix()), time.Unix(sys.Ctim.Unix())
}

// Flags gives the flags of a file as chattr knows them, and its version.
func (m *Machine) Flags(name string) (flags, version uint32, err error) {
	real, err := m.at(name)
	if err != nil {
		return 0, 0, err
	}
	fd, err := unix.Open(real, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, 0, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	defer unix.Close(fd)
	if flags, err = unix.IoctlGetUint32(fd, unix.FS_IOC_GETFLAGS); err != nil {
		return 0, 0, &fs.PathError{Op: "read flags", Path: name, Err: err}
	}
	version, err = unix.IoctlGetUint32(fd, getVersion)
	return flags, version, err
}

// getVersion is FS_IOC_GETVERSION of 64-bit Linux.
const getVersion = 0x80087601

func syncAll(root *os.Root) error {
	d, err := root.Open(".")
	if err != nil {
		return err
	}
	defer d.Close()
	return unix.Syncfs(int(d.Fd()))
}

// chmod follows no link, even one that was planted since the file was looked at.
func (m *Machine) chmod(real, name string, mode fs.FileMode) error {
	fd, err := unix.Open(real, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return &fs.PathError{Op: "chmod", Path: name, Err: err}
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err == nil && st.Mode&unix.S_IFMT == unix.S_IFLNK {
		return &fs.PathError{Op: "chmod", Path: name, Err: errors.New("has become a link")}
	}
	return renamed(os.Chmod(fmt.Sprintf("/proc/self/fd/%d", fd), mode), name)
}
