// Package assert fails unless conditions hold.
package assert

import (
	"context"
	"errors"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "assert", Where: modules.OnController, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	That       values.Value  `json:"that" required:"true" help:"a condition as in when, or a list of them"`
	FailMsg    *values.Value `json:"fail_msg" aliases:"msg" help:"what to say when one does not hold"`
	SuccessMsg *values.Value `json:"success_msg" help:"what to say when all hold"`
	Quiet      bool          `json:"quiet" default:"no" help:"show nothing when all hold"`

	evaluator modules.Evaluator
}

// Validate wants messages of the kinds that Ansible takes.
func (m *Module) Validate() error {
	return errors.Join(messageKind("fail_msg or msg", m.FailMsg), messageKind("success_msg", m.SuccessMsg))
}

func messageKind(name string, v *values.Value) error {
	if v == nil || v.Kind() == values.KindString {
		return nil
	}
	if v.Kind() != values.KindList {
		return modules.Invalid("Incorrect type for %s, expected a string or list and got %s", name, v.Kind().Phrase())
	}
	for _, item := range v.Items() {
		if item.Kind() != values.KindString {
			return modules.Invalid("Type of one of the elements in %s list is not string type", name)
		}
	}
	return nil
}

// UseEvaluator gives what evaluates the conditions.
func (m *Module) UseEvaluator(e modules.Evaluator) { m.evaluator = e }

// Run checks the conditions in order.
func (m *Module) Run(context.Context, modules.System) (modules.Result, error) {
	conditions := m.That.Items()
	if m.That.Kind() != values.KindList {
		conditions = []values.Value{m.That}
	}
	for _, condition := range conditions {
		holds, err := m.evaluator.Condition(condition)
		if err != nil {
			return modules.Result{}, modules.Fail("The conditional check '%s' failed. The error was: %w", values.Text(condition), err)
		}
		if !holds {
			return m.failed(condition)
		}
	}
	msg := message(m.SuccessMsg, "All assertions passed")
	return modules.Result{Msg: values.Text(msg), Data: m.hushed(modules.Data("msg", msg))}, nil
}

func (m *Module) failed(condition values.Value) (modules.Result, error) {
	msg := message(m.FailMsg, "Assertion failed")
	data := modules.Data("evaluated_to", values.False, "assertion", condition, "msg", msg)
	return modules.Result{Data: m.hushed(data)}, errors.New(values.Text(msg))
}

// hushed marks a result that needs no lines of its own.
func (m *Module) hushed(data *values.Map) *values.Map {
	if m.Quiet {
		data.Set("_ansible_verbose_always", values.False)
	}
	return data
}

func message(given *values.Value, otherwise string) values.Value {
	if given == nil {
		return values.String(otherwise)
	}
	return *given
}
