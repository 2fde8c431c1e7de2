// Package service starts, stops and enables services, whatever a host starts them with.
package service

import (
	"context"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/systemd/units"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "service", ReadOnly: true,
	New: func() modules.Module { return new(Module) },
	Refused: map[string]string{
		"sleep": "restarted starts a service that has stopped; with init scripts put the pause into the script",
	},
}

// Module holds the parameters.
type Module struct {
	Name      string `json:"name" required:"true" help:"the service"`
	State     string `json:"state" choices:"reloaded,restarted,started,stopped" help:"started and stopped only act where it is not so yet; restarted and reloaded always, and start what is stopped"`
	Enabled   *bool  `json:"enabled" help:"whether it starts with the machine"`
	Use       string `json:"use" default:"auto" choices:"auto,systemd,service,sysvinit" help:"what starts services there; auto finds out"`
	Pattern   string `json:"pattern" help:"with init scripts: text in the output of ps that shows that it runs"`
	Runlevel  string `json:"runlevel" default:"default" help:"with OpenRC: the runlevel that it is enabled in"`
	Arguments string `json:"arguments" aliases:"args" help:"with init scripts: more arguments for the script"`
}

// Validate checks the name.
func (m *Module) Validate() error {
	if strings.HasPrefix(m.Name, "-") || strings.ContainsAny(m.Name, "/ \t\n*?[") {
		return modules.Invalid("%q is no name of a service", m.Name)
	}
	return nil
}

// Run brings the service to the wanted state.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	wanted := units.Wanted{Name: m.Name, State: m.State, Enabled: m.Enabled}
	if m.systemd(sys) {
		data, err := units.Systemd{Scope: "system"}.Bring(ctx, sys, wanted)
		return modules.Result{Data: data, Warnings: m.useless()}, err
	}
	scripts := units.Scripts{Arguments: strings.Fields(m.Arguments), Pattern: m.Pattern, Runlevel: m.Runlevel}
	data, err := scripts.Bring(ctx, sys, wanted)
	return modules.Result{Data: data}, err
}

func (m *Module) systemd(sys modules.System) bool {
	if m.Use != "auto" {
		return m.Use == "systemd"
	}
	_, err := sys.Stat("/run/systemd/system")
	return err == nil
}

// useless names parameters that systemd has no use for.
func (m *Module) useless() []string {
	if m.Pattern == "" && m.Arguments == "" {
		return nil
	}
	return []string{"pattern and arguments are for init scripts; systemd knows by itself"}
}
