// Package wait_for waits until a port or a file is in the state that is wanted.
package wait_for

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "wait_for", Check: modules.Skip, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Host             string        `json:"host" default:"127.0.0.1" help:"where the port is, as seen from the managed host"`
	Port             *int          `json:"port" help:"the TCP port to watch"`
	Path             string        `json:"path" type:"path" help:"the file to watch"`
	State            string        `json:"state" default:"started" choices:"absent,drained,present,started,stopped" help:"what to wait for: port open or file there (started, present), port closed or file gone (stopped, absent), no connection left (drained)"`
	SearchRegex      string        `json:"search_regex" help:"wait until the file, or what the port sends, matches this"`
	Timeout          time.Duration `json:"timeout" default:"300" help:"when to give up"`
	Delay            time.Duration `json:"delay" default:"0" help:"how long to wait before the first look"`
	Sleep            time.Duration `json:"sleep" default:"1" help:"how long to wait between two looks"`
	ConnectTimeout   time.Duration `json:"connect_timeout" default:"5" help:"how long one connection may take"`
	ExcludeHosts     []string      `json:"exclude_hosts" help:"peers whose connections do not count, with state=drained"`
	ConnectionStates []string      `json:"active_connection_states" default:"ESTABLISHED,FIN_WAIT1,FIN_WAIT2,SYN_RECV,SYN_SENT,TIME_WAIT" help:"connections in these states count, with state=drained"`
	Msg              string        `json:"msg" help:"what to say when it gives up"`

	regex *regexp.Regexp
}

// Validate keeps what does not go together apart.
func (m *Module) Validate() error {
	var errs []error
	fail := func(bad bool, format string, args ...any) {
		if bad {
			errs = append(errs, modules.Invalid(format, args...))
		}
	}
	fail(m.Port != nil && m.Path != "", "port and path parameter can not both be passed to wait_for")
	fail(m.Path != "" && (m.State == "stopped" || m.State == "drained"), "state=%s should only be used for checking a port in the wait_for module", m.State)
	fail(len(m.ExcludeHosts) > 0 && m.State != "drained", "exclude_hosts should only be with state=drained")
	for _, state := range m.ConnectionStates {
		fail(tcpStates[state] == "", "unknown active_connection_state (%s) defined", state)
	}
	regex, err := regexp.Compile("(?m)" + m.SearchRegex)
	m.regex = regex
	fail(err != nil, "search_regex: %v", err)
	return errors.Join(errs...)
}

// Run looks again and again.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	start := sys.Now()
	limited, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	if err := sleep(limited, m.Delay); err != nil && ctx.Err() != nil {
		return modules.Result{}, ctx.Err()
	}
	if m.Port == nil && m.Path == "" && m.State != "drained" {
		<-limited.Done()
		return m.result(sys, start, nil), ctx.Err()
	}
	for {
		match, done, err := m.look(limited, sys)
		if done || err != nil {
			return m.result(sys, start, match), err
		}
		if sleep(limited, m.Sleep) == nil {
			continue
		}
		if ctx.Err() != nil {
			return modules.Result{}, ctx.Err()
		}
		return modules.Result{Data: modules.Data("elapsed", elapsed(sys, start))}, errors.New(m.gaveUp())
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return ctx.Err()
	}
}

// look reports whether it is as wanted.
func (m *Module) look(ctx context.Context, sys modules.System) (match []string, done bool, err error) {
	switch {
	case m.State == "drained":
		n, err := m.connections(sys)
		return nil, n == 0, err
	case m.Port == nil && m.State == "absent":
		return nil, !exists(sys, m.Path), nil
	case m.Port == nil:
		return m.file(sys)
	case m.State == "absent" || m.State == "stopped":
		return nil, !m.open(ctx, sys) && ctx.Err() == nil, nil // an attempt that was given up tells nothing
	}
	return m.answer(ctx, sys)
}

func exists(sys modules.System, name string) bool {
	_, err := sys.Stat(name)
	return err == nil
}

// file looks for a file, and in it where there is a search_regex.
func (m *Module) file(sys modules.System) ([]string, bool, error) {
	if !exists(sys, m.Path) {
		return nil, false, nil
	}
	if m.SearchRegex == "" {
		return nil, true, nil
	}
	content, err := modules.ReadFile(sys, m.Path, 256<<20)
	if err != nil {
		return nil, false, nil // it may be going or coming; the next look tells
	}
	match := m.regex.FindStringSubmatch(string(content))
	return match, match != nil, nil
}

func (m *Module) gaveUp() string {
	if m.Msg != "" {
		return m.Msg
	}
	at := m.Path
	if m.Port != nil {
		at = fmt.Sprintf("%s:%d", m.Host, *m.Port)
	}
	switch {
	case m.State == "drained":
		return fmt.Sprintf("Timeout when waiting for %s to drain", at)
	case m.Port == nil && m.State == "absent":
		return fmt.Sprintf("Timeout when waiting for %s to be absent.", at)
	case m.State == "absent" || m.State == "stopped":
		return fmt.Sprintf("Timeout when waiting for %s to stop.", at)
	case m.SearchRegex != "":
		return fmt.Sprintf("Timeout when waiting for search string %s in %s", m.SearchRegex, at)
	case m.Port == nil:
		return fmt.Sprintf("Timeout when waiting for file %s", at)
	}
	return fmt.Sprintf("Timeout when waiting for %s", at)
}

func elapsed(sys modules.System, start time.Time) values.Value {
	return values.Int(int64(sys.Now().Sub(start) / time.Second))
}

func (m *Module) result(sys modules.System, start time.Time, match []string) modules.Result {
	groups, named := values.Strings(), values.NewMap(0)
	for i, name := range m.regex.SubexpNames() {
		if i == 0 || i >= len(match) {
			continue
		}
		groups = values.FromSlice(append(groups.Items(), values.String(match[i])))
		if name != "" {
			named.Set(name, values.String(match[i]))
		}
	}
	port, file, search := values.Null, values.Null, values.Null
	if m.Port != nil {
		port = values.Int(int64(*m.Port))
	}
	if m.Path != "" {
		file = values.String(m.Path)
	}
	if m.SearchRegex != "" {
		search = values.String(m.SearchRegex)
	}
	data := modules.Data(
		"state", values.String(m.State), "port", port, "search_regex", search, "path", file,
		"match_groups", groups, "match_groupdict", values.FromMap(named), "elapsed", elapsed(sys, start))
	if m.Path != "" {
		modules.AddFile(data, sys, m.Path) // which makes state that of the file, as in Ansible
	}
	return modules.Result{Data: data}
}

// address is where to connect to.
func (m *Module) address() string {
	if ip, err := netip.ParseAddr(m.Host); err == nil && ip.Is6() {
		return fmt.Sprintf("[%s]:%d", m.Host, *m.Port)
	}
	return fmt.Sprintf("%s:%d", m.Host, *m.Port)
}
