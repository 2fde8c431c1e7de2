// Package textfile reads a text file, and puts it back changed: what the modules that edit
// files in place have in common.
package textfile

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strconv"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/copy"
	"github.com/gdeploy/gdeploy/values"
)

// Options are the parameters of all modules that edit a file. Embed them.
type Options struct {
	Path   string `json:"path" type:"path" required:"true" aliases:"dest,destfile,name" help:"the file to edit; of a link what it points to"`
	Backup bool   `json:"backup" default:"no" help:"keep the file as it was under another name"`
	Check  string `json:"validate" help:"command that must succeed before the file goes in place; %s stands for its path"`
	modules.Ownership
}

// limit keeps a file that is no text out of memory.
const limit = 64 << 20

// File is a file as it was found.
type File struct {
	Text   string
	Exists bool
	// path is where it really lies.
	path string
	stat modules.Stat
}

// NotThereError is a file that is missing, or a directory. Ansible gives it a code.
type NotThereError struct {
	RC  int64
	Msg string
}

// Error is Ansible's sentence.
func (e *NotThereError) Error() string { return e.Msg }

// Data tells the code.
func (e *NotThereError) Data() *values.Map { return modules.Data("rc", values.Int(e.RC)) }

// Read reads the file; one that is missing has no text.
func (o *Options) Read(sys modules.System) (File, error) {
	real, err := modules.Resolve(sys, o.Path)
	if err != nil {
		return File{}, err
	}
	f := File{path: real}
	f.stat, err = sys.Lstat(real)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return f, nil
	case err != nil:
		return f, err
	case f.stat.Mode.IsDir():
		return f, &NotThereError{256, "Path " + o.Path + " is a directory !"}
	}
	content, err := modules.ReadFile(sys, real, limit)
	f.Text, f.Exists = string(content), true
	return f, err
}

// Edited puts the text in the file's place and describes what was done: msg says it, or is
// empty where the text is the same. Directories that are missing are made.
func (o *Options) Edited(ctx context.Context, sys modules.System, f File, text, msg string) (modules.Result, string, error) {
	if !f.Exists {
		for _, dir := range modules.MissingDirs(sys, path.Dir(f.path)) {
			if err := sys.Mkdir(dir, modules.Attributes{}); err != nil {
				return modules.Result{}, "", modules.Fail("Error creating %s (%w)", dir, err)
			}
		}
	}
	place := copy.Place{Dest: f.path, Backup: o.Backup, Force: true, Check: o.Check, Ownership: o.Ownership}
	backup, err := place.Write(ctx, sys, copy.FromText(text), f.path)
	if invalid, ok := errors.AsType[*copy.InvalidError](err); ok {
		err = modules.Fail("failed to validate: rc:%d error:%s", invalid.RC, invalid.Stderr)
	}
	if err == nil && o.differs(sys, f) {
		if msg != "" {
			msg += " and "
		}
		msg += "ownership, perms or SE linux context changed"
	}
	return modules.Result{Data: modules.Data("msg", values.String(msg))}, backup, err
}

// differs reports whether mode or owner had to be set.
func (o *Options) differs(sys modules.System, f File) bool {
	now := f.stat
	if !f.Exists {
		self := sys.Self()
		now = modules.Stat{Mode: 0o644, UID: self.UID, GID: self.GID}
	}
	wanted := o.Attributes(now.Mode, false)
	const bits = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky
	if wanted.Mode != nil && *wanted.Mode&bits != now.Mode&bits {
		return true
	}
	user, err := sys.User(wanted.Owner)
	if wanted.Owner != "" && wanted.Owner != strconv.Itoa(now.UID) && (err != nil || user.UID != now.UID) {
		return true
	}
	group, err := sys.Group(wanted.Group)
	return wanted.Group != "" && wanted.Group != strconv.Itoa(now.GID) && (err != nil || group.GID != now.GID)
}
