package modules

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"
)

// ErrWouldRun is what Exec gives in check mode: the program did not run, and what it
// would have done is not known. A module hands it up.
var ErrWouldRun = errors.New("would run a program, which a dry run cannot foresee")

// Recorder is a System that notes each change it passes on. With check set it passes
// none on: later reads see the files as they would be.
type Recorder struct {
	System
	changes []Change
	check   bool
	diff    bool
	secrets []string
	plan    *plan
	scratch []string
}

// NewRecorder wraps sys. With check nothing is changed; with diff, small text files
// are recorded with their contents, unless one of the secrets is in them.
func NewRecorder(sys System, check, diff bool, secrets []string) *Recorder {
	return &Recorder{System: sys, check: check, diff: diff, secrets: secrets, plan: newPlan(sys)}
}

// Changes are the changes so far, in order.
func (r *Recorder) Changes() []Change { return r.changes }

// Flags gives the flags of a file as chattr knows them, and its version.
func (r *Recorder) Flags(name string) (flags, version uint32, err error) {
	if f, ok := r.System.(Flags); ok {
		return f.Flags(name)
	}
	return 0, 0, errors.ErrUnsupported
}

// Getenv gives a variable of the environment in which programs run.
func (r *Recorder) Getenv(name string) (string, bool) {
	if env, ok := r.System.(Environ); ok {
		return env.Getenv(name)
	}
	return "", false
}

func (r *Recorder) record(c Change) {
	c.Path = r.masked(c.Path)
	c.Before, c.After = r.masked(c.Before), r.masked(c.After)
	r.changes = append(r.changes, c)
}

// masked blots out secrets.
func (r *Recorder) masked(text string) string {
	for _, s := range r.secrets {
		if len(s) >= 4 || text == s {
			text = strings.ReplaceAll(text, s, "********")
		}
	}
	return text
}

// Lstat describes path itself.
func (r *Recorder) Lstat(path string) (Stat, error) {
	if r.plan.empty() || r.isScratch(path) {
		return r.System.Lstat(path)
	}
	return r.plan.lstat(path)
}

// Stat describes what path points to.
func (r *Recorder) Stat(path string) (Stat, error) {
	if r.plan.empty() || r.isScratch(path) {
		return r.System.Stat(path)
	}
	return r.plan.statOf(path, true)
}

// Open reads a file.
func (r *Recorder) Open(path string) (io.ReadCloser, error) {
	if r.plan.empty() || r.isScratch(path) {
		return r.System.Open(path)
	}
	return r.plan.open(path)
}

// ReadDir lists a directory.
func (r *Recorder) ReadDir(path string) ([]Stat, error) {
	if r.plan.empty() || r.isScratch(path) {
		return r.System.ReadDir(path)
	}
	return r.plan.readDir(path)
}

// TempDir makes a directory that is not recorded, and neither is what happens in it.
func (r *Recorder) TempDir() (string, error) {
	dir, err := r.System.TempDir()
	if err == nil {
		r.scratch = append(r.scratch, dir)
	}
	return dir, err
}

// WriteTemp puts content into a file that is not recorded.
func (r *Recorder) WriteTemp(name string, content []byte) (string, error) {
	file, err := r.System.WriteTemp(name, content)
	if err == nil {
		r.scratch = append(r.scratch, path.Dir(file))
	}
	return file, err
}

// isScratch reports whether a path lies in a temporary directory of this call.
func (r *Recorder) isScratch(name string) bool {
	for _, dir := range r.scratch {
		if name == dir || strings.HasPrefix(path.Clean(name), dir+"/") {
			return true
		}
	}
	return false
}

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
	r.record(Change{Action: "append", Path: name, After: r.shown(line).text})
	return nil
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

// WriteTree fills a directory as one change.
func (r *Recorder) WriteTree(dir string, fill func(Below) error) error {
	if r.isScratch(dir) {
		return r.System.WriteTree(dir, fill)
	}
	if r.check {
		if err := r.planTree(dir); err != nil {
			return err
		}
		r.record(Change{Action: "unpack", Path: dir})
		return nil
	}
	counted := counter{}
	err := r.System.WriteTree(dir, func(below Below) error {
		counted.Below = below
		return fill(&counted)
	})
	r.record(Change{Action: "unpack", Path: dir, After: fmt.Sprintf("%d files, %d bytes", counted.files, counted.bytes)})
	return err
}

func (r *Recorder) planTree(dir string) error {
	if _, err := r.Lstat(dir); err == nil {
		return nil
	}
	self := r.Self()
	return r.plan.put(dir, dirNode(newMode(true), self.UID, self.GID, r.Now()))
}

// counter counts what is put into a tree.
type counter struct {
	Below
	files int
	bytes int64
}

// File passes a file on.
func (c *counter) File(name string, mode fs.FileMode, modTime time.Time, content io.Reader) error {
	c.files++
	return c.Below.File(name, mode, modTime, countingReader{content, &c.bytes})
}

type countingReader struct {
	io.Reader
	n *int64
}

// Read counts the bytes that pass.
func (c countingReader) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	*c.n += int64(n)
	return n, err
}

// Exec runs a program that may change something.
func (r *Recorder) Exec(ctx context.Context, c Command) (Output, error) {
	line := CommandLine(c.Argv)
	if r.check {
		r.record(Change{Action: "exec", Path: line})
		return Output{}, ErrWouldRun
	}
	out, err := r.System.Exec(ctx, c)
	if err == nil && c.Unchanged != nil && c.Unchanged(out) {
		return out, nil
	}
	var notStarted *NotStartedError
	if !errors.As(err, &notStarted) {
		r.record(Change{Action: "exec", Path: line})
	}
	return out, err
}

