package unarchive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/archives"
)

// survey is what a look at the archive and at the directory told.
type survey struct {
	*Module
	sys    modules.System
	file   string
	format archives.Format
	chooser
	self modules.User

	files []string
	// implied are directories that members are in and that are none themselves. Those
	// that are made get what was asked for; others belong to somebody else.
	implied map[string]bool
	// write are the members that differ from what is there.
	write map[string]bool
	// sizes are those of plain files in the archive.
	sizes map[string]int64
	// origins are the plain files that hard links repeat; repeats are the links that are
	// to be written, by these.
	origins map[string]string
	repeats map[string][]archives.Entry
	paths
}

func (m *Module) survey(sys modules.System, file string, format archives.Format) *survey {
	return &survey{
		Module: m, sys: sys, file: file, format: format, self: sys.Self(),
		chooser: chooser{include: m.Include, exclude: m.Exclude, found: map[string]bool{}},
		implied: map[string]bool{}, write: map[string]bool{}, sizes: map[string]int64{}, origins: map[string]string{}, repeats: map[string][]archives.Entry{},
		paths: paths{sys: sys, dest: m.Dest, links: map[string]string{}, checked: map[string]bool{}},
	}
}

// compare reads the whole archive and finds what differs from what is there. A damaged one
// is found out before anything is written.
func (s *survey) compare(ctx context.Context) error {
	err := s.members(ctx, func(e archives.Entry) error {
		name := e.Name
		if e.Mode.IsDir() {
			name += "/"
		}
		s.files = append(s.files, name)
		if err := s.note(e); err != nil {
			return err
		}
		return drain(e)
	})
	if err == nil {
		err = s.missing()
	}
	for dir := range s.implied {
		if err == nil {
			_, err = s.sys.Stat(s.path(dir))
			s.write[dir] = errors.Is(err, fs.ErrNotExist)
			if s.write[dir] {
				err = nil
			}
		}
	}
	return err
}

// imply notes the directories that a member is in; it is none of these itself.
func (s *survey) imply(name string) {
	delete(s.implied, name)
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if _, member := s.write[dir]; member {
			return
		}
		s.implied[dir] = true
	}
}

// note keeps whether a member differs. Of two with one name the last counts, as it does
// when they are written.
func (s *survey) note(e archives.Entry) (err error) {
	if err := s.reach(e); err != nil {
		return err
	}
	s.imply(e.Name)
	origin := e.Name
	if e.Hard {
		if origin = s.origins[e.Link]; origin == "" {
			return fmt.Errorf("member %q is a hard link to %q, which is no file that is unpacked", e.Name, e.Link)
		}
		e.Size = s.sizes[origin]
	}
	delete(s.sizes, e.Name)
	delete(s.origins, e.Name)
	if e.Mode.IsRegular() {
		s.sizes[e.Name], s.origins[e.Name] = e.Size, origin
	}
	s.write[e.Name], err = s.differs(e)
	if e.Hard && s.write[e.Name] {
		s.repeats[origin] = append(s.repeats[origin], e)
	}
	return err
}

// drain reads what is left of a member, so that its checksum is compared.
func drain(e archives.Entry) error {
	if e.Content == nil {
		return nil
	}
	if _, err := io.Copy(io.Discard, e.Content); err != nil {
		return fmt.Errorf("member %q: %w", e.Name, err)
	}
	return nil
}

// members hands on those that are wanted, with their leading directories dropped.
func (s *survey) members(ctx context.Context, visit func(archives.Entry) error) error {
	f, err := s.sys.Open(s.file)
	if err != nil {
		return err
	}
	defer f.Close()
	return archives.Read(f, func(e archives.Entry) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		name, ok := s.options.stripped(e.Name)
		if !ok || !s.wants(e.Name) {
			return nil
		}
		e.Name = name
		if e.Hard {
			if e.Link, ok = s.options.stripped(e.Link); !ok {
				return fmt.Errorf("member %q is a hard link to one that is dropped", e.Name)
			}
		}
		return visit(e)
	})
}

// differs tells whether a member is to be written.
func (s *survey) differs(e archives.Entry) (bool, error) {
	st, err := s.sys.Lstat(s.path(e.Name))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, nil
	case err != nil:
		return false, err
	case s.KeepNewer && !st.Mode.IsDir() && st.ModTime.After(e.ModTime):
		return false, nil
	case e.Mode.IsDir() && s.leadsToDir(st):
		return false, nil
	case st.Mode.IsDir() != e.Mode.IsDir() && (st.Mode.IsDir() || st.Mode.IsRegular()):
		return false, fmt.Errorf("member %q is no directory where %s is one, or the other way round", e.Name, s.path(e.Name))
	}
	same, err := s.same(e, st)
	if err == nil && same {
		same, err = s.sameAttributes(s.wanted(e), st)
	}
	return !same, err
}

