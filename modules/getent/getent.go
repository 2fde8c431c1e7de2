// Package getent looks up what a host's name services know: users, groups, hosts.
package getent

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "getent", ReadOnly: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Database string `json:"database" required:"true" help:"what to look in: passwd, group, hosts, services and so on"`
	Key      string `json:"key" default:"" help:"what to look for; all by default"`
	Service  string `json:"service" help:"ask only this service of nsswitch.conf"`
	Split    string `json:"split" help:"what stands between the fields; : for passwd, group and their shadows, else spaces"`
	FailKey  bool   `json:"fail_key" default:"yes" help:"fail where key is not found; otherwise it is null"`
}

var reasons = map[int]string{
	1: "Missing arguments, or database unknown.",
	2: "One or more supplied key could not be found in the database.",
	3: "Enumeration not supported on this database.",
}

// Run asks the program getent.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	argv := []string{"getent"}
	if m.Service != "" {
		argv = append(argv, "-s", m.Service)
	}
	argv = append(argv, m.Database)
	if m.Key != "" {
		argv = append(argv, m.Key)
	}
	out, err := sys.Query(ctx, modules.Command{Argv: argv})
	if err != nil {
		return modules.Result{}, err
	}
	msg := reasons[out.RC]
	found := values.NewMap(1)
	switch {
	case out.RC == 0:
		m.read(found, out.Stdout)
	case out.RC == 2 && !m.FailKey:
		found.Set(m.Key, values.Null)
	case msg == "":
		return modules.Result{}, modules.Fail("Unexpected failure!")
	default:
		return modules.Result{}, errors.New(msg)
	}
	return modules.Result{Msg: msg, Facts: modules.Data("getent_"+m.Database, values.FromMap(found))}, nil
}

// read gathers the lines by their first field. Where that comes again, its values are a
// list of lists.
func (m *Module) read(found *values.Map, text string) {
	split := m.Split
	if split == "" && slices.Contains([]string{"passwd", "shadow", "group", "gshadow"}, m.Database) {
		split = ":"
	}
	times := map[string]int{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if split != "" {
			fields = strings.Split(strings.TrimRight(line, "\r\n"), split)
		}
		if len(fields) == 0 {
			continue
		}
		name, rest := fields[0], values.Strings(fields[1:]...)
		before, _ := found.Get(name)
		switch times[name]++; times[name] {
		case 1:
		case 2:
			rest = values.ListOf(before, rest)
		default:
			rest = values.FromSlice(append(slices.Clone(before.Items()), rest))
		}
		found.Set(name, rest)
	}
}
