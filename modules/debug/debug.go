// Package debug shows a message or the value of a variable.
package debug

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "debug", Where: modules.OnController, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Msg       *values.Value `json:"msg" nulls:"true" help:"what to show; without it and var, Hello world!"`
	Var       *values.Value `json:"var" help:"an expression, written without {{ }}, whose value to show"`
	Verbosity int           `json:"verbosity" default:"0" help:"show it only with this many -v"`

	verbosity int
	evaluator modules.Evaluator
}

// UseEvaluator gives what evaluates var.
func (m *Module) UseEvaluator(e modules.Evaluator) { m.evaluator = e }

// UseVerbosity gives the number of -v.
func (m *Module) UseVerbosity(v int) { m.verbosity = v }

// Validate wants one thing to show.
func (m *Module) Validate() error {
	if m.Msg != nil && m.Var != nil {
		return modules.Invalid("'msg' and 'var' are incompatible options")
	}
	return nil
}

// Run shows it.
func (m *Module) Run(context.Context, modules.System) (modules.Result, error) {
	switch {
	case m.verbosity < m.Verbosity:
		data := modules.Data("skipped_reason", values.String("Verbosity threshold not met."))
		return modules.Result{Skipped: true, Data: data}, nil
	case m.Var != nil:
		return m.variable()
	case m.Msg != nil:
		return modules.Result{Data: modules.Data("msg", *m.Msg)}, nil
	}
	return modules.Result{Data: modules.Data("msg", values.String("Hello world!"))}, nil
}

// isName matches what names a variable and no more.
var isName = regexp.MustCompile(`^[A-Za-z_][\w.]*$`)

// variable shows a variable under its own name.
func (m *Module) variable() (modules.Result, error) {
	expression, ok := m.Var.AsString()
	if !ok {
		return modules.Result{Data: modules.Data("<class '"+m.Var.Kind().String()+"'>", *m.Var)}, nil
	}
	if m.Var.Unsafe() && !isName.MatchString(expression) {
		return modules.Result{}, fmt.Errorf("var is what a host or a file answered, and that is never evaluated: show it with msg")
	}
	value, err := m.evaluator.Evaluate(expression)
	if errors.Is(err, modules.ErrUndefined) {
		value, err = values.String("VARIABLE IS NOT DEFINED!"), nil
	}
	if err != nil {
		return modules.Result{}, err
	}
	return modules.Result{Data: modules.Data(expression, value)}, nil
}
