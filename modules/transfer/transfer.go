// Package transfer puts a large file of the controller on the host: not at all where it
// has it, from where it stopped where a transfer broke off, and in one step at the end.
package transfer

import (
	"context"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/transfer/upload"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "transfer", ReadOnly: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Src  modules.Blob `json:"src" from:"controller" required:"true" help:"file on the controller"`
	Dest string       `json:"dest" type:"path" required:"true" help:"where it goes on the host; below it where that is a directory or ends with /"`
	modules.Ownership
}

// Run sends the file.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	dest := m.Dest
	st, err := sys.Stat(dest)
	if strings.HasSuffix(dest, "/") || err == nil && st.Mode.IsDir() {
		dest = path.Join(dest, path.Base(m.Src.Name))
	}
	sent, err := upload.Send(ctx, sys, m.Src, dest, m.Ownership)
	data, _ := values.MapOf(
		"dest", values.String(dest),
		"src", values.String(m.Src.Name),
		"sha256", values.String(m.Src.SHA256),
		"sent", values.Int(sent.Bytes),
		"resumed_at", values.Int(sent.ResumedAt),
	).AsMap()
	if err == nil {
		modules.AddFile(data, sys, dest)
	}
	data.Set("size", values.Int(m.Src.Size))
	return modules.Result{Data: data}, err
}
