// Package release keeps releases on a host: where they lie, which one is live, what the
// ledger remembers of them, and the lock that keeps two deploys apart.
//
// A release is a directory of its own, complete before anything points to it. The live
// one is chosen by a symlink that is replaced by rename, so there is no moment without a
// webroot. What happened to each release stands in an append-only ledger beside them;
// names, order and "previous" come from there and never from file names or times.
//
// The release_* modules are thin: each decodes parameters and calls one function here.
package release

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// Layout says where an application's releases lie on a host.
type Layout struct {
	// App is the application's name, a part of file names.
	App string
	// Releases is the directory that holds a directory <app>_<version> per release.
	Releases string
	// Link is the symlink that is the webroot.
	Link string
	// State is the directory of the ledger and the manifests. It belongs to the user
	// that deploys, not to the one that serves.
	State string
}

// Dir is the directory of a version.
func (l Layout) Dir(version string) string { return path.Join(l.Releases, l.App+"_"+version) }

// Ledger is the ledger's file.
func (l Layout) Ledger() string { return path.Join(l.State, "ledger.jsonl") }

// Manifest is the file that lists a version's files with their sha256.
func (l Layout) Manifest(version string) string {
	return path.Join(l.State, "manifests", version)
}

var nameRule = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$`)

// CheckName refuses application names and versions that are no plain file name: letters,
// digits and . _ + -, at most 100, beginning with a letter or digit.
func CheckName(kind, name string) error {
	if nameRule.MatchString(name) {
		return nil
	}
	return fmt.Errorf("%s %q is no plain name: use letters, digits and . _ + -, at most 100, beginning with a letter or digit", kind, name)
}

// Directories that are being filled or removed have names with these in them, and those of
// releases do not: so what a crash left is known.
const (
	staging  = ".staging-"
	packing  = ".packing-"
	removing = ".removing-"
)

// checkNew refuses the version of a new release that is no plain name, or looks like one of a
// directory under way.
func checkNew(version string) error {
	for _, mark := range []string{staging, packing, removing} {
		if strings.Contains(version, mark) {
			return fmt.Errorf("version %q has %q in it, which is for directories that are not complete: choose another release_name", version, mark)
		}
	}
	return CheckName("version", version)
}

// Check refuses a layout that cannot be worked with.
func (l Layout) Check() error {
	errs := []error{CheckName("app", l.App)}
	for name, p := range map[string]string{"releases_dir": l.Releases, "webroot": l.Link, "state_dir": l.State} {
		if !path.IsAbs(p) {
			errs = append(errs, fmt.Errorf("%s %q is no absolute path", name, p))
		}
	}
	return errors.Join(errs...)
}

// Kinds of what lies at the webroot's place.
const (
	LinkMissing   = "missing"
	LinkRelease   = "release"   // a link to a release that the ledger knows
	LinkForeign   = "foreign"   // a link to something else
	LinkDirectory = "directory" // a plain directory, as a deploy by scp leaves it
)

// Live tells what the webroot is: its kind, and the version where it is a release.
func Live(sys modules.Reader, l Layout, ledger Ledger) (kind, version string, err error) {
	st, err := sys.Lstat(l.Link)
	if errors.Is(err, fs.ErrNotExist) {
		return LinkMissing, "", nil
	}
	if err != nil {
		return "", "", fmt.Errorf("look at the webroot: %w", err)
	}
	if st.Mode&fs.ModeSymlink == 0 {
		return LinkDirectory, "", nil
	}
	target := st.Target
	if !path.IsAbs(target) {
		target = path.Join(path.Dir(l.Link), target)
	}
	for _, r := range ledger.Releases() {
		if l.Dir(r.Version) == path.Clean(target) {
			return LinkRelease, r.Version, nil
		}
	}
	return LinkForeign, "", nil
}
