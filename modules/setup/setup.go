// Package setup tells what is known of a host: its facts.
package setup

import (
	"context"
	"path"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/facts"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "setup", Aliases: []string{"gather_facts"}, New: func() modules.Module { return new(Module) },
	Refused: map[string]string{"parallel": "facts are read by one module; take it out"},
}

// Module holds the parameters.
type Module struct {
	GatherSubset  []string `json:"gather_subset" default:"all" help:"which facts: all, min, hardware, network, virtual, or a single one; each with ! in front to leave it out"`
	GatherTimeout int      `json:"gather_timeout" default:"10" help:"seconds that one question may take, such as the size of a mounted file system"`
	Filter        []string `json:"filter" default:"" help:"shell patterns of the facts to tell, with or without ansible_"`
	FactPath      string   `json:"fact_path" type:"path" help:"directory of the host's own facts; without it /etc/ansible/facts.d and /etc/gdeploy/facts.d"`
}

// Validate checks the subset.
func (m *Module) Validate() error {
	_, err := facts.Choose(m.GatherSubset)
	return err
}

// Run reads the facts.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	dirs := []string{"/etc/ansible/facts.d", "/etc/gdeploy/facts.d"}
	if m.FactPath != "" {
		dirs = []string{m.FactPath}
	}
	found, warnings, err := facts.Gather(ctx, sys, facts.Options{
		Subset: m.GatherSubset, Timeout: time.Duration(m.GatherTimeout) * time.Second, LocalDirs: dirs,
	})
	if err != nil {
		return modules.Result{}, err
	}
	found.Set("gather_subset", values.Strings(m.GatherSubset...))
	found.Set("module_setup", values.True)
	return modules.Result{Facts: m.filtered(found), Warnings: warnings}, nil
}

// filtered leaves the facts that fit one of the patterns.
func (m *Module) filtered(all *values.Map) *values.Map {
	kept := values.NewMap(all.Len())
	for key, v := range all.All() {
		if m.wants(values.Text(key)) {
			kept.SetKey(key, v)
		}
	}
	return kept
}

func (m *Module) wants(name string) bool {
	wanted := true
	for _, pattern := range m.Filter {
		if pattern == "" {
			continue
		}
		pattern = strings.ReplaceAll(pattern, "[!", "[^")
		full, _ := path.Match(pattern, name)
		bare, _ := path.Match(pattern, strings.TrimPrefix(name, "ansible_"))
		if full || bare {
			return true
		}
		wanted = false
	}
	return wanted
}
