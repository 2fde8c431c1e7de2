package serve

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/gdeploy/gdeploy/transport/wire"
)

// shareIn are the places for a copy of the helper that other users may run.
var shareIn = []string{"/var/tmp", "/dev/shm", "/tmp"}

// programFor gives the path by which a user can run this program. Its own place is closed
// to all but its owner and root.
func programFor(self wire.Hello, user string) (string, error) {
	if self.Program == "" {
		return "", errors.New("this helper cannot tell where its program lies")
	}
	if user == "root" || open(self.Program) {
		return self.Program, nil
	}
	var reasons []string
	for _, place := range shareIn {
		path, err := share(self.Program, filepath.Join(place, fmt.Sprintf("gdeploy-%d-shared", os.Getuid())))
		if err == nil {
			return path, nil
		}
		reasons = append(reasons, err.Error())
	}
	return "", fmt.Errorf("no place for a copy of the helper that %s may run: %s", user, strings.Join(reasons, "; "))
}

// open tells whether everybody may run path.
func open(path string) bool {
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm()&0o005 != 0o005 {
		return false
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == "/" {
			return true
		}
	}
}

// share puts a copy of program into dir, where others may run but not list or write.
func share(program, dir string) (string, error) {
	if err := os.Mkdir(dir, 0o711); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !ok || int(owner.Uid) != os.Getuid() || info.Mode().Perm() != 0o711 {
		return "", fmt.Errorf("%s belongs to another user or others may write there", dir)
	}
	source, err := os.Open(program)
	if err != nil {
		return "", err
	}
	defer source.Close()
	name, err := nameOf(program, source)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, name)
	tidyDir(dir)
	if _, err := os.Stat(path); err != nil {
		if err := copyProgram(source, dir, path); err != nil {
			return "", err
		}
	}
	if err := unix.Access(path, unix.X_OK); err != nil {
		return "", fmt.Errorf("%s does not let programs run", dir)
	}
	return path, nil
}

// nameOf is the program's SHA-256, which a cached helper has as its name.
func nameOf(program string, source io.ReadSeeker) (string, error) {
	if name := filepath.Base(program); isSum(name) {
		return name, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, source); err != nil {
		return "", err
	}
	_, err := source.Seek(0, io.SeekStart)
	return hex.EncodeToString(sum.Sum(nil)), err
}

func copyProgram(source io.Reader, dir, path string) error {
	file, err := os.CreateTemp(dir, ".up.*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = io.Copy(file, source)
	if err == nil {
		err = file.Chmod(0o755)
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
