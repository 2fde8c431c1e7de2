// Package lb takes a server out of its load balancer and puts it back, and asks how the
// balancer has it. It runs where the balancer is (delegate_to).
package lb

import (
	"cmp"
	"context"
	"net/url"
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
	Driver     string            `json:"driver" default:"haproxy" choices:"haproxy,nginx,ipvs,http,command,none" help:"the kind of balancer: haproxy by its runtime socket, nginx by its upstream file, ipvs by ipvsadm, http for an application that leaves by a URL or file of its own, command for any other by commands of yours, none where there is none"`
	Backend    []string          `json:"backend" aliases:"upstream" help:"the group of servers, as the balancer names it, or several: haproxy's backends, nginx's upstreams (by default all of the file), ipvs's virtual services as 10.0.0.1:80, udp:10.0.0.1:53 or fwmark:1"`
	Server     string            `json:"server" help:"the server, as the balancer names it"`
	Address    string            `json:"address" help:"the server's host:port; nginx and ipvs know it by that, http counts the connections to its port, others name it where the balancer does not know it"`
	Socket     []string          `json:"socket" type:"path" default:"/run/haproxy/admin.sock" help:"haproxy's runtime socket, a path or host:port, or several where there are several processes; it needs level admin"`
	File       string            `json:"file" type:"path" help:"for nginx the file with the upstream; for http a file that is there while the server is in"`
	Commands   map[string]string `json:"commands" help:"for command the shell command for each of drain, maint, ready, and query, which prints ready, drain, maint or unknown, and may add the number of open sessions; for nginx test and reload, by default nginx -t and nginx -s reload"`
	PIDFile    string            `json:"pid_file" type:"path" default:"/run/nginx.pid" help:"for nginx: names its master process, so that it can be seen when a reload has happened"`
	DrainURL   string            `json:"drain_url" help:"for http: what is asked for the server to leave; http only, as the host sees it"`
	ReadyURL   string            `json:"ready_url" help:"for http: what is asked for the server to come back"`
	StateURL   string            `json:"state_url" help:"for http: answers 200 for ready and 503 for drained, or with the words of a query command"`
	Method     string            `json:"method" default:"POST" help:"for http: the method for drain_url and ready_url"`
	Settle     time.Duration     `json:"settle" default:"5" help:"for http: how long the balancer needs to notice"`
	StateDir   string            `json:"state_dir" type:"path" default:"/var/lib/gdeploy/lb" help:"where that is kept which the balancer cannot tell: ipvs's weights, and the last state for command without query and http without state_url"`
	Timeout    time.Duration     `json:"timeout" default:"60" help:"how long to wait for sessions to end, or for the server to be seen up"`
	AtDeadline string            `json:"at_deadline" default:"fail" choices:"fail,go_on" help:"what happens when that time is over; go_on cuts open sessions off, with a warning"`
}

// Validate checks what each driver needs.
func (m *Module) Validate() error {
	m.Backend, m.Socket = words(m.Backend), words(m.Socket)
	needs := func(pairs ...any) error { return modules.RequiredIf("driver", m.Driver, true, pairs...) }
	switch m.Driver {
	case "haproxy":
		return needs("backend", len(m.Backend) > 0, "server", m.Server != "", "socket", len(m.Socket) > 0)
	case "nginx":
		return needs("file", m.File != "", "address", m.Address != "")
	case "ipvs":
		return needs("backend", len(m.Backend) > 0, "address", m.Address != "")
	case "http":
		return m.validateHTTP()
	case "command":
		if m.State != "query" && strings.TrimSpace(m.Commands[m.State]) == "" {
			return modules.Invalid("driver command has no command for state %s: give commands: {%s: '...'}", m.State, m.State)
		}
	}
	return nil
}

func (m *Module) validateHTTP() error {
	if m.File != "" {
		if m.DrainURL != "" || m.ReadyURL != "" || m.StateURL != "" {
			return modules.Invalid("driver http goes by file or by URLs, not by both")
		}
		return nil
	}
	if m.DrainURL == "" || m.ReadyURL == "" {
		return modules.Invalid("driver http needs drain_url and ready_url, or file")
	}
	for _, u := range []struct{ name, text string }{{"drain_url", m.DrainURL}, {"ready_url", m.ReadyURL}, {"state_url", m.StateURL}} {
		parsed, err := url.Parse(u.text)
		switch {
		case u.text == "":
		case err == nil && parsed.User != nil:
			return modules.Invalid("%s has a user or a password in it, which are not sent; use driver: command, with curl", u.name)
		case err != nil || parsed.Scheme != "http" || parsed.Host == "":
			return modules.Invalid("%q must be like http://127.0.0.1:8080/drain; for https use driver: command, with curl", u.text)
		}
	}
	return nil
}

