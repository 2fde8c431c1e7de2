package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/archives"
)

// filler puts the parts of a release into its directory and notes what each file must be.
type filler struct {
	ctx      context.Context
	sys      modules.System
	to       modules.Below
	s        Staging
	manifest Manifest
	dirs     map[string]bool
}

func (f *filler) all() error {
	f.dirs = map[string]bool{}
	if err := f.code(); err != nil {
		return err
	}
	for _, layer := range append(append([]modules.Tree{}, f.s.Config...), f.s.Node...) {
		if err := f.layer(layer); err != nil {
			return fmt.Errorf("lay %s over the code: %w", layer.Name, err)
		}
	}
	if f.s.Marker == "" {
		return nil
	}
	line := f.s.Version + "\n"
	return f.file(f.s.Marker, 0o644, f.sys.Now(), strings.NewReader(line))
}

func (f *filler) code() error {
	archive, err := f.sys.Open(f.s.Archive)
	if err != nil {
		return err
	}
	defer archive.Close()
	if err := archives.Read(archive, f.member); err != nil {
		return fmt.Errorf("unpack %s: %w", f.s.Archive, err)
	}
	if f.s.Manifest == nil {
		return nil
	}
	if diffs := f.s.Manifest.Compare(f.manifest); len(diffs) > 0 {
		return fmt.Errorf("archive %s does not hold what its manifest says: %s", f.s.Archive, few(diffs))
	}
	return nil
}

func (f *filler) member(e archives.Entry) error {
	if err := f.ctx.Err(); err != nil {
		return err
	}
	name, ok := strip(e.Name, f.s.Strip)
	if !ok || !e.Mode.IsDir() && IsSample(f.s.Samples, name) {
		return nil
	}
	switch {
	case e.Mode.IsDir():
		return f.mkdir(name, e.Mode.Perm())
	case e.Hard:
		return fmt.Errorf("member %q is a hard link, which a release cannot have: pack a copy or a symlink", e.Name)
	case e.Mode&fs.ModeSymlink != 0:
		return f.symlink(e.Link, name)
	}
	return f.file(name, e.Mode.Perm(), timeOf(f.s.Manifest[name], e.ModTime), e.Content)
}

// strip drops n leading directories; ok is false for a name that is no longer than those.
func strip(name string, n int) (string, bool) {
	for range n {
		_, rest, ok := strings.Cut(name, "/")
		if !ok {
			return "", false
		}
		name = rest
	}
	return name, true
}

func (f *filler) layer(layer modules.Tree) error {
	for _, e := range layer.Entries {
		var err error
		switch {
		case e.IsDir:
			err = f.mkdir(e.Path, 0o755)
		case e.Link != "":
			err = f.symlink(e.Link, e.Path)
		default:
			err = f.blob(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *filler) blob(e modules.TreeEntry) error {
	content, err := f.sys.OpenBlob(f.ctx, e.Blob)
	if err != nil {
		return err
	}
	defer content.Close()
	if err := f.file(e.Path, fs.FileMode(e.Blob.Mode).Perm(), timeOf(e.Blob.SHA256, f.sys.Now()), content); err != nil {
		return err
	}
	if f.manifest[e.Path] != e.Blob.SHA256 {
		return fmt.Errorf("%s came over damaged: run again", e.Path)
	}
	return nil
}

func (f *filler) file(name string, mode fs.FileMode, modTime time.Time, content io.Reader) error {
	if err := f.parents(name); err != nil {
		return err
	}
	sum := sha256.New()
	if err := f.to.File(name, mode, modTime, io.TeeReader(content, sum)); err != nil {
		return err
	}
	f.manifest[name] = hex.EncodeToString(sum.Sum(nil))
	return f.own(name)
}

// timeOf is when a file shall have been changed: a moment between 2001 and 2020 that its
// content decides. So a file that differs in a new release has another time, though it be as
// long as before, and one that does not has the same, on all nodes: web servers make ETags of
// time and size, and what browsers keep is right.
func timeOf(digest string, unknown time.Time) time.Time {
	n, err := strconv.ParseUint(digest[:min(len(digest), 8)], 16, 32)
	if err != nil {
		return unknown
	}
	const twentyYears = 20 * 365 * 24 * 3600
	return time.Unix(978307200+int64(n)%twentyYears, 0) // from 2001-01-01
}

func (f *filler) symlink(target, name string) error {
	if err := f.parents(name); err != nil {
		return err
	}
	f.manifest[name] = linkMark + target
	if err := f.to.Symlink(target, name); err != nil {
		return err
	}
	return f.own(name)
}

func (f *filler) parents(name string) error {
	if dir := path.Dir(name); dir != "." {
		return f.mkdir(dir, 0o755)
	}
	return nil
}

func (f *filler) mkdir(name string, mode fs.FileMode) error {
	if f.dirs[name] {
		return nil
	}
	if err := f.parents(name); err != nil {
		return err
	}
	f.dirs[name] = true
	if err := f.to.Mkdir(name, mode); err != nil {
		return err
	}
	return f.own(name)
}

func (f *filler) own(name string) error {
	if f.s.Owner == "" && f.s.Group == "" {
		return nil
	}
	return f.to.Chown(name, f.s.Owner, f.s.Group)
}

// itself gives the release's directory mode and owner, when it is complete. By its name that
// could be led astray: the directory that it is in belongs to who serves.
func (f *filler) itself() error {
	if err := f.to.Mkdir(".", 0o755); err != nil {
		return err
	}
	return f.own(".")
}

// verify reads every file back from the disk.
func (f *filler) verify(dir string) error {
	there, err := Scan(f.sys, dir)
	if err != nil {
		return fmt.Errorf("verify: %w", err)
	}
	if diffs := f.manifest.Compare(there); len(diffs) > 0 {
		return fmt.Errorf("verify: what was written is not what is there: %s", few(diffs))
	}
	return nil
}
