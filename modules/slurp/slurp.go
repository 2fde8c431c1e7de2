// Package slurp brings a small file of a host into a variable.
package slurp

import (
	"context"
	"encoding/base64"
	"errors"
	"io/fs"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "slurp", ReadOnly: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Src string `json:"src" type:"path" required:"true" aliases:"path" help:"the file to read, at most 16 MB"`
}

// limit keeps a big file out of the controller's memory.
const limit = 16 << 20

// Run reads the file.
func (m *Module) Run(_ context.Context, sys modules.System) (modules.Result, error) {
	st, err := sys.Stat(m.Src)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return modules.Result{}, modules.Fail("file not found: %s", m.Src)
	case errors.Is(err, fs.ErrPermission):
		return modules.Result{}, modules.Fail("file is not readable: %s", m.Src)
	case err != nil:
		return modules.Result{}, err
	case st.Mode.IsDir():
		return modules.Result{}, modules.Fail("source is a directory and must be a file: %s", m.Src)
	}
	content, err := modules.ReadFile(sys, m.Src, limit)
	if errors.Is(err, fs.ErrPermission) {
		err = modules.Fail("file is not readable: %s", m.Src)
	}
	return modules.Result{Data: modules.Data(
		"content", values.String(base64.StdEncoding.EncodeToString(content)),
		"source", values.String(m.Src),
		"encoding", values.String("base64"))}, err
}
