// Package shell runs a command line through a shell.
package shell

import (
	"context"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/command"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "shell", Check: modules.Skip, FreeForm: "cmd",
	New: func() modules.Module { return new(Module) },
	Refused: map[string]string{
		"argv": "a shell reads one line of text; use the module command for a list",
		"warn": "it does nothing any more; take it out",
	},
}

// Module holds the parameters.
type Module struct {
	Cmd string `json:"cmd" aliases:"_raw_params" help:"the command line, run by /bin/sh"`
	command.Options
}

// Run runs the command line.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	if m.Cmd == "" {
		return command.Nothing()
	}
	shell := m.Executable
	if shell == "" {
		shell = "/bin/sh"
	}
	return m.Start(ctx, sys, modules.Command{Argv: []string{shell, "-c", m.Cmd}}, values.String(m.Cmd))
}
