package release

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/modules"
)

// shownConfig is how big a configuration file may be to be shown.
const shownConfig = 64 << 10

// CompareConfig records what a release with these layers would change in the configuration
// that is live. It changes nothing.
func CompareConfig(ctx context.Context, sys modules.System, l Layout, layers []modules.Tree) error {
	last := map[string]modules.TreeEntry{}
	var order []string
	for _, layer := range layers {
		for _, e := range layer.Entries {
			if e.IsDir || e.Link != "" {
				continue
			}
			if _, known := last[e.Path]; !known {
				order = append(order, e.Path)
			}
			last[e.Path] = e
		}
	}
	for _, name := range order {
		if err := compareFile(ctx, sys, path.Join(l.Link, name), last[name].Blob); err != nil {
			return err
		}
	}
	return nil
}

func compareFile(ctx context.Context, sys modules.System, name string, b modules.Blob) error {
	before, err := readFile(sys, name)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	content, err := sys.OpenBlob(ctx, b)
	if err != nil {
		return err
	}
	defer content.Close()
	after, err := io.ReadAll(content)
	if err != nil || !missing && string(before) == string(after) {
		return err
	}
	c := modules.Change{Action: "write", Path: name}
	if !b.Secret && len(before) < shownConfig && len(after) < shownConfig && utf8.Valid(before) && utf8.Valid(after) {
		c.Before, c.After, c.Text = string(before), string(after), true
	}
	return modules.Apply(sys, c, func(modules.System) error { return nil })
}
