// Package release_stage puts a release in place on a host, complete and verified, beside
// the one that is live.
package release_stage

import (
	"context"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "release_stage", Fenced: true, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	release.Place
	Version  string         `json:"version" required:"true" help:"the release's name"`
	Archive  string         `json:"archive" type:"path" required:"true" help:"the code, an archive on the host (see transfer)"`
	SHA256   string         `json:"sha256" required:"true" help:"what the archive's sha256 must be"`
	Manifest *modules.Blob  `json:"manifest" from:"controller" help:"file on the controller that lists the sha256 of each file of the archive, as release_archive writes it"`
	Strip    int            `json:"strip" default:"0" help:"how many leading directories of the archive's names to drop"`
	Samples  []string       `json:"samples" help:"shell patterns of names of the archive that are samples of the configuration, and left out"`
	Config   []modules.Tree `json:"config" from:"controller,optional,j2" help:"directories on the controller whose files are laid over the code, later ones over earlier; those that end in .j2 are rendered for the host"`
	Node     []modules.Tree `json:"node" from:"controller,optional,j2" help:"the same for this node's own files, laid over the configuration"`
	Size     int64          `json:"size" default:"0" help:"bytes that the unpacked code takes, for the check of free space"`
	Owner    string         `json:"owner" help:"owner of the files"`
	Group    string         `json:"group" help:"group of the files"`
	Marker   string         `json:"marker" default:"RELEASE" help:"file in the release that gets the version as its only line; empty for none"`
	Revision string         `json:"revision" help:"the commit or svn revision, for the ledger"`
	Ref      string         `json:"ref" help:"the branch or tag, for the ledger"`

	ConfigRevision string `json:"config_revision" help:"the configuration's own commit or svn revision, for the ledger"`
}

// Run stages the release.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	if err := release.Fence(sys); err != nil {
		return modules.Result{}, err
	}
	manifest, err := m.manifest(ctx, sys)
	if err != nil {
		return modules.Result{}, err
	}
	staging := release.Staging{
		Layout: m.Layout(), Version: m.Version, Revision: m.Revision, Ref: m.Ref, ConfigRevision: m.ConfigRevision,
		Archive: m.Archive, SHA256: m.SHA256, Strip: m.Strip, Samples: m.Samples, Manifest: manifest, Size: m.Size,
		Config: m.Config, Node: m.Node, Owner: m.Owner, Group: m.Group, Marker: m.Marker,
	}
	if err := release.Stage(ctx, sys, staging); err != nil {
		return modules.Result{}, err
	}
	digests := staging.Digests()
	return modules.Result{Data: result(staging, digests)}, nil
}

func (m *Module) manifest(ctx context.Context, sys modules.System) (release.Manifest, error) {
	if m.Manifest == nil {
		return nil, nil
	}
	f, err := sys.OpenBlob(ctx, *m.Manifest)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return release.ParseManifest(f)
}

func result(s release.Staging, d release.Digests) *values.Map {
	data, _ := values.MapOf(
		"version", values.String(s.Version),
		"dir", values.String(s.Dir(s.Version)),
		"code", values.String(d.Code),
		"config", values.String(d.Config),
		"node", values.String(d.Node),
	).AsMap()
	return data
}
