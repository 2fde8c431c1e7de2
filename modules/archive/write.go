package archive

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/archives"
)

// write makes the archive, unless the one that is there is the same.
func (p *packing) write(ctx context.Context) error {
	attrs := p.Attributes(0, false)
	if st, err := p.sys.Stat(p.dest); err == nil {
		attrs = p.Attributes(st.Mode, false)
	}
	if p.format == archives.TarZst {
		return p.writeZst(ctx, attrs)
	}
	return p.stream(p.dest, attrs, func(w io.Writer) error {
		if p.packs {
			return p.pack(ctx, w, p.format)
		}
		return p.compress(w)
	})
}

// stream writes what fill gives.
func (p *packing) stream(name string, attrs modules.Attributes, fill func(io.Writer) error) error {
	r, w := io.Pipe()
	go func() { w.CloseWithError(fill(w)) }()
	err := p.sys.WriteFile(name, r, attrs)
	r.CloseWithError(err)
	return err
}

func (p *packing) pack(ctx context.Context, to io.Writer, format archives.Format) error {
	w, err := archives.NewWriter(to, format)
	if err != nil {
		return err
	}
	w.Faithful = true
	for _, st := range p.members {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.add(w, st); err != nil {
			return err
		}
	}
	return w.Close()
}

// add writes a member. A zip holds what links point to, since many programs know no links
// there.
func (p *packing) add(w *archives.Writer, st modules.Stat) error {
	if p.format == archives.Zip && st.Mode&fs.ModeSymlink != 0 {
		to, err := p.sys.Stat(st.Path)
		if err != nil {
			return err
		}
		to.Path = st.Path
		st = to
	}
	e := archives.Entry{
		Name: p.name(st), Mode: st.Mode, ModTime: st.ModTime, Link: st.Target, Size: st.Size,
		UID: st.UID, GID: st.GID, Owner: p.owner(st.UID), Group: p.group(st.GID),
	}
	if !st.Mode.IsRegular() {
		return w.Add(e)
	}
	f, err := p.sys.Open(st.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	e.Content = f
	return w.Add(e)
}

// owner and group are names, empty where a number has none.
func (p *packing) owner(uid int) string { return nameOnly(modules.OwnerName(p.sys, uid)) }
func (p *packing) group(gid int) string { return nameOnly(modules.GroupName(p.sys, gid)) }

func nameOnly(name string) string {
	if strings.Trim(name, "0123456789") == "" {
		return ""
	}
	return name
}

// compress writes the one file.
func (p *packing) compress(to io.Writer) error {
	w := gzip.NewWriter(to)
	return errors.Join(p.copyOf(w), w.Close())
}

// writeZst lets the host's zstd compress, from one temporary place to another.
func (p *packing) writeZst(ctx context.Context, attrs modules.Attributes) error {
	program, err := p.sys.LookPath("zstd")
	if err != nil {
		return errors.New("format zst needs the program zstd, which the host has not: install it, or take gz")
	}
	dir, err := p.sys.TempDir()
	if err != nil {
		return err
	}
	plain, private := path.Join(dir, "plain"), fs.FileMode(0o600)
	err = p.stream(plain, modules.Attributes{Mode: &private}, func(w io.Writer) error {
		if p.packs {
			return p.pack(ctx, w, archives.Tar)
		}
		return p.copyOf(w)
	})
	if err != nil {
		return err
	}
	packed := plain + ".zst"
	if _, err := modules.Query(ctx, p.sys, modules.Command{Argv: []string{program, "-q", plain, "-o", packed}}); err != nil {
		return err
	}
	f, err := p.sys.Open(packed)
	if err != nil {
		return err
	}
	defer f.Close()
	return p.sys.WriteFile(p.dest, f, attrs)
}

func (p *packing) copyOf(to io.Writer) error {
	f, err := p.sys.Open(p.targets[0].Path)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(to, f)
	return err
}
