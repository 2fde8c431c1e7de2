package moduletest

import (
	"context"
	"io"
	"path"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
)

// onlooker is a machine that notes what is done on it, also what nobody records.
type onlooker struct {
	*machine.Machine
	scratch string
	did     []string
}

func (o *onlooker) note(what, name string) {
	if o.scratch == "" || !strings.HasPrefix(path.Clean(name), o.scratch) {
		o.did = append(o.did, what+" "+name)
	}
}

// TempDir makes a directory in which nothing is noted.
func (o *onlooker) TempDir() (string, error) {
	dir, err := o.Machine.TempDir()
	o.scratch = dir
	return dir, err
}

// Exec runs a program.
func (o *onlooker) Exec(ctx context.Context, c modules.Command) (modules.Output, error) {
	o.note("exec", strings.Join(c.Argv, " "))
	return o.Machine.Exec(ctx, c)
}

// WriteFile writes a file.
func (o *onlooker) WriteFile(name string, content io.Reader, attrs modules.Attributes) error {
	o.note("write", name)
	return o.Machine.WriteFile(name, content, attrs)
}

// WriteTree writes a tree.
func (o *onlooker) WriteTree(dir string, fill func(modules.Below) error) error {
	o.note("write", dir)
	return o.Machine.WriteTree(dir, fill)
}

// Mkdir makes a directory.
func (o *onlooker) Mkdir(name string, attrs modules.Attributes) error {
	o.note("mkdir", name)
	return o.Machine.Mkdir(name, attrs)
}

// Symlink makes a link.
func (o *onlooker) Symlink(target, name string) error {
	o.note("link", name)
	return o.Machine.Symlink(target, name)
}

// Link makes a hard link.
func (o *onlooker) Link(from, to string) error {
	o.note("link", to)
	return o.Machine.Link(from, to)
}

// SetAttributes sets mode and owner.
func (o *onlooker) SetAttributes(name string, attrs modules.Attributes) error {
	o.note("chmod", name)
	return o.Machine.SetAttributes(name, attrs)
}

// SetTimes sets times.
func (o *onlooker) SetTimes(name string, access, modification time.Time) error {
	o.note("touch", name)
	return o.Machine.SetTimes(name, access, modification)
}

// Rename renames.
func (o *onlooker) Rename(from, to string) error {
	o.note("rename", from)
	return o.Machine.Rename(from, to)
}

// Remove removes.
func (o *onlooker) Remove(name string) error {
	o.note("remove", name)
	return o.Machine.Remove(name)
}

// Append appends.
func (o *onlooker) Append(name string, line []byte, attrs modules.Attributes) error {
	o.note("append", name)
	return o.Machine.Append(name, line, attrs)
}

// HoldLock takes a lock.
func (o *onlooker) HoldLock(name string, content []byte) (bool, []byte, error) {
	o.note("lock", name)
	return o.Machine.HoldLock(name, content)
}
