package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Replace writes a file in one step: readers see the old content or the new one. Links
// are followed; the owner stays, and so do the rights where keep says so, otherwise only
// the owner may read and write it. What is no regular file, such as /dev/stdout, is
// written to.
func Replace(path string, data []byte, keep Rights) error {
	if strings.HasPrefix(path, "/dev/") || strings.HasPrefix(path, "/proc/") {
		return pour(path, data) // what /dev/fd/3 leads to is somebody's open file
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	old, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return replace(path, data, nil, ownerOnly)
	case err != nil:
		return fmt.Errorf("write %s: %w", path, errors.Unwrap(err))
	case old.IsDir():
		return fmt.Errorf("write %s: it is a directory", path)
	case !old.Mode().IsRegular():
		return pour(path, data)
	case keep == SameRights:
		return replace(path, data, old, old.Mode().Perm())
	}
	return replace(path, data, old, ownerOnly)
}

// Rights are who may read and write a file that is replaced.
type Rights uint8

const (
	// OwnerOnly is for plain text: mode 0600.
	OwnerOnly Rights = iota
	// SameRights is for encrypted text: the mode stays.
	SameRights
)

const ownerOnly = 0o600

func pour(path string, data []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, errors.Unwrap(err))
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

// replace writes beside the file, then renames. old is nil where there is none.
func replace(path string, data []byte, old fs.FileInfo, mode fs.FileMode) error {
	dir := filepath.Dir(path)
	next, err := os.CreateTemp(dir, ".gdeploy-vault-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = errors.Join(fill(next, data, old, mode), next.Close())
	if err == nil {
		err = os.Rename(next.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(next.Name()))
	}
	return syncDir(dir)
}

func fill(file *os.File, data []byte, old fs.FileInfo, mode fs.FileMode) error {
	if err := keepOwner(file, old); err != nil {
		return err
	}
	if err := file.Chmod(mode); err != nil {
		return err
	}
	if _, err := file.Write(data); err != nil {
		return err
	}
	return file.Sync()
}

func keepOwner(file *os.File, old fs.FileInfo) error {
	if old == nil {
		return nil
	}
	was, ok := old.Sys().(*syscall.Stat_t)
	now, err := file.Stat()
	if !ok || err != nil {
		return err
	}
	is := now.Sys().(*syscall.Stat_t)
	if is.Uid == was.Uid && is.Gid == was.Gid {
		return nil
	}
	if err := file.Chown(int(was.Uid), int(was.Gid)); err != nil {
		return fmt.Errorf("it must stay with its owner: %w; run this as its owner or as root", errors.Unwrap(err))
	}
	return nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("write to %s: %w", dir, err)
	}
	return errors.Join(d.Sync(), d.Close())
}