// Run asks, or moves the server and waits.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	driver := m.driver()
	if m.State == "query" || m.Driver == "none" {
		return m.query(ctx, sys, driver)
	}
	if err := release.Fence(sys); err != nil {
		return modules.Result{}, err
	}
	if err := balancer.NoteTaken(ctx, sys, driver, balancer.State(m.State)); err != nil {
		return modules.Result{}, err
	}
	before, after, err := balancer.Move(ctx, sys, driver, balancer.State(m.State), m.Timeout)
	result := modules.Result{Data: m.data(after)}
	result.Data.Set("before", values.String(named(before)))
	switch {
	case balancer.IsDeadline(err) && m.AtDeadline != "go_on":
		result.Changed = before.State != after.State // it failed, and moved the server all the same
	case balancer.IsDeadline(err):
		result.Warnings = append(result.Warnings, err.Error())
		err = nil
	}
	if err == nil {
		err = balancer.ForgetTaken(sys, driver, balancer.State(m.State))
	}
	return result, err
}

// query asks how the balancer has the server, and where a run took it out and did not put
// it back, which one that was and how it was found.
func (m *Module) query(ctx context.Context, sys modules.System, driver balancer.Driver) (modules.Result, error) {
	status, err := driver.Query(ctx, sys)
	if err != nil {
		return modules.Result{Data: m.data(status)}, err
	}
	found, by := named(status), ""
	taken, ok, err := balancer.ReadTaken(sys, driver)
	data := m.data(status)
	if ok && status.State != balancer.Ready {
		if taken.Found != "" {
			found, by = string(taken.Found), taken.String()
		}
		data.Set("taken_run", values.String(taken.Run))
		data.Set("taken_who", values.String(taken.Who))
		data.Set("taken_since", values.String(taken.Since.UTC().Format(time.RFC3339)))
	}
	data.Set("found", values.String(found))
	data.Set("taken_by", values.String(by))
	return modules.Result{Data: data}, err
}

func (m *Module) driver() balancer.Driver {
	switch m.Driver {
	case "none":
		return balancer.None{}
	case "nginx":
		return balancer.NGINX{
			File: m.File, Upstreams: m.Backend, Server: m.Server, Address: m.Address, PIDFile: m.PIDFile,
			Test: cmp.Or(m.Commands["test"], "nginx -t"), Reload: cmp.Or(m.Commands["reload"], "nginx -s reload"),
		}
	case "ipvs":
		return balancer.IPVS{Services: m.Backend, Address: m.Address, Server: m.Server, StateDir: m.StateDir}
	case "http":
		return balancer.HTTP{
			Server: m.Server, Address: m.Address, File: m.File, Method: m.Method,
			Drain: m.DrainURL, Ready: m.ReadyURL, State: m.StateURL, Settle: m.Settle, StateDir: m.StateDir,
		}
	case "command":
		return balancer.Command{Server: m.Server, Backend: strings.Join(m.Backend, ","), Address: m.Address, Commands: m.Commands, StateDir: m.StateDir}
	}
	return balancer.HAProxy{Sockets: m.Socket, Backends: m.Backend, Server: m.Server, Address: m.Address}
}

// words takes the elements of a list apart that have several words, and drops empty ones.
func words(list []string) []string { return strings.Fields(strings.Join(list, " ")) }

// named is the state for register: "unknown" where neither the balancer nor gdeploy knows.
func named(s balancer.Status) string {
	if s.Known && s.State == "" {
		return "unknown"
	}
	return string(s.State)
}

// data is the status for register.
func (m *Module) data(s balancer.Status) *values.Map {
	data, _ := values.MapOf(
		"known", values.Bool(s.Known),
		"state", values.String(named(s)),
		"up", values.Bool(s.Up),
		"check", values.String(s.Check),
		"sessions", values.Int(int64(s.Sessions)),
		"weight", values.Int(int64(s.Weight)),
		"line", values.String(s.Line),
		"backend", values.String(strings.Join(m.Backend, ",")),
		"server", values.String(m.Server),
	).AsMap()
	return data
}
