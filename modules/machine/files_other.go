//go:build unix && !linux

package machine

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

func accessAndChange(*syscall.Stat_t) (access, change time.Time) { return time.Time{}, time.Time{} }

// Flags are known on Linux only.
func (m *Machine) Flags(string) (flags, version uint32, err error) {
	return 0, 0, errors.ErrUnsupported
}

// syncAll asks for all that was written to go to the disk, whatever file system it is on.
func syncAll(*os.Root) error { return unix.Sync() }

// chmod follows no link.
func (m *Machine) chmod(real, name string, mode fs.FileMode) error {
	if err := unix.Fchmodat(unix.AT_FDCWD, real, uint32(mode.Perm()), unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return &fs.PathError{Op: "chmod", Path: name, Err: err}
	}
	return nil
}
