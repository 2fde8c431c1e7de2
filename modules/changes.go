package modules

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// Mkdir makes one directory, or sets the attributes of one that is there.
func (r *Recorder) Mkdir(name string, attrs Attributes) error {
	if r.isScratch(name) {
		return r.System.Mkdir(name, attrs)
	}
	st, err := r.Lstat(name)
	if err == nil && st.Mode.IsDir() {
		return r.SetAttributes(name, attrs)
	}
	if err == nil {
		return &fs.PathError{Op: "mkdir", Path: name, Err: fs.ErrExist}
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	uid, gid, err := r.newOwner(name, attrs)
	if err != nil {
		return err
	}
	mode := modeOr(attrs.Mode, newMode(true))
	if r.check {
		err = r.plan.put(name, dirNode(mode, uid, gid, r.Now()))
	} else {
		err = r.System.Mkdir(name, attrs)
	}
	if err != nil {
		return err
	}
	r.record(Change{Action: "mkdir", Path: name, After: r.describe(attrs)})
	return nil
}

// Symlink makes path a link to target.
func (r *Recorder) Symlink(target, name string) error {
	if r.isScratch(name) {
		return r.System.Symlink(target, name)
	}
	st, err := r.Lstat(name)
	switch {
	case err == nil && st.Mode&fs.ModeSymlink != 0 && st.Target == target:
		return nil
	case err == nil && st.Mode.IsDir():
		return &fs.PathError{Op: "symlink", Path: name, Err: errors.New("is a directory")}
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	before := ""
	if err == nil {
		before = kindText(st)
	}
	self := r.Self()
	if r.check {
		err = r.plan.put(name, linkNode(target, self.UID, self.GID, r.Now()))
	} else {
		err = r.System.Symlink(target, name)
	}
	if err != nil {
		return err
	}
	r.record(Change{Action: "link", Path: name, Before: before, After: "link to " + target})
	return nil
}

// Link makes to a hard link of from.
func (r *Recorder) Link(from, to string) error {
	if r.isScratch(to) {
		return r.System.Link(from, to)
	}
	source, err := r.Lstat(from)
	if err != nil {
		return err
	}
	before := ""
	if st, err := r.Lstat(to); err == nil {
		if source.Inode != 0 && st.Inode == source.Inode && st.Dev == source.Dev {
			return nil
		}
		before = kindText(st)
	}
	if r.check {
		err = r.planLink(from, to)
	} else {
		err = r.System.Link(from, to)
	}
	if err != nil {
		return err
	}
	r.record(Change{Action: "link", Path: to, Before: before, After: "hard link to " + from})
	return nil
}

func (r *Recorder) planLink(from, to string) error {
	n, _, err := r.plan.find(from, false)
	if err != nil {
		return err
	}
	n.stat.Links++
	return r.plan.put(to, n)
}

// SetTimes sets access and modification time.
func (r *Recorder) SetTimes(name string, access, modification time.Time) error {
	if r.isScratch(name) {
		return r.System.SetTimes(name, access, modification)
	}
	st, err := r.Lstat(name)
	if err != nil {
		return err
	}
	if st.AccessTime.Equal(access) && st.ModTime.Equal(modification) {
		return nil
	}
	if r.check {
		err = r.plan.change(name, func(st *Stat) { st.AccessTime, st.ModTime = access, modification })
	} else {
		err = r.System.SetTimes(name, access, modification)
	}
	if err != nil {
		return err
	}
	r.record(Change{Action: "touch", Path: name, Before: timeText(st.ModTime), After: timeText(modification)})
	return nil
}

func timeText(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// Rename moves a file or directory.
func (r *Recorder) Rename(from, to string) error {
	if r.isScratch(from) && r.isScratch(to) {
		return r.System.Rename(from, to)
	}
	if _, err := r.Lstat(from); err != nil {
		return err
	}
	var err error
	if r.check {
		err = r.planRename(from, to)
	} else {
		err = r.System.Rename(from, to)
	}
	if err != nil {
		return err
	}
	r.record(Change{Action: "rename", Path: from, After: to})
	return nil
}

func (r *Recorder) planRename(from, to string) error {
	n, _, err := r.plan.find(from, false)
	if err != nil {
		return err
	}
	moved := *n
	if err := r.plan.put(to, &moved); err != nil {
		return err
	}
	if r.isScratch(from) {
		return nil
	}
	return r.plan.put(from, &node{removed: true})
}

// Remove removes path and all below it.
func (r *Recorder) Remove(name string) error {
	if r.isScratch(name) {
		return r.System.Remove(name)
	}
	st, err := r.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if r.check {
		err = r.plan.put(name, &node{removed: true})
	} else {
		err = r.System.Remove(name)
	}
	if err != nil {
		return err
	}
	r.record(Change{Action: "remove", Path: name, Before: kindText(st)})
	return nil
}

// Append adds a line to a file.
func (r *Recorder) Append(name string, line []byte, attrs Attributes) error {
	if r.isScratch(name) {
		return r.System.Append(name, line, attrs)
	}
	var err error
	if r.check {
		err = r.planAppend(name, line, attrs)
	} else {
		err = r.System.Append(name, line, attrs)
	}
	if err != nil {
		return err
	}
	r.record(Change{Action: "append", Path: name, After: r.line(line)})
	return nil
}

// line is an appended line as a diff shows it, else its hash.
func (r *Recorder) line(line []byte) string {
	if s := r.shown(line); !r.diff || !s.whole {
		return s.digest
	}
	return string(line)
}

func (r *Recorder) planAppend(name string, line []byte, attrs Attributes) error {
	before, err := readAll(r, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return r.planWrite(name, append(before, line...), attrs)
}

func readAll(sys Reader, name string) ([]byte, error) {
	f, err := sys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// kindText says what a file is.
func kindText(st Stat) string {
	if FileState(st) == "hard" {
		return fmt.Sprintf("hard link, %d bytes", st.Size)
	}
	switch st.Mode.Type() {
	case fs.ModeDir:
		return "directory"
	case fs.ModeSymlink:
		return "link to " + st.Target
	case 0:
		return fmt.Sprintf("file, %d bytes", st.Size)
	}
	return "special file"
}

func modeOr(mode *fs.FileMode, otherwise fs.FileMode) fs.FileMode {
	if mode == nil {
		return otherwise
	}
	return *mode & permissions
}
