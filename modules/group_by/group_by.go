// Package group_by puts a host into a group that is named for what was found on it.
package group_by

import (
	"context"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "group_by", Where: modules.OnController, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Key     string   `json:"key" required:"true" help:"the group, mostly with a variable in it; spaces become -"`
	Parents []string `json:"parents" default:"all" help:"the groups that this group belongs to"`
}

// Run tells the executor, which knows the inventory.
func (m *Module) Run(context.Context, modules.System) (modules.Result, error) {
	parents := make([]string, len(m.Parents))
	for i, name := range m.Parents {
		parents[i] = dashed(name)
	}
	return modules.Result{Data: modules.Data(
		"add_group", values.String(dashed(m.Key)), "parent_groups", values.Strings(parents...))}, nil
}

func dashed(name string) string { return strings.ReplaceAll(name, " ", "-") }
