package unarchive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/archives"
)

// reserve is what is left of a disk for others, in bytes.
const reserve = 1 << 20

// room refuses to begin what would fill the disk.
func (s *survey) room() error {
	var need, files uint64
	for name, differs := range s.write {
		if differs {
			need += uint64(s.sizes[name])
			files++
		}
	}
	if files == 0 {
		return nil
	}
	space, err := s.sys.Space(s.Dest)
	if err != nil {
		return err
	}
	switch {
	case need > 0 && need+reserve > space.Bytes:
		err = fmt.Errorf("unpack %s to %s: it needs %d MB and there are %d MB free; nothing was written", s.Src.Name(), s.Dest, need>>20, space.Bytes>>20)
	case space.Inodes > 0 && files > space.Inodes:
		err = fmt.Errorf("unpack %s to %s: it has %d files and the file system has room for %d; nothing was written", s.Src.Name(), s.Dest, files, space.Inodes)
	}
	return modules.WithKind(modules.KindNoSpace, err)
}

// bring writes what differs. All goes below a handle of the directory, attributes too, so
// that nobody who can write there leads it elsewhere.
func (s *survey) bring(ctx context.Context) error {
	for _, differs := range s.write {
		if !differs {
			continue
		}
		dest, err := modules.Resolve(s.sys, path.Clean(s.Dest))
		if err != nil {
			return err
		}
		err = s.sys.WriteTree(dest, func(to modules.Below) error { return s.fill(ctx, to) })
		if err != nil {
			err = fmt.Errorf("unpack %s to %s: %w", s.Src.Name(), s.Dest, err)
		}
		return err
	}
	return nil
}

func (s *survey) fill(ctx context.Context, to modules.Below) error {
	err := s.members(ctx, func(e archives.Entry) error {
		if !s.write[e.Name] || e.Hard {
			return nil
		}
		return s.put(to, e)
	})
	for err == nil && len(s.repeats) > 0 {
		err = s.repeat(ctx, to)
	}
	for dir := range s.implied {
		if err == nil && s.write[dir] {
			err = s.imposed(to, dir)
		}
	}
	return err
}

// imposed gives a directory that is implied what was asked for; it is there by now.
func (s *survey) imposed(to modules.Below, dir string) error {
	mode := fs.FileMode(0o755)
	if s.Mode.Given() {
		mode = s.Mode.Apply(mode, true)
	}
	if err := to.Mkdir(dir, mode); err != nil || s.Owner == "" && s.Group == "" {
		return err
	}
	return to.Chown(dir, s.Owner, s.Group)
}

// put writes one member.
func (s *survey) put(to modules.Below, e archives.Entry) error {
	a := s.wanted(e)
	var err error
	switch {
	case e.Mode.IsDir():
		err = to.Mkdir(e.Name, *a.Mode)
	case e.Mode&fs.ModeSymlink != 0:
		err = to.Symlink(e.Link, e.Name)
	default:
		err = to.File(e.Name, *a.Mode, e.ModTime, e.Content)
	}
	if err != nil || a.Owner == "" && a.Group == "" {
		return err
	}
	return to.Chown(e.Name, a.Owner, a.Group)
}

// repeat writes hard links as files of their own. It takes the content from the archive
// once more, one link of each file at a time: what lies in the directory by now may not
// be what was put there.
func (s *survey) repeat(ctx context.Context, to modules.Below) error {
	written := false
	err := s.members(ctx, func(e archives.Entry) error {
		links := s.repeats[e.Name]
		if len(links) == 0 || !e.Mode.IsRegular() || e.Hard {
			return nil
		}
		s.repeats[e.Name] = links[1:]
		if len(links) == 1 {
			delete(s.repeats, e.Name)
		}
		written = true
		link := links[0]
		link.Hard, link.Content, link.Size = false, e.Content, e.Size
		return s.put(to, link)
	})
	if err == nil && !written {
		err = errors.New("the archive was changed while it was read")
	}
	return err
}
