// Package release_hold sets and lifts the hold that keeps deploys of an application off a
// host.
package release_hold

import (
	"context"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "release_hold", New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Path   string `json:"path" type:"path" required:"true" help:"the file of the hold"`
	State  string `json:"state" default:"present" choices:"present,absent" help:"present: set it, where there is none yet; absent: lift it"`
	Reason string `json:"reason" help:"why nobody shall deploy; those who try are told"`
}

// Validate wants a reason for a hold.
func (m *Module) Validate() error {
	return modules.RequiredIf("state", m.State, m.State == "present", "reason", strings.TrimSpace(m.Reason) != "")
}

// Run sets the hold or lifts it, and tells who had set it.
func (m *Module) Run(_ context.Context, sys modules.System) (modules.Result, error) {
	hold, there, err := release.ReadHold(sys, m.Path)
	if err != nil {
		return modules.Result{}, err
	}
	if m.State == "absent" {
		err = sys.Remove(m.Path)
	} else {
		hold, err = release.PutOnHold(sys, m.Path, m.Reason)
	}
	data, _ := values.MapOf("was_on_hold", values.Bool(there), "by", values.String(told(hold))).AsMap()
	return modules.Result{Data: data}, err
}

func told(h release.Hold) string {
	if h == (release.Hold{}) {
		return ""
	}
	return h.String()
}
