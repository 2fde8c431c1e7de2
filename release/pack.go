package release

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/archives"
	"github.com/gdeploy/gdeploy/values/record"
)

// packer writes the files of an archived release.
type packer struct {
	ctx      context.Context
	sys      modules.System
	to       modules.Below
	a        Archiving
	out      *archives.Writer // nil while only the manifest is wanted
	manifest Manifest
	size     int64
	samples  map[string][]byte
}

func (p *packer) all(meta *Archived, config Manifest) error {
	sum := sha256.New()
	if err := p.code(meta.File, sum); err != nil {
		return err
	}
	meta.SHA256 = hex.EncodeToString(sum.Sum(nil))
	meta.UnpackedSize, meta.Content = p.size, p.manifest.Digest()
	if err := p.keepSamples(); err != nil {
		return fmt.Errorf("keep the samples: %w", err)
	}
	if err := p.config(config); err != nil {
		return fmt.Errorf("copy the configuration: %w", err)
	}
	if err := p.text(manifestFile, p.manifest.Bytes()); err != nil {
		return err
	}
	text, err := record.Pretty(meta)
	if err != nil {
		return err
	}
	return p.text(metaFile, append(text, '\n'))
}

func (p *packer) text(name string, content []byte) error {
	return p.to.File(name, 0o644, p.sys.Now(), strings.NewReader(string(content)))
}

// code writes the archive while its members are read, and its digest into sum.
func (p *packer) code(name string, sum io.Writer) error {
	if p.a.Archive != "" {
		return p.takeReady(name, sum)
	}
	if _, err := p.sys.Stat(p.a.Source); err != nil {
		return fmt.Errorf("look at what is to be packed: %w", err)
	}
	r, w := io.Pipe()
	go func() { w.CloseWithError(p.packInto(w)) }()
	err := p.to.File(name, 0o644, p.sys.Now(), io.TeeReader(r, sum))
	r.CloseWithError(err)
	return err
}

func (p *packer) packInto(w io.Writer) error {
	out, err := p.a.Compression.NewWriter(w)
	if err != nil {
		return err
	}
	p.out = out
	if err := p.walk(""); err != nil {
		return err
	}
	return out.Close()
}

func (p *packer) takeReady(name string, sum io.Writer) error {
	f, err := p.sys.Open(p.a.Archive)
	if err != nil {
		return err
	}
	defer f.Close()
	return p.to.File(name, 0o644, p.sys.Now(), io.TeeReader(f, sum))
}

// look reads a ready archive, and refuses what holds no file. What is not there is left to
// the packing: in a dry run it may be about to be made.
func (p *packer) look() error {
	some := false
	var err error
	if p.a.Archive != "" {
		err = p.readReady()
		some = len(p.manifest) > 0
	} else {
		some, err = p.hasFiles("")
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err == nil && !some:
		return fmt.Errorf("there is nothing to pack in %s%s", p.a.Source, p.a.Archive)
	}
	return err
}

// hasFiles tells whether anything below a directory of the source is to be packed.
func (p *packer) hasFiles(below string) (bool, error) {
	entries, err := p.sys.ReadDir(path.Join(p.a.Source, below))
	for _, e := range entries {
		name := path.Join(below, path.Base(e.Path))
		if p.excluded(name) {
			continue
		}
		if !e.Mode.IsDir() {
			return true, nil
		}
		if some, err := p.hasFiles(name); some || err != nil {
			return some, err
		}
	}
	return false, err
}

// readReady makes the manifest of a ready archive, and so finds a damaged one.
func (p *packer) readReady() error {
	f, err := p.sys.Open(p.a.Archive)
	if err != nil {
		return err
	}
	defer f.Close()
	err = archives.Read(f, func(e archives.Entry) error {
		switch {
		case e.Mode.IsDir():
			return nil
		case IsSample(p.a.Samples, e.Name):
			return p.noteSample(e.Name, e.Content)
		case e.Mode&fs.ModeSymlink != 0:
			p.manifest[e.Name] = linkMark + e.Link
			return nil
		case e.Hard:
			return fmt.Errorf("member %q is a hard link, which a release cannot have", e.Name)
		}
		return p.note(e.Name, e.Content)
	})
	if err != nil {
		return fmt.Errorf("archive %s: %w", p.a.Archive, err)
	}
	return nil
}

