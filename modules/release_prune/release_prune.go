// Package release_prune removes old releases, and never one that is in use.
package release_prune

import (
	"context"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "release_prune", Fenced: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	release.Place
	Keep    int      `json:"keep" default:"5" help:"how many releases to keep; the live, the previous and pinned ones always stay"`
	Protect []string `json:"protect" help:"further releases that stay"`
}

// Run removes what is too much.
func (m *Module) Run(_ context.Context, sys modules.System) (modules.Result, error) {
	if err := release.Fence(sys); err != nil {
		return modules.Result{}, err
	}
	removed, err := release.Prune(sys, m.Layout(), m.Keep, m.Protect)
	data, _ := values.MapOf("removed", values.Strings(removed...)).AsMap()
	return modules.Result{Data: data}, err
}
