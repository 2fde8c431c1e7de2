// Package archives reads and writes the archive formats that modules meet: tar, plain or
// compressed by gzip, zstd or bzip2, and zip (war and jar are zip). What it writes is
// deterministic: the same files give the same bytes.
package archives

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Entry is one member of an archive.
type Entry struct {
	// Name is a clean slash path without a leading slash.
	Name    string
	Mode    fs.FileMode // type and permission bits
	ModTime time.Time
	Size    int64
	// Link is the target of a symlink, or the Name of the member that a hard link repeats.
	Link string
	// Hard marks a hard link.
	Hard bool
	// Content is the bytes of a plain file, to be read before the next entry.
	Content io.Reader
	// Owner and Group are the names that the archive gives; often empty.
	Owner, Group string
}

// ErrFormat says that a file is no archive that can be read here.
var ErrFormat = errors.New("no tar, tar.gz, tar.zst, tar.bz2 or zip archive")

// Read hands each member of an archive to visit, in the archive's order. The format is
// told by the first bytes, not by a name. A name that leaves the archive's root is an error.
func Read(r io.Reader, visit func(Entry) error) error {
	buffered := bufio.NewReaderSize(r, 64<<10)
	head, err := buffered.Peek(262)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return fmt.Errorf("read gzip: %w", err)
		}
		return readTar(z, visit)
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		z, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return fmt.Errorf("read zstd: %w", err)
		}
		defer z.Close()
		return readTar(z, visit)
	case bytes.HasPrefix(head, []byte("BZh")):
		return readTar(bzip2.NewReader(buffered), visit)
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return readZip(r, buffered, visit)
	case len(head) == 262 && string(head[257:262]) == "ustar":
		return readTar(buffered, visit)
	}
	return ErrFormat
}

func readTar(r io.Reader, visit func(Entry) error) error {
	archive := tar.NewReader(r)
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			_, err := io.Copy(io.Discard, r) // the checksum of the compression stands at the end
			return wrap("read archive", err)
		}
		if err != nil {
			return fmt.Errorf("read archive: %w", err)
		}
		e, skip, err := tarEntry(h, archive)
		if err != nil {
			return err
		}
		if skip {
			continue
		}
		if err := visit(e); err != nil {
			return err
		}
	}
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

func tarEntry(h *tar.Header, content io.Reader) (e Entry, skip bool, err error) {
	name, err := cleanName(h.Name)
	if err != nil || name == "." {
		return Entry{}, true, err
	}
	e = Entry{Name: name, Mode: h.FileInfo().Mode(), ModTime: h.ModTime, Owner: h.Uname, Group: h.Gname}
	switch h.Typeflag {
	case tar.TypeReg:
		e.Size, e.Content = h.Size, content
	case tar.TypeDir:
	case tar.TypeSymlink:
		e.Link = h.Linkname
	case tar.TypeLink:
		e.Hard = true
		e.Link, err = cleanName(h.Linkname)
	case tar.TypeXGlobalHeader:
		return Entry{}, true, nil
	default:
		return Entry{}, false, fmt.Errorf("archive member %q is a device or a pipe, which are not unpacked", h.Name)
	}
	return e, false, err
}

// cleanName makes a member's name relative and refuses one that leaves the root.
func cleanName(name string) (string, error) {
	clean := path.Clean(strings.TrimLeft(name, "/"))
	if clean == ".." || strings.HasPrefix(clean, "../") || strings.ContainsRune(name, 0) {
		return "", fmt.Errorf("archive member %q would be unpacked outside of the target directory", name)
	}
	return clean, nil
}

func readZip(raw io.Reader, buffered io.Reader, visit func(Entry) error) error {
	at, size, err := randomAccess(raw, buffered)
	if err != nil {
		return err
	}
	archive, err := zip.NewReader(at, size)
	if err != nil {
		return fmt.Errorf("read zip: %w", err)
	}
	for _, f := range archive.File {
		if err := visitZipFile(f, visit); err != nil {
			return err
		}
	}
	return nil
}

// randomAccess gives what zip needs: the file itself where it can be read at any place,
// else its bytes in memory.
func randomAccess(raw, buffered io.Reader) (io.ReaderAt, int64, error) {
	type file interface {
		io.ReaderAt
		Stat() (fs.FileInfo, error)
	}
	if f, ok := raw.(file); ok {
		if st, err := f.Stat(); err == nil {
			return f, st.Size(), nil
		}
	}
	data, err := io.ReadAll(buffered)
	return bytes.NewReader(data), int64(len(data)), err
}

func visitZipFile(f *zip.File, visit func(Entry) error) error {
	name, err := cleanName(f.Name)
	if err != nil || name == "." {
		return err
	}
	e := Entry{Name: name, Mode: f.Mode(), ModTime: f.Modified, Size: int64(f.UncompressedSize64)}
	if f.Mode().IsDir() {
		return visit(e)
	}
	content, err := f.Open()
	if err != nil {
		return fmt.Errorf("read zip member %q: %w", f.Name, err)
	}
	defer content.Close()
	if f.Mode()&fs.ModeSymlink != 0 {
		target, err := io.ReadAll(io.LimitReader(content, 4096))
		if err != nil {
			return fmt.Errorf("read zip member %q: %w", f.Name, err)
		}
		e.Link, e.Size = string(target), 0
		return visit(e)
	}
	e.Content = content
	return visit(e)
}
