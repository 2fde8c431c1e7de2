package release

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"syscall"
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
	live, err := modules.Resolve(sys, l.Link)
	if err != nil {
		return err
	}
	for _, name := range order {
		if err := compareFile(ctx, sys, path.Join(live, name), path.Join(l.Link, name), last[name].Blob); err != nil {
			return err
		}
	}
	return nil
}

// compareFile compares the file at place, which is called name to people.
func compareFile(ctx context.Context, sys modules.System, place, name string, b modules.Blob) error {
	before, what, err := liveFile(sys, place)
	if err != nil {
		return err
	}
	content, err := sys.OpenBlob(ctx, b)
	if err != nil {
		return err
	}
	defer content.Close()
	after, err := io.ReadAll(content)
	if err != nil || what == plainFile && string(before) == string(after) {
		return err
	}
	c := modules.Change{Action: "write", Path: name}
	switch {
	case what != plainFile && what != noFile:
		c.Before = what
	case !b.Secret && len(before) < shownConfig && len(after) < shownConfig && utf8.Valid(before) && utf8.Valid(after):
		c.Before, c.After, c.Text = string(before), string(after), true
	}
	return modules.Apply(sys, c, func(modules.System) error { return nil })
}

// What may lie in the place of a file.
const (
	plainFile = "a file"
	noFile    = ""
	odd       = "no plain file of the release"
	huge      = "a file too big for a configuration"
)

// comparedConfig is how big a live file may be to be compared.
const comparedConfig = 16 << 20

// liveFile reads a file of the live release, and says what lies there. The release belongs to
// the user who serves, so no link is followed, and nothing is read that does not end.
func liveFile(sys modules.System, place string) (content []byte, what string, err error) {
	st, err := sys.Lstat(place)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, noFile, nil
	}
	if err != nil {
		return nil, "", err
	}
	real, err := modules.Resolve(sys, place)
	switch {
	case err != nil:
		return nil, "", err
	case real != place || !st.Mode.IsRegular():
		return nil, odd, nil
	case st.Size > comparedConfig:
		return nil, huge, nil
	}
	content, err = modules.ReadFile(sys, place, comparedConfig)
	return content, plainFile, err
}
