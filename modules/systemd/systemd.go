// Package systemd starts, stops, enables and masks systemd's units.
package systemd

import (
	"context"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/systemd/units"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "systemd", ReadOnly: true, Aliases: []string{"systemd_service"}, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Name         string `json:"name" aliases:"service,unit" help:"the unit; without a suffix it is a service"`
	State        string `json:"state" choices:"reloaded,restarted,started,stopped" help:"started and stopped only act where it is not so yet; restarted and reloaded always, and start what is stopped"`
	Enabled      *bool  `json:"enabled" help:"whether it starts with the machine"`
	Masked       *bool  `json:"masked" help:"whether it cannot be started at all"`
	DaemonReload bool   `json:"daemon_reload" aliases:"daemon-reload" default:"no" help:"have systemd read its unit files again, first of all"`
	DaemonReexec bool   `json:"daemon_reexec" aliases:"daemon-reexec" default:"no" help:"have systemd start itself anew, first of all"`
	Scope        string `json:"scope" default:"system" choices:"system,user,global" help:"the machine's units, those of the user that the task runs as, or those of all users"`
	NoBlock      bool   `json:"no_block" default:"no" help:"do not wait until it is done"`
	Force        bool   `json:"force" default:"no" help:"replace symlinks that are in the way"`
}

// Validate checks that there is something to do.
func (m *Module) Validate() error {
	if m.Name == "" && (m.State != "" || m.Enabled != nil || m.Masked != nil) {
		return modules.Problem{Msg: "state, enabled and masked need the parameter \"name\"", Ansible: "missing parameter(s) required by '" + m.first() + "': name"}
	}
	if strings.HasPrefix(m.Name, "-") || strings.ContainsAny(m.Name, " \t\n*?[") {
		return modules.Invalid("%q is no name of one unit", m.Name)
	}
	if m.Scope == "global" && m.State != "" {
		return modules.Invalid("scope global only enables and masks: state %s needs the scope system or user", m.State)
	}
	return modules.OneOf("state", m.State != "", "enabled", m.Enabled != nil, "masked", m.Masked != nil,
		"daemon_reload", m.DaemonReload, "daemon_reexec", m.DaemonReexec)
}

// first names the first parameter that says how a unit shall be.
func (m *Module) first() string {
	switch {
	case m.State != "":
		return "state"
	case m.Enabled != nil:
		return "enabled"
	}
	return "masked"
}

// Run brings the unit to the wanted state.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	manager := units.Systemd{Scope: m.Scope, NoBlock: m.NoBlock, Force: m.Force}
	wanted := units.Wanted{Name: m.Name, State: m.State, Enabled: m.Enabled, Masked: m.Masked, Reload: m.DaemonReload, Reexec: m.DaemonReexec}
	data, err := manager.Bring(ctx, sys, wanted)
	return modules.Result{Data: data}, err
}
