// Package release_mark records in the ledger what became of a release.
package release_mark

import (
	"context"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "release_mark", Fenced: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	release.Place
	Version string `json:"version" required:"true" help:"the release"`
	State   string `json:"state" required:"true" choices:"good,bad,pinned,unpinned" help:"good: it passed its test while live; bad: it failed; pinned: it is never pruned"`
}

// Run marks the release.
func (m *Module) Run(_ context.Context, sys modules.System) (modules.Result, error) {
	if err := release.Fence(sys); err != nil {
		return modules.Result{}, err
	}
	return modules.Result{}, release.Mark(sys, m.Layout(), m.Version, release.Event(m.State))
}
