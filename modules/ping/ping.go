// Package ping answers, which shows that a host can be reached and runs modules.
package ping

import (
	"context"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "ping", ReadOnly: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Data string `json:"data" default:"pong" help:"the answer to give; crash makes the module crash"`
}

// Run answers.
func (m *Module) Run(context.Context, modules.System) (modules.Result, error) {
	if m.Data == "crash" {
		panic("boom")
	}
	return modules.Result{Data: modules.Data("ping", values.String(m.Data))}, nil
}
