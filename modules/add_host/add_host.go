// Package add_host makes a host known to the rest of the run.
package add_host

import (
	"context"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "add_host", Where: modules.OnController, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Name   string       `json:"name" aliases:"host,hostname" help:"the host; a port may follow behind a colon"`
	Groups values.Value `json:"groups" aliases:"group,groupname" help:"the groups that it joins: a list, or names with commas between them; new ones are made"`
	Vars   values.Map   `json:"*" help:"variables of the host"`
}

// Validate wants a name.
func (m *Module) Validate() error {
	if m.Name == "" {
		return modules.Invalid("name, host or hostname needs to be provided")
	}
	return nil
}

// Run tells the executor, which knows the inventory.
func (m *Module) Run(context.Context, modules.System) (modules.Result, error) {
	name, port := address(m.Name)
	vars := m.Vars.Clone()
	if port > 0 {
		vars.Set("ansible_ssh_port", values.Int(port))
	}
	return modules.Result{Data: modules.Data("add_host", values.MapOf(
		"host_name", values.String(name),
		"groups", values.Strings(m.groups()...),
		"host_vars", values.FromMap(vars)))}, nil
}

func (m *Module) groups() []string {
	names := strings.Split(values.Text(m.Groups), ",")
	if m.Groups.Kind() == values.KindList {
		names = nil
		for _, item := range m.Groups.Items() {
			names = append(names, values.Text(item))
		}
	}
	groups := []string{}
	for _, name := range names {
		if name = strings.TrimSpace(name); name != "" && !m.Groups.IsNull() {
			groups = append(groups, name)
		}
	}
	return groups
}

// address divides host:port and [address]:port; the port is 0 where there is none.
func address(text string) (host string, port int64) {
	at := strings.LastIndexByte(text, ':')
	if at < 0 {
		return text, 0
	}
	host = text[:at]
	inner, bracketed := strings.CutPrefix(host, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	n, err := strconv.ParseInt(text[at+1:], 10, 32)
	switch {
	case err != nil || n < 1:
		return text, 0
	case bracketed && closed:
		return inner, n
	case strings.Contains(host, ":"):
		return text, 0 // an IPv6 address
	}
	return host, n
}
