package copy

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/command"
	"github.com/gdeploy/gdeploy/values"
)

// Place holds the parameters about where a file goes, which copy and template share.
type Place struct {
	Dest   string `json:"dest" type:"path" required:"true" help:"where the file goes on the host; a directory gets it under its own name"`
	Backup bool   `json:"backup" default:"no" help:"keep the file that was there under another name"`
	Force  bool   `json:"force" default:"yes" help:"replace a file that differs; no leaves any file that is there"`
	Follow bool   `json:"follow" default:"no" help:"where dest is a link, write what it points to"`
	Check  string `json:"validate" help:"command that must succeed before the file goes in place; %s stands for its path"`
	modules.Ownership
}

// Content is a file on its way.
type Content struct {
	// Name is where it comes from; its last part is the name in a directory.
	Name string
	Mode fs.FileMode
	// OnHost tells that it lies on the host already.
	OnHost bool
	Open   func(context.Context, modules.System) (io.ReadCloser, error)
}

// FromBlob is a file of the controller.
func FromBlob(b modules.Blob) Content {
	return Content{Name: b.Name, Mode: modules.FileMode(b.Mode), Open: func(ctx context.Context, sys modules.System) (io.ReadCloser, error) {
		return sys.OpenBlob(ctx, b)
	}}
}

// FromText is a file with that text.
func FromText(text string) Content {
	return Content{Open: func(context.Context, modules.System) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(text)), nil
	}}
}

func (c Content) sha1(ctx context.Context, sys modules.System) (string, error) {
	f, err := c.Open(ctx, sys)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha1.New()
	_, err = io.Copy(sum, f)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// Put brings one file to dest and describes it as Ansible does. Where dest ends with a
// slash, its directory is made, with the attributes dirs.
func (p *Place) Put(ctx context.Context, sys modules.System, c Content, dirs modules.Attributes) (modules.Result, error) {
	if strings.HasSuffix(p.Dest, "/") {
		if err := modules.MkdirAll(sys, p.Dest, dirs); err != nil {
			return modules.Result{}, err
		}
	}
	to, err := p.target(sys, c)
	if err != nil {
		return modules.Result{}, err
	}
	if _, err := sys.Lstat(to); err == nil && !p.Force {
		return modules.Result{Data: modules.Data("dest", values.String(to))}, nil
	}
	had, _ := modules.Checksum(sys, to, "sha1") // none where nothing is there
	backup, err := p.Write(ctx, sys, c, to)
	if err != nil {
		return refused(ctx, sys, c, err), err
	}
	result := describe(sys, to)
	if sum, _ := result.Data.Get("checksum"); had != "" && had == values.Text(sum) && !c.OnHost {
		result.Data.Delete(values.String("md5sum"))
		result.Data.Set("path", values.String(to))
	} else if c.Name != "" {
		result.Data.Set("src", values.String(c.Name))
	}
	if backup != "" {
		result.Data.Set("backup_file", values.String(backup))
	}
	return result, nil
}

// refused tells of a file that could not be put in its place.
func refused(ctx context.Context, sys modules.System, c Content, err error) modules.Result {
	data := modules.Data()
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		data = invalid.data()
	}
	if sum, err := c.sha1(ctx, sys); err == nil {
		data.Set("checksum", values.String(sum))
	}
	return modules.Result{Data: data}
}

// target is the path of the file itself.
func (p *Place) target(sys modules.System, c Content) (string, error) {
	to := p.Dest
	st, err := sys.Stat(to)
	if err == nil && st.Mode.IsDir() && c.Name != "" {
		to = path.Join(to, path.Base(c.Name))
	}
	if p.Follow {
		if to, err = modules.Resolve(sys, to); err != nil {
			return "", err
		}
	}
	return to, nil
}

// Write writes one file; backup is where the one that was there is kept.
func (p *Place) Write(ctx context.Context, sys modules.System, c Content, to string) (backup string, err error) {
	before, err := sys.Lstat(to)
	exists := err == nil
	if exists && !p.Force {
		return "", nil
	}
	if exists && p.Backup || p.Check != "" {
		same, err := p.same(ctx, sys, c, to, before, exists)
		if err != nil {
			return "", err
		}
		if !same {
			if backup, err = p.prepare(ctx, sys, c, to, exists); err != nil {
				return "", err
			}
		}
	}
	f, err := c.Open(ctx, sys)
	if err != nil {
		return "", err
	}
	defer f.Close()
	err = sys.WriteFile(to, f, p.fileAttributes(before, exists, c))
	if errors.Is(err, fs.ErrNotExist) {
		err = modules.Fail("Destination directory %s does not exist", path.Dir(to))
	}
	return backup, err
}

