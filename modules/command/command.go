// Package command runs a program without a shell.
package command

import (
	"context"
	"slices"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "command", Check: modules.Skip, FreeForm: "cmd",
	New: func() modules.Module { return new(Module) },
	Refused: map[string]string{
		"_uses_shell": "use the module shell",
		"warn":        "it does nothing any more; take it out",
	},
}

// Module holds the parameters.
type Module struct {
	Cmd    string   `json:"cmd" aliases:"_raw_params" help:"the command line, divided into words as a shell would, but not run by one"`
	Argv   []string `json:"argv" help:"the program and its arguments as a list, instead of cmd"`
	Expand bool     `json:"expand_argument_vars" default:"yes" help:"put in the values of $NAME and ${NAME}; no leaves them as they stand"`
	Options
}

// Validate wants one way to name the program.
func (m *Module) Validate() error {
	if m.Cmd != "" && len(m.Argv) > 0 {
		return modules.Invalid("only command or argv can be given, not both")
	}
	return nil
}

// Run runs the program.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	argv, err := m.Argv, error(nil)
	if m.Cmd != "" {
		argv, err = Split(m.Cmd)
	}
	if err != nil {
		return modules.Result{}, err
	}
	if len(argv) == 0 {
		return Nothing()
	}
	shown := values.Strings(argv...)
	expanded := slices.Clone(argv)
	if m.Expand {
		expand := modules.ExpandPaths(sys)
		for i, arg := range argv {
			expanded[i] = expand(arg)
		}
	}
	if m.Executable != "" {
		expanded[0] = m.Executable
	}
	return m.Start(ctx, sys, modules.Command{Argv: expanded}, shown)
}
