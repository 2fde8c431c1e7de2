// Package archives reads the archive formats that modules meet: tar, plain or compressed by
// gzip, zstd or bzip2, and zip (war and jar are zip). It writes tar, tar.gz and zip, so that
// the same files give the same bytes.
package archives

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

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
	// Owner and Group are the names that the archive gives; often empty. UID and GID are
	// the numbers, 0 in formats without them.
	Owner, Group string
	UID, GID     int
}

// Format is a kind of archive.
type Format string

// The formats, by Ansible's names.
const (
	Tar    Format = "tar"
	TarGz  Format = "gz"
	TarZst Format = "zst"
	TarBz2 Format = "bz2"
	TarXz  Format = "xz" // which is known, but not read
	Zip    Format = "zip"
)

// ErrFormat says that a file is no archive that can be read here.
var ErrFormat = errors.New("no tar, tar.gz, tar.zst, tar.bz2 or zip archive")

// ErrXz is ErrFormat of an archive that has to be unpacked by a program of its own first.
var ErrXz = fmt.Errorf("an xz archive, which is not read here: pack it with gzip or zstd (%w)", ErrFormat)

// sniffed is how many bytes tell the format: a header of tar.
const sniffed = 512

// Identify tells the format by the first bytes, not by a name.
func Identify(r io.Reader) (Format, error) {
	head := make([]byte, sniffed)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	return identify(head[:n])
}

var magics = []struct {
	start  string
	format Format
}{
	{"\x1f\x8b", TarGz}, {"\x28\xb5\x2f\xfd", TarZst}, {"BZh", TarBz2}, {"\xfd7zXZ\x00", TarXz}, {"PK\x03\x04", Zip}, {"PK\x05\x06", Zip},
}

func identify(head []byte) (Format, error) {
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.start)) {
			return m.format, nil
		}
	}
	if isTar(head) {
		return Tar, nil
	}
	return "", ErrFormat
}

// isTar looks at the checksum, since old archives have no magic. An empty archive begins
// with zeros.
func isTar(head []byte) bool {
	if len(head) < sniffed {
		return false
	}
	const at, end = 148, 156 // where the checksum stands; it counts as spaces
	sum := uint64((end - at) * ' ')
	for i, b := range head {
		if i < at || i >= end {
			sum += uint64(b)
		}
	}
	if sum == (end-at)*' ' {
		return len(bytes.Trim(head, "\x00")) == 0
	}
	want, err := strconv.ParseUint(strings.Trim(string(head[at:end]), " \x00"), 8, 64)
	return err == nil && want == sum
}

// Read hands each member of an archive to visit, in the archive's order. A name that leaves
// the archive's root, a device and a pipe are errors.
func Read(r io.Reader, visit func(Entry) error) error {
	buffered := bufio.NewReaderSize(r, 64<<10)
	head, err := buffered.Peek(sniffed)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	format, err := identify(head)
	if err != nil {
		return err
	}
	switch format {
	case TarGz:
		z, err := gzip.NewReader(buffered)
		if err != nil {
			return fmt.Errorf("read gzip: %w", err)
		}
		return readTar(z, visit)
	case TarZst:
		z, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return fmt.Errorf("read zstd: %w", err)
		}
		defer z.Close()
		return readTar(z, visit)
	case TarBz2:
		return readTar(bzip2.NewReader(buffered), visit)
	case Zip:
		return readZip(r, buffered, visit)
	case TarXz:
		return ErrXz
	}
	return readTar(buffered, visit)
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
	if h.Typeflag == tar.TypeXGlobalHeader {
		return Entry{}, true, nil
	}
	name, err := cleanName(h.Name)
	if err != nil || name == "." {
		return Entry{}, true, err
	}
	e = Entry{
		Name: name, Mode: h.FileInfo().Mode(), ModTime: h.ModTime,
		Owner: h.Uname, Group: h.Gname, UID: h.Uid, GID: h.Gid,
	}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeGNUSparse, tar.TypeCont:
		e.Size, e.Content = h.Size, content
	case tar.TypeDir:
	case tar.TypeSymlink:
		e.Link = h.Linkname
	case tar.TypeLink:
		e.Hard = true
		e.Link, err = cleanName(h.Linkname)
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

// zipInMemory is how much of a zip that comes as a stream is held in memory.
const zipInMemory = 256 << 20

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
	data, err := io.ReadAll(io.LimitReader(buffered, zipInMemory+1))
	if err == nil && len(data) > zipInMemory {
		err = fmt.Errorf("read zip: one of more than %d MB must lie in a file", zipInMemory>>20)
	}
	return bytes.NewReader(data), int64(len(data)), err
}

func visitZipFile(f *zip.File, visit func(Entry) error) error {
	name, err := cleanName(zipName(f))
	if err != nil || name == "." {
		return err
	}
	e := Entry{Name: name, Mode: f.Mode(), ModTime: zipTime(f), Size: int64(f.UncompressedSize64)}
	if strings.HasSuffix(zipName(f), "/") {
		e.Mode |= fs.ModeDir
	}
	if e.Mode.IsDir() {
		e.Size = 0
		return visit(e)
	}
	if e.Mode.Type()&^fs.ModeSymlink != 0 {
		return fmt.Errorf("archive member %q is a device or a pipe, which are not unpacked", f.Name)
	}
	content, err := f.Open()
	if err != nil {
		return fmt.Errorf("read zip member %q: %w", f.Name, err)
	}
	defer content.Close()
	if e.Mode&fs.ModeSymlink != 0 {
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

// zipName is the name with slashes, also where it was packed on Windows by a program that
// writes backslashes.
func zipName(f *zip.File) string {
	if strings.Contains(f.Name, "/") {
		return f.Name
	}
	return strings.ReplaceAll(f.Name, `\`, "/")
}

// zipTime is the time of a member. Without the extra field for that, zip knows only the
// clock of wherever it was packed, which is taken for this host's.
func zipTime(f *zip.File) time.Time {
	t := f.Modified
	if len(f.Extra) > 0 || t.IsZero() {
		return t
	}
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.Local)
}