func (p *Place) fileAttributes(before modules.Stat, exists bool, c Content) modules.Attributes {
	if p.Mode.Preserve() && c.Mode != 0 {
		mode := c.Mode & (fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky)
		return modules.Attributes{Mode: &mode, Owner: p.Owner, Group: p.Group}
	}
	now := fs.FileMode(0)
	if exists && before.Mode.IsRegular() {
		now = before.Mode
	}
	return p.Attributes(now, false)
}

// same reports whether the file has the content already.
func (p *Place) same(ctx context.Context, sys modules.System, c Content, to string, before modules.Stat, exists bool) (bool, error) {
	if !exists || !before.Mode.IsRegular() {
		return false, nil
	}
	want, err := c.sha1(ctx, sys)
	if err != nil {
		return false, err
	}
	have, err := modules.Checksum(sys, to, "sha1")
	return have == want, err
}

// prepare validates the new file and keeps the old one.
func (p *Place) prepare(ctx context.Context, sys modules.System, c Content, to string, exists bool) (string, error) {
	if err := p.validate(ctx, sys, c); err != nil {
		return "", err
	}
	if !p.Backup || !exists {
		return "", nil
	}
	now := sys.Now()
	name := fmt.Sprintf("%s.%d.%s~", to, now.Nanosecond()/10000, now.Format("2006-01-02@15:04:05"))
	st, err := sys.Stat(to)
	if err != nil {
		return "", err
	}
	old, err := sys.Open(to)
	if err != nil {
		return "", err
	}
	defer old.Close()
	mode := st.Mode
	attrs := modules.Attributes{Mode: &mode, Owner: fmt.Sprint(st.UID), Group: fmt.Sprint(st.GID)}
	return name, sys.WriteFile(name, old, attrs)
}

// InvalidError is a file that its validate command does not like, and how that ended.
type InvalidError struct{ modules.Output }

// Error is Ansible's sentence; what the command said is in the result's data.
func (e *InvalidError) Error() string { return "failed to validate" }

func (e *InvalidError) data() *values.Map {
	return modules.Data(
		"exit_status", values.Int(int64(e.RC)),
		"stdout", values.String(e.Stdout), "stdout_lines", modules.Lines(e.Stdout),
		"stderr", values.String(e.Stderr), "stderr_lines", modules.Lines(e.Stderr))
}

// validate tries the file; a dry run does not, since the program may not be there yet.
func (p *Place) validate(ctx context.Context, sys modules.System, c Content) error {
	if p.Check == "" {
		return nil
	}
	return modules.Aside(sys, func(sys modules.System) error { return p.try(ctx, sys, c) })
}

func (p *Place) try(ctx context.Context, sys modules.System, c Content) error {
	if !strings.Contains(p.Check, "%s") {
		return fmt.Errorf("validate must contain %%s: %s", p.Check)
	}
	f, err := c.Open(ctx, sys)
	if err != nil {
		return err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return err
	}
	temp, err := sys.WriteTemp(path.Base(p.Dest), text)
	if err != nil {
		return err
	}
	argv, err := command.Split(strings.Replace(p.Check, "%s", temp, 1))
	if err != nil {
		return err
	}
	out, err := sys.Query(ctx, modules.Command{Argv: argv})
	if err == nil && out.RC != 0 {
		err = &InvalidError{out}
	}
	return err
}

// describe is what the result says of a file.
func describe(sys modules.System, name string) modules.Result {
	data := modules.Data("dest", values.String(name))
	modules.AddFile(data, sys, name)
	st, err := sys.Stat(name)
	if err != nil || !st.Mode.IsRegular() {
		return modules.Result{Data: data}
	}
	f, err := sys.Open(name)
	if err != nil {
		return modules.Result{Data: data}
	}
	defer f.Close()
	one, five := sha1.New(), md5.New()
	if _, err := io.Copy(io.MultiWriter(one, five), f); err == nil {
		data.Set("checksum", values.String(hex.EncodeToString(one.Sum(nil))))
		data.Set("md5sum", values.String(hex.EncodeToString(five.Sum(nil))))
	}
	return modules.Result{Data: data}
}