// NotStartedError is a program that could not be started, and so has changed nothing.
type NotStartedError struct {
	Argv []string
	Err  error
}

// Error names the program and the reason.
func (e *NotStartedError) Error() string {
	name := ""
	if len(e.Argv) > 0 {
		name = e.Argv[0]
	}
	return fmt.Sprintf("start %s: %v", name, e.Err)
}

// Unwrap gives the reason.
func (e *NotStartedError) Unwrap() error { return e.Err }

// CommandLine prints a command with its arguments quoted as a shell needs it.
func CommandLine(argv []string) string {
	quoted := make([]string, len(argv))
	for i, arg := range argv {
		quoted[i] = shellQuote(arg)
	}
	return strings.Join(quoted, " ")
}

func shellQuote(s string) string {
	plain := s != ""
	for _, c := range s {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-", c) && c < 0x80 {
			plain = false
		}
	}
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'"
}

// HoldLock takes a lock; a dry run takes none, so that it holds nobody up.
func (r *Recorder) HoldLock(name string, content []byte) (bool, []byte, error) {
	if r.check {
		return true, content, nil
	}
	return r.System.HoldLock(name, content)
}

// ReleaseLock lets go of a lock.
func (r *Recorder) ReleaseLock(name string) error {
	if r.check {
		return nil
	}
	return r.System.ReleaseLock(name)
}

// kindText says what a file is.
func kindText(st Stat) string {
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

// describe prints the attributes that a new file gets.
func (r *Recorder) describe(a Attributes) string {
	var parts []string
	if a.Mode != nil {
		parts = append(parts, ModeText(*a.Mode))
	}
	if a.Owner != "" || a.Group != "" {
		parts = append(parts, a.Owner+":"+a.Group)
	}
	return strings.Join(parts, " ")
}

// Owners looks up the numbers of an owner and a group; -1 stands for an empty one.
func Owners(sys Accounts, owner, group string) (uid, gid int, err error) {
	uid, gid = -1, -1
	if owner != "" {
		if uid, err = strconv.Atoi(owner); err != nil {
			u, err := sys.User(owner)
			if err != nil {
				return -1, -1, fmt.Errorf("chown failed: failed to look up user %s", owner)
			}
			uid = u.UID
		}
	}
	if group != "" {
		if gid, err = strconv.Atoi(group); err != nil {
			g, err := sys.Group(group)
			if err != nil {
				return -1, -1, fmt.Errorf("chgrp failed: failed to look up group %s", group)
			}
			gid = g.GID
		}
	}
	return uid, gid, nil
}

// newOwner is who a new file belongs to.
func (r *Recorder) newOwner(name string, attrs Attributes) (uid, gid int, err error) {
	uid, gid, err = Owners(r, attrs.Owner, attrs.Group)
	if err != nil {
		return 0, 0, err
	}
	self := r.Self()
	if uid < 0 {
		uid = self.UID
	}
	if gid < 0 {
		gid = self.GID
		if dir, err := r.Stat(path.Dir(name)); err == nil && dir.Mode&fs.ModeSetgid != 0 {
			gid = dir.GID
		}
	}
	return uid, gid, nil
}

// SetAttributes sets mode and owner of path where they differ.
func (r *Recorder) SetAttributes(name string, attrs Attributes) error {
	if r.isScratch(name) {
		return r.System.SetAttributes(name, attrs)
	}
	st, err := r.Lstat(name)
	if err != nil {
		return err
	}
	changes, after, err := r.attributeChanges(st, attrs)
	if err != nil || len(changes) == 0 {
		return err
	}
	if r.check {
		err = r.plan.change(name, func(st *Stat) { st.Mode, st.UID, st.GID = after.Mode, after.UID, after.GID })
	} else {
		err = r.System.SetAttributes(name, attrs)
	}
	if err != nil {
		return err
	}
	for _, c := range changes {
		c.Path = name
		r.record(c)
	}
	return nil
}

// attributeChanges compares a file with what it shall be.
func (r *Recorder) attributeChanges(st Stat, attrs Attributes) (changes []Change, after Stat, err error) {
	after = st
	uid, gid, err := Owners(r, attrs.Owner, attrs.Group)
	if err != nil {
		return nil, st, err
	}
	if uid >= 0 && uid != st.UID || gid >= 0 && gid != st.GID {
		if uid >= 0 {
			after.UID = uid
		}
		if gid >= 0 {
			after.GID = gid
		}
		changes = append(changes, Change{Action: "chown", Before: r.ownerText(st), After: r.ownerText(after)})
	}
	isLink := st.Mode&fs.ModeSymlink != 0
	if attrs.Mode != nil && !isLink && *attrs.Mode&permissions != st.Mode&permissions {
		after.Mode = st.Mode&^permissions | *attrs.Mode&permissions
		changes = append(changes, Change{Action: "chmod", Before: ModeText(st.Mode), After: ModeText(after.Mode)})
	}
	return changes, after, nil
}

func (r *Recorder) ownerText(st Stat) string {
	owner, group := strconv.Itoa(st.UID), strconv.Itoa(st.GID)
	if u, err := r.User(owner); err == nil {
		owner = u.Name
	}
	if g, err := r.Group(group); err == nil {
		group = g.Name
	}
	return owner + ":" + group
}
