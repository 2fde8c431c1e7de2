package archives

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"
)

// FormatOf tells the format that a file name asks for; TarGz where it does not say.
func FormatOf(name string) Format {
	switch {
	case strings.HasSuffix(name, ".tar"):
		return Tar
	case strings.HasSuffix(name, ".zip"), strings.HasSuffix(name, ".war"), strings.HasSuffix(name, ".jar"):
		return Zip
	case strings.HasSuffix(name, ".zst"):
		return TarZst
	}
	return TarGz
}

// epoch is the time of all members: 1980-01-01, the first that zip can say.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// Writer writes an archive whose bytes depend on the members only: times, owners and
// the writer's umask leave no trace, unless Faithful is set. Members are to be added in
// sorted order.
type Writer struct {
	// Faithful keeps modes, times and owners of members as they are.
	Faithful bool

	tar     *tar.Writer
	zip     *zip.Writer
	closers []io.Closer
}

// NewWriter starts an archive on w: Tar, TarGz or Zip.
func NewWriter(w io.Writer, format Format) (*Writer, error) {
	switch format {
	case Zip:
		z := zip.NewWriter(w)
		return &Writer{zip: z, closers: []io.Closer{z}}, nil
	case Tar:
		t := tar.NewWriter(w)
		return &Writer{tar: t, closers: []io.Closer{t}}, nil
	case TarGz:
		return Gzip.NewWriter(w)
	}
	return nil, fmt.Errorf("archive format %q is not one of tar, gz, zip", format)
}

// Compression is how a tar archive is compressed.
type Compression struct {
	// Ending is the ending of the archive's name.
	Ending string
	// To wraps a writer; Close writes what is left, and leaves the writer open.
	To func(w io.Writer) (io.WriteCloser, error)
}

// Gzip can be written and read everywhere.
var Gzip = Compression{Ending: ".tar.gz", To: func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }}

// NewWriter starts a compressed tar archive on w.
func (c Compression) NewWriter(w io.Writer) (*Writer, error) {
	z, err := c.To(w)
	if err != nil {
		return nil, err
	}
	t := tar.NewWriter(z)
	return &Writer{tar: t, closers: []io.Closer{t, z}}, nil
}

// Add writes one member. Of the mode only "executable by the owner" is kept: files are
// 0644 or 0755, directories 0755; with Faithful all of it.
func (w *Writer) Add(e Entry) error {
	if !w.Faithful {
		e.Mode = e.Mode.Type() | plainMode(e.Mode)
		e.ModTime, e.Owner, e.Group, e.UID, e.GID = epoch, "", "", 0, 0
	}
	var err error
	if w.zip != nil {
		err = w.addZip(e)
	} else {
		err = w.addTar(e)
	}
	return wrap(fmt.Sprintf("add %q to the archive", e.Name), err)
}

func plainMode(mode fs.FileMode) fs.FileMode {
	if mode.IsDir() || mode&0o100 != 0 {
		return 0o755
	}
	return 0o644
}

func (w *Writer) addTar(e Entry) error {
	h := &tar.Header{
		Name: e.Name, Mode: tarMode(e.Mode), ModTime: e.ModTime.Truncate(time.Second), Typeflag: tar.TypeReg, Size: e.Size,
		Uname: e.Owner, Gname: e.Group, Uid: e.UID, Gid: e.GID,
	}
	if w.Faithful {
		h.Format = tar.FormatGNU // whose times have whole seconds for all programs
	}
	switch {
	case e.Mode.IsDir():
		h.Typeflag, h.Size, h.Name = tar.TypeDir, 0, e.Name+"/"
	case e.Mode&fs.ModeSymlink != 0:
		h.Typeflag, h.Size, h.Linkname, h.Mode = tar.TypeSymlink, 0, e.Link, 0o777
	}
	if err := w.tar.WriteHeader(h); err != nil || h.Typeflag != tar.TypeReg {
		return err
	}
	_, err := io.Copy(w.tar, e.Content)
	return err
}

// tarMode gives the 12 bits of chmod.
func tarMode(mode fs.FileMode) int64 {
	bits := int64(mode.Perm())
	for i, special := range []fs.FileMode{fs.ModeSticky, fs.ModeSetgid, fs.ModeSetuid} {
		if mode&special != 0 {
			bits |= 0o1000 << i
		}
	}
	return bits
}

func (w *Writer) addZip(e Entry) error {
	h := &zip.FileHeader{Name: e.Name, Method: zip.Deflate, Modified: e.ModTime.Truncate(time.Second)}
	h.SetMode(e.Mode)
	if e.Mode.IsDir() {
		h.Name += "/"
		h.Method = zip.Store
	}
	member, err := w.zip.CreateHeader(h)
	if err != nil || e.Mode.IsDir() {
		return err
	}
	if e.Mode&fs.ModeSymlink != 0 {
		_, err = io.WriteString(member, e.Link)
		return err
	}
	_, err = io.Copy(member, e.Content)
	return err
}

// Close ends the archive.
func (w *Writer) Close() error {
	for _, c := range w.closers {
		if err := c.Close(); err != nil {
			return fmt.Errorf("end the archive: %w", err)
		}
	}
	return nil
}
