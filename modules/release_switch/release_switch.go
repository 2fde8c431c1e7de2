// Package release_switch makes a staged release live, by renaming a new symlink over the
// old one.
package release_switch

import (
	"context"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "release_switch", Fenced: true, AwaitsSignal: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	release.Place
	Version string `json:"version" required:"true" help:"the release to make live; empty takes the webroot away where the release \"failed\" is live"`
	Verify  bool   `json:"verify" default:"yes" help:"compare the release's files with its manifest first"`
	Back    bool   `json:"back" default:"no" help:"this takes the host back: nobody shall go back again to the release that it leaves"`
	Failed  string `json:"failed" help:"with an empty version: the release that is live and failed"`
	Restore string `json:"restore" help:"with an empty version: what the webroot is to point to again, where it pointed to something that was no release"`
}

// Run switches.
func (m *Module) Run(_ context.Context, sys modules.System) (modules.Result, error) {
	if err := release.Fence(sys); err != nil {
		return modules.Result{}, err
	}
	done, err := m.do(sys)
	if err != nil {
		return modules.Result{}, err
	}
	data, _ := values.MapOf("app", values.String(m.App), "from", values.String(done.From), "to", values.String(done.To), "revision", values.String(done.Revision)).AsMap()
	return modules.Result{Data: data, Effect: done.At}, nil
}

func (m *Module) do(sys modules.System) (release.Switching, error) {
	if m.Version == "" {
		return release.Unlink(sys, m.Layout(), m.Failed, m.Restore)
	}
	return release.Switch(sys, m.Layout(), m.Version, m.Verify, release.Direction(m.Back))
}
