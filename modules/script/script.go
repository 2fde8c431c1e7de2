// Package script runs a script of the controller on a host.
package script

import (
	"context"
	"errors"
	"path"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "script", Check: modules.Skip, FreeForm: "cmd", New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Cmd        modules.Blob `json:"cmd" from:"controller,words" required:"true" aliases:"_raw_params,free_form" help:"the script on the controller, and its arguments as a shell reads them"`
	Chdir      string       `json:"chdir" type:"path" help:"directory to run in"`
	Creates    string       `json:"creates" type:"path" help:"file or pattern; where it exists the script is not run"`
	Removes    string       `json:"removes" type:"path" help:"file or pattern; where it does not exist the script is not run"`
	Executable string       `json:"executable" help:"program that runs the script, where its first line names none"`
	Decrypt    bool         `json:"decrypt" default:"yes" help:"decrypt the script where it is encrypted by vault"`
}

// Validate wants a directory that does not depend on where the helper runs.
func (m *Module) Validate() error {
	if m.Chdir != "" && !path.IsAbs(m.Chdir) && m.Chdir[0] != '~' {
		return modules.Invalid("chdir %s must be an absolute path for a Unix-aware remote node", m.Chdir)
	}
	return nil
}

// Predicts tells that in check mode creates and removes decide.
func (m *Module) Predicts() bool { return m.Creates != "" || m.Removes != "" }

// Run brings the script over and runs it.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	if m.Creates != "" && len(modules.Glob(sys, m.Creates)) > 0 {
		return modules.Result{Skipped: true, Msg: m.Creates + " exists, matching creates option"}, nil
	}
	if m.Removes != "" && len(modules.Glob(sys, m.Removes)) == 0 {
		return modules.Result{Skipped: true, Msg: m.Removes + " does not exist, matching removes option"}, nil
	}
	var out modules.Output
	err := modules.ErrWouldRun
	_ = modules.Apply(sys, modules.Change{Action: "exec", Path: m.Cmd.Name}, func(sys modules.System) error {
		out, err = m.exec(ctx, sys)
		return err
	})
	if err != nil { // which it is where the script did not run
		return modules.Result{}, err
	}
	if out.RC != 0 {
		err = errors.New("non-zero return code")
	}
	return modules.Result{Changed: true, Data: modules.Data("rc", values.Int(int64(out.RC)),
		"stdout", values.String(out.Stdout), "stdout_lines", modules.Lines(out.Stdout),
		"stderr", values.String(out.Stderr), "stderr_lines", modules.Lines(out.Stderr))}, err
}

// exec runs the script by a shell, which reads its arguments.
func (m *Module) exec(ctx context.Context, sys modules.System) (modules.Output, error) {
	name, arguments := modules.CutWord(m.Cmd.Name)
	text, err := modules.ReadBlob(ctx, sys, m.Cmd)
	if err != nil {
		return modules.Output{}, err
	}
	file, err := sys.WriteTemp(path.Base(name), text)
	if err != nil {
		return modules.Output{}, err
	}
	mode := modules.FileMode(0o700)
	if err := sys.SetAttributes(file, modules.Attributes{Mode: &mode}); err != nil {
		return modules.Output{}, err
	}
	line := modules.CommandLine([]string{file}) + " " + arguments
	if m.Executable != "" {
		line = m.Executable + " " + line
	}
	if m.Chdir != "" {
		line = "cd " + modules.CommandLine([]string{m.Chdir}) + " && " + line
	}
	return sys.Exec(ctx, modules.Command{Argv: []string{"/bin/sh", "-c", line}})
}
