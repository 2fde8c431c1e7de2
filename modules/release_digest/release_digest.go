// Package release_digest computes the digest that a release's configuration would get.
package release_digest

import (
	"context"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "release_digest", New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Layers []modules.Tree `json:"layers" from:"controller,optional,j2" required:"true" help:"directories on the controller, later ones laid over earlier; missing ones are empty; files that end in .j2 are rendered"`
	Node   []modules.Tree `json:"node" from:"controller,optional,j2" help:"the same for a node's own files, which get a digest of their own"`
}

// Run computes the digests; one is empty where its layers hold no file.
func (m *Module) Run(context.Context, modules.System) (modules.Result, error) {
	d := release.Staging{Config: m.Layers, Node: m.Node}.Digests()
	return modules.Result{Data: modules.Data("digest", values.String(d.Config), "node", values.String(d.Node))}, nil
}
