// Package release_digest computes the sha256 that a release's configuration or node files
// get, without packing anything.
package release_digest

import (
	"context"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "release_digest", ReadOnly: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Layers []string `json:"layers" required:"true" help:"directories, later ones laid over earlier; missing ones are empty"`
}

// Run computes the digest; it is empty where the layers hold no file.
func (m *Module) Run(_ context.Context, sys modules.System) (modules.Result, error) {
	digest, err := release.ConfigDigest(sys, m.Layers)
	data, _ := values.MapOf("digest", values.String(digest)).AsMap()
	return modules.Result{Data: data}, err
}
