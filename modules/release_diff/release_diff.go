// Package release_diff tells which files differ between two releases, from what the controller
// keeps of them.
package release_diff

import (
	"context"
	"fmt"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "release_diff", Where: modules.OnController, ReadOnly: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	App        string `json:"app" required:"true" help:"name of the application"`
	ArchiveDir string `json:"archive_dir" type:"path" required:"true" help:"directory of all archived releases"`
	From       string `json:"from" required:"true" help:"a release: its version, a unique beginning of it, or its tag"`
	To         string `json:"to" required:"true" help:"the other one"`
	Contents   bool   `json:"contents" default:"no" help:"give the contents of text files too"`
}

// Run compares.
func (m *Module) Run(_ context.Context, sys modules.System) (modules.Result, error) {
	known, err := release.ListArchived(sys, m.ArchiveDir, m.App)
	if err != nil {
		return modules.Result{}, err
	}
	var dirs [2]string
	for i, name := range []string{m.From, m.To} {
		if name == "current" || name == "previous" {
			return modules.Result{}, fmt.Errorf("%s is another release on each node, and compared is what %s holds: name a version (gdeploy releases --all lists them)", name, m.ArchiveDir)
		}
		version, err := release.Resolve(name, nil, nil, release.Versions(known))
		if err != nil {
			return modules.Result{}, fmt.Errorf("%w; compared is what %s holds", err, m.ArchiveDir)
		}
		dirs[i] = release.ArchiveDir(m.ArchiveDir, m.App, version)
	}
	list, err := release.CompareArchived(sys, dirs[0], dirs[1], m.Contents)
	if err != nil {
		return modules.Result{}, err
	}
	files := make([]values.Value, len(list))
	for i, d := range list {
		files[i] = values.MapOf("name", values.String(d.Name), "how", values.String(d.How),
			"shown", values.Bool(d.Shown), "before", values.String(d.Before), "after", values.String(d.After))
	}
	return modules.Result{Data: modules.Data("files", values.FromSlice(files))}, nil
}
