package machine

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gdeploy/gdeploy/modules"
)

// umask is the process's umask, which is read without setting it.
var umask = sync.OnceValue(func() fs.FileMode {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0o022
	}
	_, rest, _ := strings.Cut(string(status), "\nUmask:")
	line, _, _ := strings.Cut(rest, "\n")
	bits, err := strconv.ParseUint(strings.TrimSpace(line), 8, 32)
	if err != nil {
		return 0o022
	}
	return fs.FileMode(bits)
})

const permissions = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

// WriteFile puts content at path by way of a temporary file beside it.
func (m *Machine) WriteFile(name string, content io.Reader, attrs modules.Attributes) error {
	real, err := m.at(name)
	if err != nil {
		return err
	}
	before, err := os.Lstat(real)
	switch {
	case err == nil && before.IsDir():
		return &fs.PathError{Op: "write", Path: name, Err: syscall.EISDIR}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return renamed(err, name)
	}
	want, err := m.wanted(before, attrs)
	if err != nil {
		return err
	}
	temp, err := beside(real, func(temp string) error { return fill(temp, content, want, real, before != nil) })
	if err != nil {
		return renamed(err, name)
	}
	if err := os.Rename(temp, real); err != nil {
		os.Remove(temp)
		return renameError(err, name)
	}
	return syncDir(path.Dir(real))
}

// renameError explains the one case that puzzles people: a file that is a mount.
func renameError(err error, name string) error {
	if errors.Is(err, syscall.EBUSY) {
		return fmt.Errorf("replace %s: it is a mount point of its own, so it cannot be replaced in one step: %w", name, syscall.EBUSY)
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return &fs.PathError{Op: "rename", Path: name, Err: link.Err}
	}
	return renamed(err, name)
}

// attributes are what a file shall have, in numbers; -1 leaves an owner.
type attributes struct {
	mode     fs.FileMode
	uid, gid int
	// soft tells that uid and gid are those of the file before, which only root can
	// give to a new one.
	soft bool
}

// wanted resolves attrs for a file that replaces before, which may be nil.
func (m *Machine) wanted(before fs.FileInfo, attrs modules.Attributes) (attributes, error) {
	want := attributes{mode: 0o666 &^ umask()}
	var err error
	if want.uid, want.gid, err = modules.Owners(m, attrs.Owner, attrs.Group); err != nil {
		return want, err
	}
	if before != nil && before.Mode().IsRegular() {
		want.mode = before.Mode() & permissions
		if sys, ok := before.Sys().(*syscall.Stat_t); ok && want.uid < 0 && want.gid < 0 {
			want.uid, want.gid, want.soft = int(sys.Uid), int(sys.Gid), true
		}
	}
	if attrs.Mode != nil {
		want.mode = *attrs.Mode & permissions
	}
	return want, nil
}

// apply sets mode and owner of an open file; the owner goes first, since a change of
// owner takes setuid away.
func (a attributes) apply(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	sys, ok := info.Sys().(*syscall.Stat_t)
	differs := !ok || a.uid >= 0 && a.uid != int(sys.Uid) || a.gid >= 0 && a.gid != int(sys.Gid)
	if differs && (a.uid >= 0 || a.gid >= 0) {
		if err := f.Chown(a.uid, a.gid); err != nil && !a.soft {
			return fmt.Errorf("chown failed: %w", err)
		}
	}
	return f.Chmod(a.mode)
}

// beside tries names for a temporary entry in target's directory until make finds a free one.
func beside(target string, create func(temp string) error) (string, error) {
	dir, base := path.Split(target)
	if len(base) > 200 {
		base = base[:200]
	}
	for try := 0; ; try++ {
		temp := fmt.Sprintf("%s.%s.gdeploy-%d-%d", dir, base, os.Getpid(), time.Now().UnixNano())
		err := create(temp)
		if errors.Is(err, fs.ErrExist) && try < 100 {
			continue
		}
		return temp, err
	}
}

// fill makes the temporary file, complete and on disk; it leaves none after an error.
func fill(temp string, content io.Reader, want attributes, target string, replaces bool) (err error) {
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if closed := f.Close(); err == nil {
			err = closed
		}
		if err != nil {
			os.Remove(temp)
		}
	}()
	if _, err := io.Copy(f, content); err != nil {
		return err
	}
	if replaces {
		keepLabels(f, target)
	}
	if err := want.apply(f); err != nil {
		return err
	}
	return f.Sync()
}

// keepLabels gives the new file the SELinux label and the ACL of the one it replaces.
// A file system without them, or a user who may not, loses nothing that was there.
func keepLabels(f *os.File, target string) {
	value := make([]byte, 4096)
	for _, name := range []string{"security.selinux", "system.posix_acl_access"} {
		n, err := unix.Lgetxattr(target, name, value)
		if err == nil && n > 0 {
			_ = unix.Fsetxattr(int(f.Fd()), name, value[:n], 0)
		}
	}
}

