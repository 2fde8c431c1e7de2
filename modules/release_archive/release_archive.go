// Package release_archive keeps releases on the controller: it packs code and
// configuration once for all nodes.
package release_archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/archives"
	"github.com/gdeploy/gdeploy/release"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = Packing(archives.Gzip)

// Packing is the module with a compression for the trees that it packs.
func Packing(c archives.Compression) modules.Spec {
	return modules.Spec{Name: "release_archive", New: func() modules.Module { return &Module{compression: c} }}
}

// Module holds the parameters.
type Module struct {
	App            string         `json:"app" required:"true" help:"name of the application"`
	Dest           string         `json:"dest" type:"path" required:"true" help:"directory of all archived releases"`
	State          string         `json:"state" default:"present" choices:"present,read,used,pruned" help:"present: pack a release; read: tell about one; used: note that nodes get it; pruned: remove old ones that no node has"`
	Version        string         `json:"version" help:"the release's name; for used and pruned one that nodes have by now"`
	Source         string         `json:"source" type:"path" help:"tree of the code that is packed"`
	Archive        string         `json:"archive" type:"path" help:"ready archive that is taken in place of source"`
	Exclude        []string       `json:"exclude" help:"shell patterns of names or paths that stay out; .git and .svn always do"`
	Samples        []string       `json:"samples" help:"shell patterns of names that are samples of the configuration: they are kept beside the code for release_sample, and not deployed"`
	Config         string         `json:"config" type:"path" help:"directory of the configuration, kept with the release"`
	Environment    string         `json:"environment" help:"environment for which it is packed, or whose nodes are told of"`
	Revision       string         `json:"revision" help:"commit or svn revision, for the record"`
	Ref            string         `json:"ref" help:"branch or tag, for the record"`
	ConfigRevision string         `json:"config_revision" help:"the configuration's own commit or svn revision, for the record"`
	Keep           int            `json:"keep" default:"5" help:"how many archived releases pruned leaves"`
	Protect        []string       `json:"protect" help:"releases that pruned never removes"`
	Nodes          []values.Value `json:"nodes" help:"results of release_facts: what these hosts have is noted here, and pruned removes nothing that any host has by these notes"`
	Verify         bool           `json:"verify" help:"with read: compare the archive and the configuration with what was packed"`

	compression archives.Compression
}

// Validate checks the parameters together.
func (m *Module) Validate() error {
	switch {
	case m.State != "pruned" && m.Version == "":
		return errors.New("version is required for state " + m.State)
	case m.State == "present" && (m.Source == "") == (m.Archive == ""):
		return errors.New("one of source and archive is required for state present, not both")
	}
	return nil
}

// Run packs, reads or prunes.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	switch m.State {
	case "used":
		return modules.Result{}, m.use(sys, m.Version)
	case "pruned":
		return m.prune(sys)
	case "read":
		return m.read(sys)
	}
	archived, err := release.Archive(ctx, sys, release.Archiving{
		App: m.App, Version: m.Version, Dest: m.Dest, Source: m.Source, Archive: m.Archive, Exclude: m.Exclude, Samples: m.Samples,
		Config: m.Config, Environment: m.Environment, Revision: m.Revision, Ref: m.Ref, ConfigRevision: m.ConfigRevision, Compression: m.compression,
	})
	if err != nil {
		return modules.Result{}, err
	}
	return modules.Result{Data: m.describe(archived)}, nil
}

func (m *Module) use(sys modules.System, version string) error {
	nodes, err := release.ReadNodes(m.Nodes)
	if err != nil {
		return fmt.Errorf("nodes: %w", err)
	}
	return release.Use(sys, m.Dest, m.App, m.Environment, nodes, version)
}

func (m *Module) prune(sys modules.System) (modules.Result, error) {
	if err := m.use(sys, m.Version); err != nil {
		return modules.Result{}, err
	}
	removed, err := release.PruneArchived(sys, m.Dest, m.App, m.Keep, m.Protect)
	data, _ := values.MapOf("removed", values.Strings(removed...)).AsMap()
	return modules.Result{Data: data}, err
}

func (m *Module) read(sys modules.System) (modules.Result, error) {
	archived, err := release.ReadArchived(sys, release.ArchiveDir(m.Dest, m.App, m.Version))
	if errors.Is(err, fs.ErrNotExist) {
		data, _ := values.MapOf("exists", values.False).AsMap()
		return modules.Result{Data: data}, nil
	}
	if err != nil {
		return modules.Result{}, err
	}
	if m.Verify {
		if err := release.VerifyArchived(sys, release.ArchiveDir(m.Dest, m.App, m.Version), archived); err != nil {
			return modules.Result{}, err
		}
	}
	return modules.Result{Data: m.describe(archived)}, nil
}

func (m *Module) describe(a release.Archived) *values.Map {
	dir := release.ArchiveDir(m.Dest, m.App, m.Version)
	data, _ := values.MapOf(
		"exists", values.True,
		"version", values.String(a.Version),
		"dir", values.String(dir),
		"archive", values.String(path.Join(dir, a.File)),
		"manifest", values.String(path.Join(dir, "MANIFEST")),
		"config", values.String(path.Join(dir, "config")),
		"sha256", values.String(a.SHA256),
		"unpacked_size", values.Int(a.UnpackedSize),
		"revision", values.String(a.Revision),
		"ref", values.String(a.Ref),
		"config_revision", values.String(a.ConfigRevision),
		"environment", values.String(a.Environment),
	).AsMap()
	return data
}
