// Package set_stats keeps figures of the run's own, which the end of the run shows.
package set_stats

import (
	"context"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "set_stats", Where: modules.OnController, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Data      values.Map `json:"data" help:"the figures, each with its value"`
	PerHost   bool       `json:"per_host" default:"no" help:"keep them for each host, not for the run"`
	Aggregate bool       `json:"aggregate" default:"yes" help:"add to the figure of the same name that is there: numbers and texts are added, lists and dicts joined; no replaces it"`
}

// Validate wants names that could be variables.
func (m *Module) Validate() error {
	for _, key := range m.Data.Keys() {
		if name := values.Text(key); !isName(name) {
			return modules.Invalid("The variable name '%s' is not valid. Variables must start with a letter or underscore character, and contain only letters, numbers and underscores.", name)
		}
	}
	return nil
}

func isName(s string) bool {
	letters := strings.TrimLeft(s, "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
	return s != "" && letters == "" && (s[0] < '0' || s[0] > '9')
}

// Run tells the executor, which keeps them.
func (m *Module) Run(context.Context, modules.System) (modules.Result, error) {
	return modules.Result{Data: modules.Data("ansible_stats", values.MapOf(
		"data", values.FromMap(&m.Data), "per_host", values.Bool(m.PerHost), "aggregate", values.Bool(m.Aggregate)))}, nil
}
