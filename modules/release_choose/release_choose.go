// Package release_choose decides, once for all selected hosts, which release a person
// means: a version, its beginning, a tag, "current", or "previous".
package release_choose

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "release_choose", Where: modules.OnController, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Nodes      []values.Value `json:"nodes" required:"true" help:"the results of release_facts of all selected hosts"`
	Others     []values.Value `json:"others" help:"those of the hosts of the cluster that are not selected: current is what they run"`
	Version    string         `json:"version" default:"previous" help:"a version, a unique beginning of one, a tag, current, or previous"`
	App        string         `json:"app" required:"true" help:"name of the application"`
	ListOnly   bool           `json:"list_only" default:"no" help:"only make the table; choosing nothing is no error then"`
	ArchiveDir string         `json:"archive_dir" type:"path" help:"directory on the controller with an <app>_<version> directory per archived release"`
}

// Run chooses.
func (m *Module) Run(_ context.Context, sys modules.System) (modules.Result, error) {
	nodes, err := release.ReadNodes(m.Nodes)
	if err != nil {
		return modules.Result{}, fmt.Errorf("nodes: %w", err)
	}
	others, err := release.ReadNodes(m.Others)
	if err != nil {
		return modules.Result{}, fmt.Errorf("others: %w", err)
	}
	archives, err := m.archives(sys)
	if err != nil {
		return modules.Result{}, err
	}
	version, err := release.Resolve(m.Version, nodes, others, archives)
	if err != nil && !m.ListOnly {
		return modules.Result{}, err
	}
	archived := slices.ContainsFunc(archives, func(a release.NodeRelease) bool { return a.Version == version })
	var lacking, running []string
	for _, n := range nodes {
		if !n.Has(version) {
			lacking = append(lacking, n.Host)
		}
		if n.Current == version {
			running = append(running, n.Host)
		}
	}
	data, _ := values.MapOf(
		"version", values.String(version),
		"lacking", values.Strings(lacking...),
		"running", values.Strings(running...),
		"archived", values.Bool(archived),
		"table", values.Strings(table(nodes)...),
	).AsMap()
	return modules.Result{Data: data, Msg: fmt.Sprintf("%s means release %s", asked(m.Version), version)}, nil
}

func asked(version string) string {
	if version == "" {
		return "previous"
	}
	return version
}

// archives lists the releases that the controller has archives of.
func (m *Module) archives(sys modules.Reader) ([]release.NodeRelease, error) {
	if m.ArchiveDir == "" {
		return nil, nil
	}
	archived, err := release.ListArchived(sys, m.ArchiveDir, m.App)
	return release.Versions(archived), err
}

// table lists each release with where it is, for people: newest first.
func table(nodes []release.Node) []string {
	var lines []string
	for _, r := range slices.Backward(release.All(nodes)) {
		var live, bad []string
		present, good, pinned := 0, false, false
		for _, n := range nodes {
			i := slices.IndexFunc(n.Releases, func(x release.NodeRelease) bool { return x.Version == r.Version })
			if i < 0 {
				continue
			}
			if n.Releases[i].Present {
				present++
			}
			good = good || n.Releases[i].State == release.Good
			pinned = pinned || n.Releases[i].Pinned
			if n.Releases[i].State == release.Bad {
				bad = append(bad, n.Host)
			}
			if n.Current == r.Version {
				live = append(live, n.Host)
			}
		}
		line := row(r, live, bad, present, good, len(nodes))
		if pinned {
			line += "  pinned"
		}
		lines = append(lines, line)
	}
	return lines
}

func row(r release.NodeRelease, live, bad []string, present int, good bool, all int) string {
	state := "never live"
	switch {
	case len(bad) > 0:
		state = "bad"
	case good:
		state = "good"
	case r.State == release.Switched:
		state = "untested"
	case r.State == release.Pruned:
		state = "pruned"
	}
	current := ""
	if len(live) > 0 {
		current = "  current on " + few(live, all)
	}
	return fmt.Sprintf("%-28s %-10s %s by %s, on %d of %d hosts%s", r.Version, state, r.Born.Local().Format(time.DateTime), r.Who, present, all, current)
}

func few(hosts []string, all int) string {
	if len(hosts) == all {
		return "all"
	}
	return strings.Join(hosts, ",")
}
