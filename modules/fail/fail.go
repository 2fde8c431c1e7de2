// Package fail ends a host's part with a message.
package fail

import (
	"context"
	"errors"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "fail", Where: modules.OnController, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Msg values.Value `json:"msg" nulls:"true" default:"Failed as requested from task" help:"the message"`
}

// Run fails.
func (m *Module) Run(context.Context, modules.System) (modules.Result, error) {
	return modules.Result{Data: modules.Data("msg", m.Msg)}, errors.New(values.Text(m.Msg))
}