func (p *packer) note(name string, content io.Reader) error {
	sum := sha256.New()
	n, err := io.Copy(sum, content)
	p.size += n
	p.manifest[name] = hex.EncodeToString(sum.Sum(nil))
	return err
}

// walk adds what lies below a directory of the source, in the sorted order that ReadDir has.
func (p *packer) walk(below string) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	entries, err := p.sys.ReadDir(path.Join(p.a.Source, below))
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(below, path.Base(e.Path))
		if p.excluded(name) {
			continue
		}
		if err := p.add(name, e); err != nil {
			return err
		}
	}
	return nil
}

func (p *packer) excluded(name string) bool {
	base := path.Base(name)
	if ofVersionControl(base) {
		return true
	}
	return slices.ContainsFunc(p.a.Exclude, func(pattern string) bool {
		byName, _ := path.Match(pattern, base)
		byPath, _ := path.Match(pattern, name)
		return byName || byPath
	})
}

func (p *packer) add(name string, e modules.Stat) error {
	switch {
	case e.Mode.IsRegular() && IsSample(p.a.Samples, name):
		return p.readSample(name, e.Path)
	case e.Mode.IsDir():
		if err := p.member(archives.Entry{Name: name, Mode: e.Mode}); err != nil {
			return err
		}
		return p.walk(name)
	case e.Mode&fs.ModeSymlink != 0:
		p.manifest[name] = linkMark + e.Target
		return p.member(archives.Entry{Name: name, Mode: e.Mode, Link: e.Target})
	case !e.Mode.IsRegular():
		return fmt.Errorf("%s is no file, directory or link, and cannot be packed", e.Path)
	}
	return p.file(name, e)
}

func (p *packer) member(e archives.Entry) error {
	if p.out == nil {
		return nil
	}
	return p.out.Add(e)
}

func (p *packer) file(name string, e modules.Stat) error {
	f, err := p.sys.Open(e.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	if p.out == nil {
		return p.note(name, f)
	}
	sum := sha256.New()
	err = p.out.Add(archives.Entry{Name: name, Mode: e.Mode, Size: e.Size, Content: io.TeeReader(f, sum)})
	p.size += e.Size
	p.manifest[name] = hex.EncodeToString(sum.Sum(nil))
	return err
}

// config copies the configuration as it was scanned, and notices when it changes meanwhile.
func (p *packer) config(m Manifest) error {
	if err := p.to.Mkdir(configDir, 0o755); err != nil {
		return err
	}
	made := map[string]bool{configDir: true}
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := p.makeParents(path.Join(configDir, name), made); err != nil {
			return err
		}
		if err := p.configFile(name, m[name]); err != nil {
			return err
		}
	}
	return nil
}

func (p *packer) makeParents(name string, made map[string]bool) error {
	dir := path.Dir(name)
	if dir == "." || made[dir] {
		return nil
	}
	if err := p.makeParents(dir, made); err != nil {
		return err
	}
	made[dir] = true
	return p.to.Mkdir(dir, 0o755)
}

func (p *packer) configFile(name, digest string) error {
	to := path.Join(configDir, name)
	if target, isLink := strings.CutPrefix(digest, linkMark); isLink {
		return p.to.Symlink(target, to)
	}
	st, err := p.sys.Lstat(path.Join(p.a.Config, name))
	if err != nil {
		return err
	}
	f, err := p.sys.Open(st.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	if err := p.to.File(to, st.Mode.Perm(), st.ModTime, io.TeeReader(f, sum)); err != nil {
		return err
	}
	if hex.EncodeToString(sum.Sum(nil)) != digest {
		return fmt.Errorf("%s was changed while it was read: run again", st.Path)
	}
	return nil
}
