// Package lb takes a server out of its load balancer and puts it back, and asks how the
// balancer has it. It runs where the balancer is (delegate_to).
package lb

import (
	"context"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/balancer"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "lb", Fenced: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	State      string            `json:"state" required:"true" choices:"query,drain,maint,ready" help:"query: only ask; drain: no new sessions, and wait until those that are open have ended; maint: nothing at all; ready: back in, and wait until the balancer sees it up"`
	Driver     string            `json:"driver" default:"haproxy" choices:"haproxy,command,none" help:"the kind of balancer: haproxy by its runtime socket, command for any other by commands of yours, none where there is none"`
	Backend    string            `json:"backend" help:"the group of servers, as the balancer names it; for haproxy several with commas"`
	Server     string            `json:"server" help:"the server, as the balancer names it"`
	Address    string            `json:"address" help:"the server's host:port, for the line to add where the balancer does not know it"`
	Socket     string            `json:"socket" type:"path" default:"/run/haproxy/admin.sock" help:"haproxy's runtime socket, a path or host:port; it needs level admin"`
	Commands   map[string]string `json:"commands" help:"for driver command: the shell command for each of drain, maint, ready; query prints ready, drain, maint or unknown, and may add the number of open sessions"`
	Timeout    time.Duration     `json:"timeout" default:"60" help:"how long to wait for sessions to end, or for the server to be seen up"`
	AtDeadline string            `json:"at_deadline" default:"fail" choices:"fail,go_on" help:"what happens when that time is over; go_on cuts open sessions off, with a warning"`
}

// Validate checks what each driver needs.
func (m *Module) Validate() error {
	switch m.Driver {
	case "haproxy":
		return modules.RequiredIf("driver", "haproxy", true, "backend", m.Backend != "", "server", m.Server != "")
	case "command":
		if m.State != "query" && strings.TrimSpace(m.Commands[m.State]) == "" {
			return modules.Invalid("driver command has no command for state %s: give commands: {%s: '...'}", m.State, m.State)
		}
	}
	return nil
}

// Run asks, or moves the server and waits.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	driver := m.driver()
	if m.State == "query" || m.Driver == "none" {
		status, err := driver.Query(ctx, sys)
		return modules.Result{Data: m.data(status)}, err
	}
	if err := release.Fence(sys); err != nil {
		return modules.Result{}, err
	}
	before, after, err := balancer.Move(ctx, sys, driver, balancer.State(m.State), m.Timeout)
	result := modules.Result{Data: m.data(after)}
	result.Data.Set("before", values.String(string(before.State)))
	if balancer.IsDeadline(err) && m.AtDeadline == "go_on" {
		result.Warnings = append(result.Warnings, err.Error())
		err = nil
	}
	return result, err
}

func (m *Module) driver() balancer.Driver {
	switch m.Driver {
	case "none":
		return balancer.None{}
	case "command":
		return balancer.Command{Server: m.Server, Backend: m.Backend, Address: m.Address, Commands: m.Commands}
	}
	return balancer.HAProxy{Socket: m.Socket, Backends: split(m.Backend), Server: m.Server, Address: m.Address}
}

func split(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}

// data is the status for register. A balancer that cannot be asked is taken to have the
// server ready, so that what a playbook puts back is "ready".
func (m *Module) data(s balancer.Status) *values.Map {
	if s.Known && s.State == "" {
		s.State = balancer.Ready
	}
	data, _ := values.MapOf(
		"known", values.Bool(s.Known),
		"state", values.String(string(s.State)),
		"up", values.Bool(s.Up),
		"check", values.String(s.Check),
		"sessions", values.Int(int64(s.Sessions)),
		"weight", values.Int(int64(s.Weight)),
		"line", values.String(s.Line),
		"backend", values.String(m.Backend),
		"server", values.String(m.Server),
	).AsMap()
	return data
}
