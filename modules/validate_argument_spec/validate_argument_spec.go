// Package validate_argument_spec checks the arguments of a role, as its meta/argument_specs.yml describes them.
package validate_argument_spec

import (
	"context"
	"errors"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "validate_argument_spec", Where: modules.OnController, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	ArgumentSpec      values.Value `json:"argument_spec" required:"true" help:"the parameters, each with its type, required, choices, elements and options"`
	ProvidedArguments values.Value `json:"provided_arguments" help:"values that win over the variables of the same names"`
	Context           values.Value `json:"validate_args_context" help:"what the arguments belong to, for the result"`

	evaluator modules.Evaluator
}

// UseEvaluator gives what looks up the variables.
func (m *Module) UseEvaluator(e modules.Evaluator) { m.evaluator = e }

// Run checks the variables that have the names of parameters, and tells all that is wrong.
func (m *Module) Run(context.Context, modules.System) (modules.Result, error) {
	spec, ok := m.ArgumentSpec.AsMap()
	if !ok {
		spec = values.NewMap(0)
	}
	given, err := m.given(spec)
	if err != nil {
		return modules.Result{}, err
	}
	wrong := parameters{spec}.check(given)
	data := modules.Data("validate_args_context", m.Context)
	if len(wrong) == 0 {
		return modules.Result{Msg: "The arg spec validation passed", Data: data}, nil
	}
	data.Set("argument_spec_data", m.ArgumentSpec)
	data.Set("argument_errors", values.Strings(wrong...))
	return modules.Result{Data: data}, errors.New("Validation of arguments failed:\n" + strings.Join(wrong, "\n"))
}

// given are the arguments: variables of the parameters' names, under what was given by hand.
func (m *Module) given(spec *values.Map) (*values.Map, error) {
	all := values.NewMap(spec.Len())
	for name := range spec.All() {
		v, err := m.evaluator.Evaluate(values.Text(name))
		if errors.Is(err, modules.ErrUndefined) {
			continue
		}
		if err != nil {
			return nil, err
		}
		all.SetKey(name, v)
	}
	if provided, ok := m.ProvidedArguments.AsMap(); ok {
		for name, v := range provided.All() {
			all.SetKey(name, v)
		}
	}
	return all, nil
}
