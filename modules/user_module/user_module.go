// Package user_module runs a user's own module: an executable of library/ that the
// controller sends, with its arguments in a file, and whose last word is a JSON object.
// No playbook names it; the executor calls it for a task whose module is such a file.
package user_module

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// Spec describes the module. The helper has it beside those that playbooks name.
var Spec = modules.Spec{Name: "user_module", Check: modules.Skip, New: func() modules.Module { return new(Module) }}

// TempDir stands in Input for the directory that the module may use.
const TempDir = "//gdeploy-tmpdir//"

// Module holds the parameters.
type Module struct {
	Name        string       `json:"name" required:"true" help:"the name that the playbook uses"`
	File        modules.Blob `json:"file" required:"true" help:"the executable"`
	Input       *string      `json:"input" help:"content of the file of arguments; without it the executable gets none"`
	Interpreter []string     `json:"interpreter" help:"the program that runs it, with its argument; empty where it runs itself"`
	Foresees    bool         `json:"foresees" help:"it looks at check mode itself"`
}

// Predicts is false: without its own word a user's module is skipped in check mode.
func (*Module) Predicts() bool { return false }

// Run runs the executable.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	argv, err := m.unpack(ctx, sys)
	if err != nil {
		return modules.Result{}, err
	}
	command := modules.Command{Argv: argv, Foresees: m.Foresees, Unchanged: func(out modules.Output) bool {
		said := read(out)
		return !said.changed
	}}
	out, err := sys.Exec(ctx, command)
	var notStarted *modules.NotStartedError
	switch {
	case errors.Is(err, modules.ErrWouldRun):
		return modules.Result{Msg: "remote module (" + m.Name + ") does not support check mode"}, err
	case errors.As(err, &notStarted):
		return noInterpreter(127, "", notStarted.Error())
	case err != nil:
		return modules.Result{}, err
	}
	return m.result(out)
}

// unpack puts the executable and its arguments on the host and gives the command line.
func (m *Module) unpack(ctx context.Context, sys modules.System) ([]string, error) {
	dir, err := sys.TempDir()
	if err != nil {
		return nil, err
	}
	content, err := sys.OpenBlob(ctx, m.File)
	if err != nil {
		return nil, err
	}
	defer content.Close()
	program := path.Join(dir, path.Base(m.File.Name))
	if err := put(sys, program, content, 0o700); err != nil {
		return nil, err
	}
	argv := append(m.interpreter(sys), program)
	if m.Input == nil {
		return argv, nil
	}
	arguments := path.Join(dir, "args")
	input := strings.ReplaceAll(*m.Input, TempDir, dir)
	return append(argv, arguments), put(sys, arguments, strings.NewReader(input), 0o600)
}

func put(sys modules.System, name string, content io.Reader, mode fs.FileMode) error {
	return sys.WriteFile(name, content, modules.Attributes{Mode: &mode})
}

// interpreter is what runs the file. Where a Python is named that the host has not, any
// other one will do, as in Ansible.
func (m *Module) interpreter(sys modules.System) []string {
	argv := append([]string(nil), m.Interpreter...)
	if len(argv) == 0 || !strings.HasPrefix(path.Base(argv[0]), "python") {
		return argv
	}
	for _, name := range []string{argv[0], "python3", "python"} {
		if found, err := sys.LookPath(name); err == nil {
			argv[0] = found
			break
		}
	}
	return argv
}
