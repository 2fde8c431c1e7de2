// Package set_fact sets variables of a host for the rest of the run.
package set_fact

import (
	"context"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "set_fact", Where: modules.OnController, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Cacheable bool       `json:"cacheable" default:"no" help:"keep the variables in the fact cache too"`
	Facts     values.Map `json:"*" help:"the variables, each with its value"`

	typed bool
}

// UseTypes is told whether templates keep types: then a text is meant to be one.
func (m *Module) UseTypes(kept bool) { m.typed = kept }

// Validate wants names that can be variables, or templates of such.
func (m *Module) Validate() error {
	if m.Facts.Len() == 0 {
		return modules.Invalid("No key/value pairs provided, at least one is required for this action to succeed")
	}
	for _, key := range m.Facts.Keys() {
		if name := values.Text(key); !isName(name) && !strings.Contains(name, "{{") {
			return modules.Invalid("The variable name '%s' is not valid. Variables must start with a letter or underscore character, and contain only letters, numbers and underscores.", name)
		}
	}
	return nil
}

func isName(s string) bool {
	for i, c := range s {
		letter := c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// Run hands the variables back as facts. Words for true and false become bools, as in
// Ansible, unless templates keep types.
func (m *Module) Run(context.Context, modules.System) (modules.Result, error) {
	facts := values.NewMap(m.Facts.Len())
	for key, value := range m.Facts.All() {
		if !m.typed {
			value = truth(value)
		}
		facts.Set(values.Text(key), value)
	}
	data := modules.Data("ansible_facts", values.FromMap(facts))
	return modules.Result{Facts: facts, CacheFacts: m.Cacheable, Data: data}, nil
}

func truth(v values.Value) values.Value {
	s, _ := v.AsString()
	switch strings.ToLower(s) {
	case "yes", "true":
		return values.True
	case "no", "false":
		return values.False
	}
	return v
}
