// Package tempfile makes a file or directory with a name that nobody else has.
package tempfile

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "tempfile", New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	State  string `json:"state" default:"file" choices:"file,directory" help:"what to make"`
	Path   string `json:"path" type:"path" help:"the directory to make it in; without it TMPDIR, or /tmp"`
	Prefix string `json:"prefix" default:"ansible." help:"how the name begins"`
	Suffix string `json:"suffix" default:"" help:"how the name ends"`
}

// Validate keeps the name in its directory.
func (m *Module) Validate() error {
	if strings.Contains(m.Prefix+m.Suffix, "/") {
		return modules.Invalid("prefix and suffix are parts of a name and cannot contain /")
	}
	return nil
}

// Run makes it, for its owner only.
func (m *Module) Run(_ context.Context, sys modules.System) (modules.Result, error) {
	dir := m.Path
	if dir == "" {
		dir = modules.ExpandPaths(sys)("$TMPDIR")
	}
	if dir == "" || dir == "$TMPDIR" {
		dir = "/tmp"
	}
	name := path.Join(dir, m.Prefix+strings.ToLower(rand.Text()[:8])+m.Suffix)
	if _, err := sys.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return modules.Result{}, modules.Fail("%s is there already", name)
	}
	mode := fs.FileMode(0o600)
	create := func() error { return sys.WriteFile(name, strings.NewReader(""), modules.Attributes{Mode: &mode}) }
	if m.State == "directory" {
		mode = 0o700
		create = func() error { return sys.Mkdir(name, modules.Attributes{Mode: &mode}) }
	}
	if err := create(); err != nil {
		return modules.Result{}, err
	}
	data := modules.Data("path", values.String(name))
	modules.AddFile(data, sys, name)
	return modules.Result{Data: data}, nil
}
