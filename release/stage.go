package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// Staging is a release to be put in place beside the live one.
type Staging struct {
	Layout
	Version       string
	Revision, Ref string
	// ConfigRevision is the configuration's, where it has a project of its own.
	ConfigRevision string
	// Archive is the code, a file on the host; SHA256 is what it must be.
	Archive string
	SHA256  string
	// Samples are shell patterns of the archive's files that are left out (IsSample).
	Samples []string
	// Strip drops that many leading directories of the archive's names.
	Strip int
	// Manifest is what the unpacked code must be; nil where nobody wrote one.
	Manifest Manifest
	// Config and Node are laid over the code in this order, later layers over earlier.
	Config, Node []modules.Tree
	Owner, Group string
	// Marker is a file in the release that gets the version as its one line; empty for none.
	Marker string
	// Size is how many bytes the unpacked code takes; 0 where that is not known.
	Size int64
}

// Digests gives the sha256 of the three parts.
func (s Staging) Digests() Digests {
	return Digests{Code: s.SHA256, Config: layersDigest(s.Config), Node: layersDigest(s.Node)}
}

func layersDigest(layers []modules.Tree) string {
	m := ofTrees(layers)
	if len(m) == 0 {
		return ""
	}
	return m.Digest()
}

// Stage puts a release in place and verifies each file of it. It is all or nothing: the
// directory appears by one rename when it is complete. A version that is there with the
// same content is verified and left; one with other content is refused.
func Stage(ctx context.Context, sys modules.System, s Staging) error {
	if err := errors.Join(s.Check(), checkNew(s.Version)); err != nil {
		return err
	}
	ledger, err := Read(sys, s.Layout)
	if err != nil {
		return err
	}
	there, err := alreadyStaged(sys, s, ledger)
	if err != nil || there {
		return err
	}
	if err := clearLeftovers(sys, s); err != nil {
		return err
	}
	if err := enoughSpace(sys, s); err != nil {
		return err
	}
	if err := writable(sys, s.Layout); err != nil {
		return err
	}
	if err := undamaged(sys, s); err != nil {
		return err
	}
	return build(ctx, sys, s, &ledger)
}

// alreadyStaged reports whether the release is there, complete and the same.
func alreadyStaged(sys modules.System, s Staging, ledger Ledger) (bool, error) {
	r, known := ledger.Release(s.Version)
	if !known || !r.Present {
		return false, nil
	}
	if r.Digests != s.Digests() {
		return false, fmt.Errorf("release %s is there with other content (%s): a version never changes; deploy under a new name, or with the archive and configuration it was built from",
			s.Version, differing(r.Digests, s.Digests()))
	}
	if _, err := sys.Lstat(s.Dir(s.Version)); errors.Is(err, fs.ErrNotExist) {
		return false, nil // somebody removed it: stage it again
	}
	diffs, err := Verify(sys, s.Layout, s.Version)
	if err != nil {
		return false, err
	}
	_, live, err := Live(sys, s.Layout, ledger)
	if err != nil {
		return false, err
	}
	if len(diffs) > 0 && live == s.Version {
		return false, fmt.Errorf("release %s is live and its files were changed since it was staged: %s; deploy a new version", s.Version, few(diffs))
	}
	return len(diffs) == 0, nil
}

func differing(a, b Digests) string {
	var parts []string
	for _, p := range []struct{ name, a, b string }{{"code", a.Code, b.Code}, {"configuration", a.Config, b.Config}, {"node files", a.Node, b.Node}} {
		if p.a != p.b {
			parts = append(parts, p.name)
		}
	}
	return strings.Join(parts, ", ")
}

// few shortens a list of differences for a message.
func few(lines []string) string {
	if len(lines) > 5 {
		return strings.Join(lines[:5], ", ") + fmt.Sprintf(" and %d more", len(lines)-5)
	}
	return strings.Join(lines, ", ")
}

// Verify compares a release's directory with the manifest that was kept when it was
// staged, and gives a line for each difference.
func Verify(sys modules.Reader, l Layout, version string) ([]string, error) {
	f, err := sys.Open(l.Manifest(version))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // an adopted directory has none
	}
	if err != nil {
		return nil, fmt.Errorf("verify release %s: %w", version, err)
	}
	defer f.Close()
	want, err := ParseManifest(f)
	if err != nil {
		return nil, fmt.Errorf("verify release %s: %w", version, err)
	}
	// What the service makes beside its files is not the release's business.
	there := Manifest{}
	if err := want.look(sys, l.Dir(version), there); err != nil {
		return nil, fmt.Errorf("verify release %s: %w", version, err)
	}
	return want.Compare(there), nil
}

func (s Staging) temporary(run string) string { return s.Dir(s.Version) + staging + run }

// abandoned is the age at which the staging of whatever version counts as left behind. The lock lets one run stage an
// application at a time, but a name does not tell whether it is this application's: shop_admin_1 may be of shop or of
// shop_admin.
const abandoned = 24 * time.Hour

// clearLeftovers removes what earlier stagings left when they were cut off.
func clearLeftovers(sys modules.System, s Staging) error {
	entries, err := sys.ReadDir(s.Releases)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look into %s: %w", s.Releases, err)
	}
	for _, e := range entries {
		if !s.leftBehind(e, sys.Now()) {
			continue
		}
		if err := Fenced(sys, func() error { return sys.Remove(e.Path) }); err != nil {
			return err
		}
	}
	return nil
}

