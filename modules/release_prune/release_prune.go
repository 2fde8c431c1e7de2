// Package release_prune removes old releases, and never one that is in use.
package release_prune

import (
	"context"
	"fmt"

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
	result := modules.Result{Data: data}
	if err == nil {
		result.Warnings, err = m.stay(sys)
	}
	return result, err
}

// stay names the releases that are not live and cannot go, since something is mounted in them.
func (m *Module) stay(sys modules.System) (warnings []string, err error) {
	l := m.Layout()
	mounted, err := release.Mounted(sys, l)
	if err != nil || len(mounted) == 0 {
		return nil, err
	}
	ledger, err := release.Read(sys, l)
	if err != nil {
		return nil, err
	}
	_, live, err := release.Live(sys, l, ledger)
	for _, r := range ledger.Releases() {
		if place := mounted[r.Version]; place != "" && r.Version != live {
			warnings = append(warnings, fmt.Sprintf("release %s stays, since a file system is mounted at %s: unmount it, and the next deploy removes it when it is old", r.Version, place))
		}
	}
	return warnings, err
}
