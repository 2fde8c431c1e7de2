// Package group makes, changes and removes groups.
package group

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "group", ReadOnly: true,
	New:     func() modules.Module { return new(Module) },
	Refused: map[string]string{"local": "groups are always made in the host's own files"},
}

// Module holds the parameters.
type Module struct {
	Name      string `json:"name" required:"true" help:"the group"`
	State     string `json:"state" default:"present" choices:"absent,present" help:"whether there shall be such a group"`
	GID       *int   `json:"gid" help:"its number"`
	System    bool   `json:"system" default:"no" help:"a new one gets a number of the system's range"`
	NonUnique bool   `json:"non_unique" default:"no" help:"the gid may be that of another group too"`
}

// Validate checks what would be taken for an option.
func (m *Module) Validate() error {
	if m.Name == "" || strings.HasPrefix(m.Name, "-") || strings.ContainsAny(m.Name, ":, \t\n/") {
		return modules.Invalid("%q is no name of a group", m.Name)
	}
	if m.NonUnique && m.GID == nil {
		return modules.RequiredIf("non_unique", "True", true, "gid", false)
	}
	return nil
}

// Run makes, changes or removes the group.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	data := modules.Data("name", values.String(m.Name), "state", values.String(m.State))
	command, err := m.command(sys)
	if err == nil && command != nil {
		_, err = modules.Exec(ctx, sys, modules.Command{Argv: command})
	}
	if now, lookup := m.find(sys); lookup == nil && now != nil {
		data.Set("gid", values.Int(int64(now.GID)))
	}
	if m.State == "present" {
		data.Set("system", values.Bool(m.System))
	}
	return modules.Result{Data: data}, err
}

// find looks the group up by name; nil is none.
func (m *Module) find(sys modules.System) (*modules.Group, error) {
	g, err := sys.Group(m.Name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && g.Name != m.Name {
		return nil, nil
	}
	return &g, err
}

// command is what there is to do; nil is nothing.
func (m *Module) command(sys modules.System) ([]string, error) {
	now, err := m.find(sys)
	switch {
	case err != nil:
		return nil, fmt.Errorf("look up group %s: %w", m.Name, err)
	case m.State == "absent" && now != nil:
		return []string{"groupdel", m.Name}, nil
	case m.State == "absent", now != nil && (m.GID == nil || *m.GID == now.GID):
		return nil, nil
	}
	argv := []string{"groupmod"}
	if now == nil {
		argv = []string{"groupadd"}
		if m.System {
			argv = append(argv, "-r")
		}
	}
	if m.GID != nil {
		argv = append(argv, "-g", strconv.Itoa(*m.GID))
	}
	if m.NonUnique {
		argv = append(argv, "-o")
	}
	return append(argv, m.Name), nil
}