func (s Staging) leftBehind(e modules.Stat, now time.Time) bool {
	if strings.HasPrefix(e.Path, s.Dir(s.Version)+staging) {
		return true
	}
	return strings.HasPrefix(e.Path, s.Dir("")) && strings.Contains(path.Base(e.Path), staging) && now.Sub(e.ModTime) > abandoned
}

// reserve is what staging leaves free beside the release itself.
const reserve = 16 << 20

func enoughSpace(sys modules.System, s Staging) error {
	need := uint64(s.Size)
	files := uint64(len(s.Manifest))
	for _, layer := range append(append([]modules.Tree{}, s.Config...), s.Node...) {
		for _, e := range layer.Entries {
			need += uint64(e.Blob.Size)
			files++
		}
	}
	space, err := sys.Space(s.Releases)
	if err != nil {
		return fmt.Errorf("ask for the free space of %s: %w", s.Releases, err)
	}
	if space.Bytes < need+reserve || space.Inodes != 0 && space.Inodes < files {
		return modules.WithKind(modules.KindNoSpace, fmt.Errorf("release %s needs %s and %d files in %s, where %s and %d files are free: make room (release_prune, logs), nothing was changed",
			s.Version, megabytes(need+reserve), files, s.Releases, megabytes(space.Bytes), space.Inodes))
	}
	return nil
}

func megabytes(n uint64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// writable tries whether the webroot's link could be replaced, so that a host where it cannot
// says so before any host has switched.
func writable(sys modules.System, l Layout) error {
	dir := path.Dir(l.Link)
	if _, err := sys.Stat(dir); err != nil {
		return nil // the switch makes it
	}
	try := path.Join(dir, "."+l.App+".try")
	err := modules.Aside(sys, func(sys modules.System) error {
		if err := sys.Symlink("/nothing", try); err != nil {
			return err
		}
		return sys.Remove(try)
	})
	if err != nil {
		return fmt.Errorf("the webroot %s could not be switched on this host: %w; nothing was changed", l.Link, err)
	}
	return nil
}

// undamaged compares the archive with its sha256. In a dry run it may not have been sent.
func undamaged(sys modules.System, s Staging) error {
	sum, err := fileDigest(sys, s.Archive)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.SHA256 != "" && sum != s.SHA256 {
		return fmt.Errorf("stage release %s: archive %s is damaged: its sha256 is %s and should be %s; send it again", s.Version, s.Archive, sum, s.SHA256)
	}
	return nil
}

// build fills a directory beside the release's place, verifies it, and renames it there.
func build(ctx context.Context, sys modules.System, s Staging, ledger *Ledger) (err error) {
	tmp := s.temporary(sys.Run().ID)
	defer func() {
		if err != nil {
			err = errors.Join(err, sys.Remove(tmp))
		}
	}()
	whole := Manifest{}
	fill := func(to modules.Below) error {
		f := filler{ctx: ctx, sys: sys, to: to, s: s, manifest: whole}
		if err := f.all(); err != nil {
			return err
		}
		if err := f.verify(tmp); err != nil {
			return err
		}
		return f.itself()
	}
	if err := sys.WriteTree(tmp, fill); err != nil {
		return fmt.Errorf("stage release %s: %w", s.Version, err)
	}
	return Fenced(sys, func() error { return bringIn(sys, s, ledger, tmp, whole) })
}

// bringIn makes the filled directory the release's.
func bringIn(sys modules.System, s Staging, ledger *Ledger, tmp string, whole Manifest) error {
	dir := s.Dir(s.Version)
	if err := notWebroot(sys, s.Layout, dir); err != nil {
		return err
	}
	if err := removeTree(sys, dir); err != nil { // a damaged one, or one that the ledger does not know
		return err
	}
	if err := keepManifest(sys, s, whole); err != nil {
		return err
	}
	if err := sys.Rename(tmp, dir); err != nil {
		return err
	}
	return ledger.Record(sys, s.Layout, Entry{Event: Staged, Version: s.Version, Revision: s.Revision, Ref: s.Ref, ConfigRevision: s.ConfigRevision, Digests: s.Digests()})
}

// notWebroot refuses to take away what the webroot points to, though the ledger knew
// nothing of it.
func notWebroot(sys modules.Reader, l Layout, dir string) error {
	st, err := sys.Lstat(l.Link)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	target := st.Target
	if !path.IsAbs(target) {
		target = path.Join(path.Dir(l.Link), target)
	}
	if err == nil && path.Clean(target) == dir {
		err = fmt.Errorf("%s is in the way: the webroot points to it, and the ledger %s does not know it; deploy under another name", dir, l.Ledger())
	}
	return err
}

func keepManifest(sys modules.System, s Staging, m Manifest) error {
	dirMode, fileMode := fs.FileMode(0o755), fs.FileMode(0o644)
	name := s.Layout.Manifest(s.Version)
	if err := makeDirs(sys, path.Dir(name), modules.Attributes{Mode: &dirMode}); err != nil {
		return err
	}
	return sys.WriteFile(name, strings.NewReader(string(m.Bytes())), modules.Attributes{Mode: &fileMode})
}