func syncDir(dir string) error {
	d, err := os.Open(orDot(dir))
	if err != nil {
		return nil // a directory that may be written but not read
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

func orDot(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

// Mkdir makes one directory.
func (m *Machine) Mkdir(name string, attrs modules.Attributes) error {
	real, err := m.at(name)
	if err != nil {
		return err
	}
	err = os.Mkdir(real, 0o777)
	if errors.Is(err, fs.ErrExist) {
		if info, statErr := os.Lstat(real); statErr == nil && info.IsDir() {
			err = nil
		}
	}
	if err != nil {
		return renamed(err, name)
	}
	if err := m.SetAttributes(name, attrs); err != nil {
		return err
	}
	return syncDir(path.Dir(real))
}

// Symlink makes path a link to target by rename.
func (m *Machine) Symlink(target, name string) error {
	real, err := m.at(name)
	if err != nil {
		return err
	}
	return replace(real, name, func(temp string) error { return os.Symlink(target, temp) })
}

// Link makes to a hard link of from.
func (m *Machine) Link(from, to string) error {
	source, err := m.at(from)
	if err != nil {
		return err
	}
	real, err := m.at(to)
	if err != nil {
		return err
	}
	return replace(real, to, func(temp string) error { return os.Link(source, temp) })
}

// replace makes an entry beside the target and renames it over.
func replace(real, name string, create func(temp string) error) error {
	temp, err := beside(real, create)
	if err != nil {
		return renameError(err, name)
	}
	if err := os.Rename(temp, real); err != nil {
		os.Remove(temp)
		return renameError(err, name)
	}
	os.Remove(temp) // rename leaves a hard link of the same file where it is
	return syncDir(path.Dir(real))
}

// SetAttributes sets mode and owner where they differ.
func (m *Machine) SetAttributes(name string, attrs modules.Attributes) error {
	uid, gid, err := modules.Owners(m, attrs.Owner, attrs.Group)
	if err != nil {
		return err
	}
	st, err := m.Lstat(name)
	if err != nil {
		return err
	}
	real, err := m.at(name)
	if err != nil {
		return err
	}
	chown := uid >= 0 && uid != st.UID || gid >= 0 && gid != st.GID
	if chown {
		if err := os.Lchown(real, uid, gid); err != nil {
			return fmt.Errorf("chown failed: %w", renamed(err, name))
		}
	}
	isLink := st.Mode&fs.ModeSymlink != 0
	if attrs.Mode == nil || isLink || !chown && *attrs.Mode&permissions == st.Mode&permissions {
		return nil
	}
	return m.chmod(real, name, *attrs.Mode&permissions)
}

// SetTimes sets access and modification time, of a link its own.
func (m *Machine) SetTimes(name string, access, modification time.Time) error {
	real, err := m.at(name)
	if err != nil {
		return err
	}
	times := []unix.Timespec{unix.NsecToTimespec(access.UnixNano()), unix.NsecToTimespec(modification.UnixNano())}
	if err := unix.UtimesNanoAt(unix.AT_FDCWD, real, times, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return &fs.PathError{Op: "set times", Path: name, Err: err}
	}
	return nil
}

// Rename moves a file or directory.
func (m *Machine) Rename(from, to string) error {
	source, err := m.at(from)
	if err != nil {
		return err
	}
	real, err := m.at(to)
	if err != nil {
		return err
	}
	if err := os.Rename(source, real); err != nil {
		return renameError(err, from)
	}
	return errors.Join(syncDir(path.Dir(real)), syncDir(path.Dir(source)))
}

// Remove removes path and all below it; below, no link is followed.
func (m *Machine) Remove(name string) error {
	if path.Clean(name) == "/" || name == "" {
		return &fs.PathError{Op: "remove", Path: name, Err: errors.New("that is the whole file system")}
	}
	real, err := m.at(name)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(real); err != nil {
		return renamed(err, name)
	}
	return syncDir(path.Dir(real))
}

// Append adds a line to a file; several who append at once do not mix their lines.
func (m *Machine) Append(name string, line []byte, attrs modules.Attributes) (err error) {
	real, err := m.at(name)
	if err != nil {
		return err
	}
	_, missing := os.Lstat(real)
	f, err := os.OpenFile(real, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NOFOLLOW, 0o666)
	if err != nil {
		return renamed(err, name)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		return &fs.PathError{Op: "lock", Path: name, Err: err}
	}
	if _, err := f.Write(line); err != nil {
		return renamed(err, name)
	}
	if err := f.Sync(); err != nil {
		return renamed(err, name)
	}
	if err := m.SetAttributes(name, attrs); err != nil || missing == nil {
		return err
	}
	return syncDir(path.Dir(real))
}
