// Package unarchive unpacks an archive into a directory.
package unarchive

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/archives"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "unarchive", Aliases: []string{"unpack"}, New: func() modules.Module { return new(Module) },
	Refused: refused(),
}

func refused() map[string]string {
	all := map[string]string{
		"copy":           "write remote_src: true where it is false, and take it out where it is true",
		"io_buffer_size": "it is chosen well without; take it out",
		"validate_certs": "nothing is fetched by unarchive; it belongs to get_url",
	}
	for name, why := range modules.RefusedFileParameters {
		all[name] = why
	}
	return all
}

// Module holds the parameters.
type Module struct {
	Src       modules.Source `json:"src" type:"blob" from:"controller" unless:"remote_src" required:"true" help:"the archive on the controller: tar, tar.gz, tar.zst, tar.bz2, tar.xz, zip, war or jar"`
	Dest      string         `json:"dest" type:"path" required:"true" help:"directory on the host to unpack into; it must be there"`
	RemoteSrc bool           `json:"remote_src" default:"no" help:"src is on the host"`
	Creates   string         `json:"creates" type:"path" help:"file or pattern; where it exists nothing is unpacked"`
	Exclude   []string       `json:"exclude" help:"members to leave out, as shell patterns; with a directory what is in it"`
	Include   []string       `json:"include" help:"the only members to unpack; with a directory what is in it"`
	KeepNewer bool           `json:"keep_newer" default:"no" help:"leave files that are newer than those in the archive"`
	ListFiles bool           `json:"list_files" default:"no" help:"tell the members' names as files"`
	ExtraOpts []string       `json:"extra_opts" help:"of the options of tar --strip-components=N, --no-same-owner and --same-owner"`
	Decrypt   bool           `json:"decrypt" default:"yes" help:"decrypt src where it is encrypted by vault"`
	modules.Ownership

	options options
}

// Validate checks rules across parameters.
func (m *Module) Validate() error {
	if len(m.Include) > 0 && len(m.Exclude) > 0 {
		return modules.Invalid("parameters are mutually exclusive: include|exclude")
	}
	if strings.Contains(m.Src.Name(), "://") {
		return modules.Invalid("src is a URL: fetch it with get_url first, then unpack the file with remote_src: true")
	}
	var err error
	m.options, err = parseOptions(m.ExtraOpts)
	return err
}

// Run compares the archive with what is there, which also shows that it is whole, and
// then writes what differs.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	if m.Creates != "" && len(modules.Glob(sys, m.Creates)) > 0 {
		return modules.Result{Skipped: true, Msg: "skipped, since " + m.Creates + " exists"}, nil
	}
	if st, err := sys.Stat(m.Dest); err != nil || !st.Mode.IsDir() {
		return modules.Result{}, modules.Fail("dest '%s' must be an existing dir", m.Dest)
	}
	file, format, err := m.archive(ctx, sys)
	if err != nil {
		return modules.Result{}, err
	}
	s := m.survey(sys, file, format)
	if err := s.compare(ctx); err != nil {
		return modules.Result{}, modules.Fail("failed to unpack %s to %s: %w", m.Src.Name(), m.Dest, err)
	}
	result := m.describe(s)
	if err := s.room(); err != nil {
		return result, err
	}
	err = s.bring(ctx)
	modules.AddFile(result.Data, sys, path.Clean(m.Dest))
	return result, err
}

func (m *Module) describe(s *survey) modules.Result {
	data := modules.Data("dest", values.String(m.Dest), "src", values.String(m.Src.Name()), "handler", values.String(handlers[s.format]))
	if m.ListFiles {
		data.Set("files", values.Strings(s.files...))
	}
	return modules.Result{Data: data}
}

// handlers are what Ansible calls that which reads a format.
var handlers = map[archives.Format]string{
	archives.Tar: "TarArchive", archives.TarGz: "TgzArchive", archives.TarBz2: "TarArchive",
	archives.TarXz: "TarArchive", archives.TarZst: "TarArchive", archives.Zip: "ZipArchive",
}

// archive gives the path of the archive on the host, readable by archives.Read, and its format.
func (m *Module) archive(ctx context.Context, sys modules.System) (string, archives.Format, error) {
	name := m.Src.Path
	if m.Src.Blob != nil {
		var err error
		if name, err = fetch(ctx, sys, *m.Src.Blob); err != nil {
			return "", "", err
		}
	}
	f, err := sys.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", "", modules.Fail("Source '%s' does not exist", m.Src.Name())
	case errors.Is(err, fs.ErrPermission):
		return "", "", modules.Fail("Source '%s' not readable", m.Src.Name())
	case err != nil:
		return "", "", err
	}
	defer f.Close()
	format, err := archives.Identify(f)
	if err != nil {
		return "", "", modules.Fail("Failed to find handler for \"%s\": %w", m.Src.Name(), err)
	}
	if format == archives.TarXz {
		name, err = unxz(ctx, sys, name)
	}
	return name, format, err
}
