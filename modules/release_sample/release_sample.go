// Package release_sample compares the samples of the configuration that a release brings with
// the configuration that is to be deployed.
package release_sample

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release/samples"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "release_sample", Where: modules.OnController, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Dir    string            `json:"dir" type:"path" required:"true" help:"the archived release, as release_archive gives it"`
	Config []modules.Tree    `json:"config" from:"controller,optional,j2" help:"directories of the configuration as release_stage takes them"`
	Node   []modules.Tree    `json:"node" from:"controller,optional,j2" help:"the same for this node's own files"`
	Is     map[string]string `json:"is" help:"for a sample that is called otherwise than its file: the file that it stands for"`
}

// Run fails where keys are missing, and names them all.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	found := map[string][]byte{}
	if err := gather(sys, path.Join(m.Dir, "samples"), "", found); err != nil {
		return modules.Result{}, err
	}
	config, err := m.config(ctx, sys, len(found) > 0)
	if err != nil {
		return modules.Result{}, err
	}
	var missing []string
	for _, name := range sorted(found) {
		lacks, err := samples.Missing(samples.File{Name: name, Content: found[name]}, m.Is[name], config)
		if err != nil {
			return modules.Result{}, err
		}
		missing = append(missing, lacks...)
	}
	if len(missing) > 0 {
		err = fmt.Errorf("the configuration lacks what the code wants: %s; nothing was changed", strings.Join(missing, "; "))
	}
	return modules.Result{}, err
}

// gather reads the files below a directory; none where it is missing.
func gather(sys modules.Reader, root, below string, into map[string][]byte) error {
	entries, err := sys.ReadDir(path.Join(root, below))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range entries {
		name := path.Join(below, path.Base(e.Path))
		if e.Mode.IsDir() {
			err = errors.Join(err, gather(sys, root, name, into))
			continue
		}
		f, openErr := sys.Open(e.Path)
		if openErr != nil {
			return openErr
		}
		text, readErr := io.ReadAll(f)
		f.Close()
		into[name] = text
		err = errors.Join(err, readErr)
	}
	return err
}

// config reads the files of all layers; of those of one name the last one counts.
func (m *Module) config(ctx context.Context, sys modules.System, wanted bool) ([]samples.File, error) {
	files := map[string][]byte{}
	for _, layer := range slices.Concat(m.Config, m.Node) {
		for _, e := range layer.Entries {
			if !wanted || e.IsDir || e.Link != "" {
				continue
			}
			content, err := sys.OpenBlob(ctx, e.Blob)
			if err != nil {
				return nil, err
			}
			files[e.Path], err = io.ReadAll(content)
			content.Close()
			if err != nil {
				return nil, err
			}
		}
	}
	var list []samples.File
	for _, name := range sorted(files) {
		list = append(list, samples.File{Name: name, Content: files[name]})
	}
	return list, nil
}

func sorted(files map[string][]byte) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