// leadsToDir tells whether a link stands for a directory.
func (s *survey) leadsToDir(st modules.Stat) bool {
	if st.Mode&fs.ModeSymlink == 0 {
		return false
	}
	to, err := s.sys.Stat(st.Path)
	return err == nil && to.Mode.IsDir()
}

const modeBits = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

func (s *survey) sameAttributes(want modules.Attributes, st modules.Stat) (bool, error) {
	uid, gid, err := modules.Owners(s.sys, want.Owner, want.Group)
	same := (uid < 0 || uid == st.UID) && (gid < 0 || gid == st.GID) && (want.Mode == nil || (*want.Mode^st.Mode)&modeBits == 0)
	return same, err
}

// same compares kind, content and time.
func (s *survey) same(e archives.Entry, st modules.Stat) (bool, error) {
	switch {
	case e.Hard:
		return s.sameFiles(e.Link, st)
	case st.Mode.Type() != e.Mode.Type():
		return false, nil
	case e.Mode.IsDir():
		return true, nil
	case e.Mode&fs.ModeSymlink != 0:
		return st.Target == e.Link, nil
	case st.Size != e.Size || !st.ModTime.Truncate(time.Second).Equal(e.ModTime.Truncate(time.Second)):
		return false, nil
	}
	f, err := s.sys.Open(st.Path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	return equal(e.Content, f)
}

// sameFiles compares what shall be a hard link with its target.
func (s *survey) sameFiles(link string, st modules.Stat) (bool, error) {
	to, err := s.sys.Lstat(s.path(link))
	if err != nil || s.write[link] || !to.Mode.IsRegular() || !st.Mode.IsRegular() || to.Size != st.Size {
		return false, nil
	}
	if to.Inode == st.Inode && to.Dev == st.Dev {
		return true, nil
	}
	a, err := s.sys.Open(to.Path)
	if err != nil {
		return false, err
	}
	defer a.Close()
	b, err := s.sys.Open(st.Path)
	if err != nil {
		return false, err
	}
	defer b.Close()
	return equal(a, b)
}

// equal compares two streams to their ends.
func equal(a, b io.Reader) (bool, error) {
	left, right := make([]byte, 32<<10), make([]byte, 32<<10)
	for {
		n, errA := io.ReadFull(a, left)
		m, errB := io.ReadFull(b, right)
		for _, err := range []error{errA, errB} {
			if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
				return false, err
			}
		}
		if !bytes.Equal(left[:n], right[:m]) {
			return false, nil
		}
		if errA != nil || errB != nil {
			return (errA != nil) == (errB != nil), nil
		}
	}
}

// masked are the bits that a umask takes from what an ordinary user unpacks, and from
// all that comes out of a zip.
const masked = 0o022 | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

// wanted are the attributes that a member shall have.
func (s *survey) wanted(e archives.Entry) modules.Attributes {
	mode := e.Mode & modeBits
	if s.format == archives.Zip || s.self.UID != 0 {
		mode &^= masked
	}
	if mode == 0 && s.format == archives.Zip {
		mode = map[bool]fs.FileMode{true: 0o755, false: 0o644}[e.Mode.IsDir()]
	}
	if s.Mode.Given() {
		mode = s.Mode.Apply(mode, e.Mode.IsDir())
	}
	a := modules.Attributes{Mode: &mode, Owner: s.Owner, Group: s.Group}
	if s.self.UID == 0 && s.format != archives.Zip && !s.options.ownerless {
		a.Owner = s.owner(s.Owner, e.Owner, e.UID)
		a.Group = s.group(s.Group, e.Group, e.GID)
	}
	if e.Mode&fs.ModeSymlink != 0 {
		a.Mode = nil
	}
	return a
}

// owner is the one asked for, or the archive's: by name where the host knows that.
func (s *survey) owner(asked, name string, uid int) string {
	if asked != "" {
		return asked
	}
	if name != "" {
		if _, err := s.sys.User(name); err == nil {
			return name
		}
	}
	return strconv.Itoa(uid)
}

func (s *survey) group(asked, name string, gid int) string {
	if asked != "" {
		return asked
	}
	if name != "" {
		if _, err := s.sys.Group(name); err == nil {
			return name
		}
	}
	return strconv.Itoa(gid)
}
