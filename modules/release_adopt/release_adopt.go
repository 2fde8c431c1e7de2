// Package release_adopt makes a release of a plain directory that a deploy by hand left at
// the webroot's place, so that the first rollback can return to it.
package release_adopt

import (
	"context"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "release_adopt", Fenced: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	release.Place
}

// Run adopts the directory, if there is one.
func (m *Module) Run(_ context.Context, sys modules.System) (modules.Result, error) {
	if err := release.Fence(sys); err != nil {
		return modules.Result{}, err
	}
	version, err := release.Adopt(sys, m.Layout())
	data, _ := values.MapOf("version", values.String(version)).AsMap()
	return modules.Result{Data: data}, err
}
