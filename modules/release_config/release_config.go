// Package release_config shows what a release would change in the configuration that is live.
package release_config

import (
	"context"
	"slices"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "release_config", New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	release.Place
	Config []modules.Tree `json:"config" from:"controller,optional,j2" help:"directories on the controller as release_stage takes them"`
	Node   []modules.Tree `json:"node" from:"controller,optional,j2" help:"the same for this node's own files"`
}

// Run compares, and changes nothing.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	return modules.Result{}, release.CompareConfig(ctx, sys, m.Layout(), slices.Concat(m.Config, m.Node))
}
