// Package raw runs a command line by the login shell of a host, without a helper: for hosts
// that cannot run one.
package raw

import (
	"context"
	"errors"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "raw", Where: modules.OnConnection, Check: modules.Skip, FreeForm: "cmd", New: func() modules.Module { return new(Module) },
	Refused: map[string]string{
		"chdir":   "begin the command with cd DIRECTORY &&",
		"creates": "begin the command with test -e FILE ||",
		"removes": "begin the command with test ! -e FILE ||",
	},
}

// Module holds the parameters.
type Module struct {
	Cmd        string `json:"cmd" aliases:"_raw_params,free_form" required:"true" help:"the command line"`
	Executable string `json:"executable" help:"shell to run it by instead of the login shell, as an absolute path"`

	link modules.Link
}

// UseLink takes the connection.
func (m *Module) UseLink(l modules.Link) { m.link = l }

// Run runs the command line. What it did is not known, so it always counts as a change.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	if m.link == nil {
		return modules.Result{}, errors.New("there is no connection to run a command on")
	}
	line := m.Cmd
	if m.Executable != "" {
		line = modules.CommandLine([]string{m.Executable, "-c", m.Cmd})
	}
	var out modules.Output
	err := modules.Apply(sys, modules.Change{Action: "exec", Path: line}, func(modules.System) (err error) {
		out, err = m.link.Shell(ctx, line)
		return err
	})
	if err != nil {
		return modules.Result{}, err
	}
	if out.RC != 0 {
		err = errors.New("non-zero return code")
	}
	return modules.Result{Changed: true, Data: describe(out)}, err
}

func describe(out modules.Output) *values.Map {
	stdout, stderr := unix(out.Stdout), unix(out.Stderr)
	return modules.Data("rc", values.Int(int64(out.RC)),
		"stdout", values.String(stdout), "stdout_lines", modules.Lines(stdout),
		"stderr", values.String(stderr), "stderr_lines", modules.Lines(stderr))
}

// unix takes away what terminals of other systems add to lines.
func unix(text string) string { return strings.ReplaceAll(text, "\r\n", "\n") }
