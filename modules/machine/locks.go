package machine

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Locks are the locks that a process holds. They end with the process, however it ends.
type Locks struct {
	mu   sync.Mutex
	held map[string]*os.File
}

// NewLocks makes an empty set.
func NewLocks() *Locks { return &Locks{held: map[string]*os.File{}} }

// Close lets go of all.
func (l *Locks) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var errs []error
	for name, f := range l.held {
		errs = append(errs, f.Close())
		delete(l.held, name)
	}
	return errors.Join(errs...)
}

// hold takes the lock on a file and writes content into it.
func (l *Locks) hold(name string, content []byte) (bool, []byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f, ok := l.held[name]; ok {
		return true, content, rewrite(f, content)
	}
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return false, nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		current, err := io.ReadAll(f)
		return false, current, errors.Join(err, f.Close())
	}
	if err == nil {
		err = stillThere(f, name)
	}
	if err == nil {
		err = rewrite(f, content)
	}
	if err != nil {
		return false, nil, errors.Join(&fs.PathError{Op: "lock", Path: name, Err: err}, f.Close())
	}
	l.held[name] = f
	return true, content, nil
}

// stillThere makes sure that the file locked is the one that others will find.
func stillThere(f *os.File, name string) error {
	mine, err := f.Stat()
	if err != nil {
		return err
	}
	now, err := os.Lstat(name)
	if err != nil {
		return err
	}
	if !os.SameFile(mine, now) {
		return errors.New("the file was replaced meanwhile")
	}
	return nil
}

func rewrite(f *os.File, content []byte) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.WriteAt(content, 0); err != nil {
		return err
	}
	return f.Sync()
}

func (l *Locks) release(name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	f, ok := l.held[name]
	if !ok {
		return nil
	}
	delete(l.held, name)
	return f.Close()
}

// HoldLock takes a lock that outlives the call.
func (m *Machine) HoldLock(name string, content []byte) (bool, []byte, error) {
	real, err := m.at(name)
	if err != nil {
		return false, nil, err
	}
	held, current, err := m.locks.hold(real, content)
	return held, current, renamed(err, name)
}

// LockHeld reports whether anybody holds the lock on a file. It looks by a shared lock, so
// that several may look at once and take nobody for the holder who only looks.
func (m *Machine) LockHeld(name string) (bool, error) {
	real, err := m.at(name)
	if err != nil {
		return false, err
	}
	f, err := os.OpenFile(real, os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, renamed(err, name)
	}
	defer f.Close()
	err = unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return true, nil
	}
	return false, err
}

// ReleaseLock lets go of a lock.
func (m *Machine) ReleaseLock(name string) error {
	real, err := m.at(name)
	if err != nil {
		return err
	}
	return m.locks.release(real)
}
