package release

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values/record"
)

// What nodes have is noted beside the archives, for each environment in a file of its own
// that gives the versions by host. So a run on a few nodes, or in another environment,
// knows what all the others may want to get from here.

// Use notes which releases nodes have, and that they get version as well, if it is not
// empty. Other nodes stay as they were noted.
func Use(sys modules.System, dest, app, environment string, nodes []Node, version string) error {
	if environment == "" {
		environment = "unnamed"
	}
	if err := errors.Join(CheckName("app", app), CheckName("environment", environment)); err != nil {
		return err
	}
	name := path.Join(inUseDir(dest, app), environment+".json")
	noted, err := readInUse(sys, name)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		noted[n.Host] = n.versions(version)
	}
	text, err := record.Pretty(noted)
	if err != nil {
		return err
	}
	dirMode, fileMode := fs.FileMode(0o755), fs.FileMode(0o644)
	if err := makeDirs(sys, path.Dir(name), modules.Attributes{Mode: &dirMode}); err != nil {
		return err
	}
	return sys.WriteFile(name, bytes.NewReader(append(text, '\n')), modules.Attributes{Mode: &fileMode})
}

func inUseDir(dest, app string) string { return path.Join(dest, ".in-use", app) }

func readInUse(sys modules.Reader, name string) (map[string][]string, error) {
	noted := map[string][]string{}
	data, err := readFile(sys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return noted, nil
	}
	if err == nil {
		err = record.Decode(data, &noted)
	}
	if err != nil {
		return nil, fmt.Errorf("read which releases nodes have: %s: %w; remove it, and the next run on those nodes makes it anew", name, err)
	}
	return noted, nil
}

// versions are the releases that a node has, and more.
func (n Node) versions(more string) []string {
	list := []string{}
	for _, r := range n.Releases {
		if r.Present {
			list = append(list, r.Version)
		}
	}
	if more != "" && !slices.Contains(list, more) {
		list = append(list, more)
	}
	return list
}

// inUse gives the versions that any node of any environment has.
func inUse(sys modules.Reader, dest, app string) ([]string, error) {
	files, err := sys.ReadDir(inUseDir(dest, app))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var list []string
	for _, f := range files {
		noted, err := readInUse(sys, f.Path)
		if err != nil {
			return nil, err
		}
		for _, versions := range noted {
			list = append(list, versions...)
		}
	}
	return list, nil
}
