// Package archive packs files and directories of a host.
package archive

import (
	"context"
	"slices"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/archives"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "archive", New: func() modules.Module { return new(Module) },
	Refused: modules.RefusedFileParameters,
}

// Module holds the parameters.
type Module struct {
	Path              []string `json:"path" type:"path" required:"true" help:"files, directories and shell patterns of them, absolute"`
	Dest              string   `json:"dest" type:"path" help:"the archive; for a single file path with the format as its ending if not given"`
	Format            string   `json:"format" default:"gz" help:"gz, tar, zip or zst; a single file is only compressed by gz and zst, and several are packed into a tar first"`
	ExcludePath       []string `json:"exclude_path" type:"path" help:"paths and patterns that are taken off those of path; not what is in a directory"`
	ExclusionPatterns []string `json:"exclusion_patterns" help:"shell patterns of members to leave out, by their name in a tar or their path on the host in a zip"`
	ForceArchive      bool     `json:"force_archive" default:"no" help:"make a tar of a single file too"`
	Remove            bool     `json:"remove" default:"no" help:"remove what was packed"`
	modules.Ownership
}

// formats are those that are written here, and by the host's program zstd.
var formats = []archives.Format{archives.TarGz, archives.Tar, archives.Zip, archives.TarZst}

// Validate checks the format.
func (m *Module) Validate() error {
	switch format := archives.Format(m.Format); {
	case slices.Contains(formats, format):
		return nil
	case format == archives.TarBz2 || format == archives.TarXz:
		return modules.Invalid("format %s is not written: gz is read everywhere, and zst is smaller and quicker than %s", m.Format, m.Format)
	}
	return modules.Invalid("value of format must be one of: gz, tar, zip, zst, got: %s", m.Format)
}

// Run packs.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	p, err := m.choose(sys)
	if err != nil {
		return modules.Result{}, err
	}
	if len(p.targets) > 0 {
		err = p.write(ctx)
	} else if st, statErr := sys.Lstat(p.dest); statErr == nil {
		err = sys.SetAttributes(p.dest, m.Attributes(st.Mode, false))
	}
	result := p.describe()
	if err != nil || !m.Remove {
		return result, err
	}
	for _, t := range p.targets {
		if err := sys.Remove(t.Path); err != nil {
			return result, modules.Fail("Error deleting some source files: %w", err)
		}
	}
	return result, nil
}

// describe tells what Ansible tells.
func (p *packing) describe() modules.Result {
	archived := []string{}
	for _, member := range p.members {
		if !member.Mode.IsDir() || p.format != archives.Zip {
			archived = append(archived, member.Path)
		}
	}
	data := modules.Data(
		"archived", values.Strings(archived...), "dest", values.String(p.dest), "dest_state", values.String(p.state()),
		"arcroot", values.String(p.root), "missing", values.Strings(p.missing...),
		"expanded_paths", values.Strings(p.expanded...), "expanded_exclude_paths", values.Strings(p.excluded...))
	modules.AddFile(data, p.sys, p.dest)
	return modules.Result{Data: data, Warnings: p.warnings}
}

func (p *packing) state() string {
	_, err := p.sys.Lstat(p.dest)
	switch {
	case err != nil:
		return "absent"
	case len(p.targets) > 0 && len(p.missing) > 0:
		return "incomplete"
	case !p.packs:
		return "compress"
	}
	return "archive"
}
