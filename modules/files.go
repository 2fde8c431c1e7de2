package modules

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"path"
	"strings"
	"syscall"
)

// What modules about files have in common. Everything here goes through System, so it
// is recorded and dry-run like the rest.

// MkdirAll makes a directory and the missing ones above it, all with attrs; attrs are
// also set on the directory itself where it is there already.
func MkdirAll(sys System, dir string, attrs Attributes) error {
	for _, missing := range MissingDirs(sys, dir) {
		if err := sys.Mkdir(missing, attrs); err != nil {
			return err
		}
	}
	st, err := sys.Stat(dir)
	if err != nil {
		return err
	}
	if !st.Mode.IsDir() {
		return &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
	}
	return sys.SetAttributes(dir, attrs)
}

// MissingDirs lists dir and the directories above it that are not there, outermost first.
func MissingDirs(sys Reader, dir string) []string {
	var missing []string
	for at := path.Clean(dir); at != "/" && at != "."; at = path.Dir(at) {
		if _, err := sys.Lstat(at); err == nil || !errors.Is(err, fs.ErrNotExist) {
			break
		}
		missing = append([]string{at}, missing...)
	}
	return missing
}

// ReadFile reads a whole file that is not bigger than limit bytes.
func ReadFile(sys Reader, name string, limit int64) ([]byte, error) {
	f, err := sys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s is bigger than %d bytes", name, limit)
	}
	return content, err
}

// ReadBlob reads a whole blob.
func ReadBlob(ctx context.Context, sys Content, b Blob) ([]byte, error) {
	f, err := sys.OpenBlob(ctx, b)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// Checksum gives the hex digest of a file by md5, sha1, sha224, sha256, sha384 or sha512.
func Checksum(sys Reader, name, algorithm string) (string, error) {
	made := map[string]func() hash.Hash{
		"md5": md5.New, "sha1": sha1.New, "sha224": sha256.New224,
		"sha256": sha256.New, "sha384": sha512.New384, "sha512": sha512.New,
	}[algorithm]
	if made == nil {
		return "", fmt.Errorf("no checksum algorithm %q", algorithm)
	}
	f, err := sys.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := made()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// Walk visits a directory and all below it, parents first; links are not followed.
func Walk(sys Reader, root string, visit func(Stat) error) error {
	st, err := sys.Lstat(root)
	if err != nil {
		return err
	}
	if err := visit(st); err != nil || !st.Mode.IsDir() {
		return err
	}
	list, err := sys.ReadDir(root)
	if err != nil {
		return err
	}
	for _, entry := range list {
		if err := Walk(sys, path.Join(root, path.Base(entry.Path)), visit); err != nil {
			return err
		}
	}
	return nil
}

// Glob lists the paths that match a shell pattern, which may be a plain path.
func Glob(sys Reader, pattern string) []string {
	dir, base := path.Split(pattern)
	if dir != "/" {
		dir = strings.TrimSuffix(dir, "/")
	}
	if !hasMeta(pattern) {
		if _, err := sys.Lstat(pattern); err != nil {
			return nil
		}
		return []string{pattern}
	}
	dirs := []string{dir}
	if hasMeta(dir) {
		dirs = Glob(sys, dir)
	}
	var found []string
	for _, d := range dirs {
		list, _ := sys.ReadDir(orDot(d)) // what cannot be read has no match
		for _, st := range list {
			name := path.Base(st.Path)
			hidden := strings.HasPrefix(name, ".") && !strings.HasPrefix(base, ".")
			if ok, err := path.Match(base, name); ok && err == nil && !hidden {
				found = append(found, path.Join(d, name))
			}
		}
	}
	return found
}

func orDot(dir string) string {
	if dir == "" {
		return "."
	}
	return dir
}

func hasMeta(s string) bool { return strings.ContainsAny(s, "*?[") }

// Resolve follows the links of a path, as realpath does. A last part that is missing
// is kept.
func Resolve(sys Reader, name string) (string, error) {
	for range maxLinks {
		st, err := sys.Lstat(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		if err != nil || st.Mode&fs.ModeSymlink == 0 {
			return resolveParent(sys, name)
		}
		name = join(path.Dir(name), st.Target, "")
	}
	return "", &fs.PathError{Op: "resolve", Path: name, Err: errLinks}
}

func resolveParent(sys Reader, name string) (string, error) {
	dir := path.Dir(path.Clean(name))
	if dir == name || dir == "." || dir == "/" {
		return path.Clean(name), nil
	}
	real, err := Resolve(sys, dir)
	return path.Join(real, path.Base(name)), err
}
