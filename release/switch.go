package release

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// Switching tells what a switch did.
type Switching struct {
	// From is the version that was live before; empty where none was.
	From string
	// To is the version that is live now, Revision what it was built from.
	To, Revision string
	// At is when the link was renamed, by the host's clock; zero where it was not.
	At time.Time
}

// Direction tells whether a switch goes on to a release or back to one.
type Direction bool

// The directions of a switch.
const (
	Onward Direction = false
	Back   Direction = true
)

// Switch makes a staged version live by renaming a new symlink over the old one. With verify
// its files are compared with the manifest first. A plain directory at the webroot's
// place is refused; Adopt is the way out.
func Switch(sys modules.System, l Layout, version string, verify bool, way Direction) (Switching, error) {
	if err := errors.Join(l.Check(), CheckName("version", version)); err != nil {
		return Switching{}, err
	}
	ledger, err := Read(sys, l)
	if err != nil {
		return Switching{}, err
	}
	kind, from, err := Live(sys, l, ledger)
	if err != nil {
		return Switching{}, err
	}
	if kind == LinkDirectory {
		return Switching{}, fmt.Errorf("%s is a plain directory and no link to a release: run bootstrap.yml -e adopt=true, which keeps it as a release to roll back to", l.Link)
	}
	r, _ := ledger.Release(version)
	done := Switching{From: from, To: version, Revision: r.Revision}
	if from == version {
		return done, makeUp(sys, l, &ledger, version, way)
	}
	if err := complete(sys, l, ledger, version); err != nil {
		return Switching{}, err
	}
	if verify {
		if err := whole(sys, l, version); err != nil {
			return Switching{}, err
		}
	}
	err = point(sys, l, &ledger, &done, way)
	return done, err
}

// makeUp records a switch that a crash has kept out of the ledger.
func makeUp(sys modules.System, l Layout, ledger *Ledger, version string, way Direction) error {
	from := ""
	for _, e := range ledger.Entries {
		if e.Event == Switched {
			from = e.Version
		}
	}
	if from == version {
		return nil
	}
	return Fenced(sys, func() error {
		return ledger.Record(sys, l, Entry{Event: Switched, Version: version, From: from, Back: bool(way)})
	})
}

// whole refuses a version whose files are not those that were staged.
func whole(sys modules.System, l Layout, version string) error {
	diffs, err := Verify(sys, l, version)
	if err != nil || len(diffs) == 0 {
		return err
	}
	return fmt.Errorf("release %s is not what was staged: %s; deploy it again from its archive with -e version=%s", version, few(diffs), version)
}

// complete refuses a version that is not wholly in its directory.
func complete(sys modules.System, l Layout, ledger Ledger, version string) error {
	r, ok := ledger.Release(version)
	if !ok || !r.Present {
		return fmt.Errorf("release %s was not staged on this host: stage it first (release_stage, or deploy.yml -e version=%s)", version, version)
	}
	st, err := sys.Lstat(l.Dir(version))
	if err != nil {
		return fmt.Errorf("release %s is in the ledger and its directory cannot be read: %w; stage it again", version, err)
	}
	if !st.Mode.IsDir() {
		return fmt.Errorf("release %s: %s is no directory", version, l.Dir(version))
	}
	return nil
}

// point renames the link, at the signal where there is one.
func point(sys modules.System, l Layout, ledger *Ledger, s *Switching, way Direction) error {
	mode := fs.FileMode(0o755)
	if err := makeDirs(sys, path.Dir(l.Link), modules.Attributes{Mode: &mode}); err != nil {
		return err
	}
	return Fenced(sys, func() error {
		modules.AwaitSignal(sys)
		if err := sys.Symlink(l.Dir(s.To), l.Link); err != nil {
			return fmt.Errorf("switch to release %s: %w", s.To, err)
		}
		s.At = sys.Now()
		return ledger.Record(sys, l, Entry{Event: Switched, Version: s.To, From: s.From, Back: bool(way)})
	})
}

// Unlink takes the webroot's link away where version is live: the way back from a first
// deploy that failed, which has no release to return to. With restore the link is pointed
// there instead: to what it was before gdeploy came.
func Unlink(sys modules.System, l Layout, version, restore string) (Switching, error) {
	ledger, err := Read(sys, l)
	if err != nil {
		return Switching{}, err
	}
	kind, live, err := Live(sys, l, ledger)
	if err != nil || kind != LinkRelease || live != version {
		return Switching{}, err
	}
	done := Switching{From: version}
	return done, Fenced(sys, func() error {
		if restore != "" {
			return sys.Symlink(restore, l.Link)
		}
		return sys.Remove(l.Link)
	})
}

// Mark records that a version is good, bad, pinned or unpinned. Nothing is recorded where
// the ledger says so already.
func Mark(sys modules.System, l Layout, version string, as Event) error {
	ledger, err := Read(sys, l)
	if err != nil {
		return err
	}
	r, ok := ledger.Release(version)
	if !ok {
		return fmt.Errorf("release %s is not in this host's ledger, so it cannot be marked %s", version, as)
	}
	if as == Pinned && r.Pinned || as == Unpinned && !r.Pinned || marked(ledger, version, as) {
		return nil
	}
	return Fenced(sys, func() error { return ledger.Record(sys, l, Entry{Event: as, Version: version}) })
}

// marked reports whether version has got that mark since it was last made live; a release
// that goes live again has to earn its mark again.
func marked(ledger Ledger, version string, as Event) bool {
	found := false
	for _, e := range ledger.Entries {
		if e.Version != version {
			continue
		}
		switch e.Event {
		case Switched, Staged:
			found = false
		case Good, Bad:
			found = e.Event == as
		}
	}
	return found
}

// adopted is how versions begin that nobody packed.
const adopted = "adopted-"

// Adopt turns a plain directory at the webroot's place into a release that was good, so
// that the first rollback works. It goes on where an earlier one was cut off, and does
// nothing where the webroot is a link or missing.
func Adopt(sys modules.System, l Layout) (version string, err error) {
	if err := l.Check(); err != nil {
		return "", err
	}
	ledger, err := Read(sys, l)
	if err != nil {
		return "", err
	}
	kind, live, err := Live(sys, l, ledger)
	if err != nil {
		return "", err
	}
	switch half := ledger.halfAdopted(); {
	case kind == LinkDirectory:
		version, err = moveAway(sys, l, &ledger)
	case half != "" && live == half, half != "" && kind == LinkMissing && there(sys, l.Dir(half)):
		version = half
	default:
		return "", nil
	}
	if err == nil && live != version {
		err = point(sys, l, &ledger, &Switching{To: version}, Onward)
	}
	if err != nil {
		return "", err
	}
	return version, ledger.Record(sys, l, Entry{Event: Good, Version: version})
}

// moveAway makes the directory of a release of the webroot. It stands in the ledger before,
// so that whatever happens it is known where the webroot went.
func moveAway(sys modules.System, l Layout, ledger *Ledger) (version string, err error) {
	version = adopted + sys.Now().UTC().Format("20060102-150405")
	mode := fs.FileMode(0o755)
	if err := makeDirs(sys, l.Releases, modules.Attributes{Mode: &mode}); err != nil {
		return "", err
	}
	if err := ledger.Record(sys, l, Entry{Event: Staged, Version: version}); err != nil {
		return "", err
	}
	if err := sys.Rename(l.Link, l.Dir(version)); err != nil {
		err = fmt.Errorf("move %s to %s: %w; both must lie on one file system", l.Link, l.Dir(version), err)
		return "", errors.Join(err, ledger.Record(sys, l, Entry{Event: Pruned, Version: version}))
	}
	return version, nil
}

// halfAdopted is the release that an Adopt made which did not come to its end.
func (ledger Ledger) halfAdopted() string {
	if len(ledger.Entries) == 0 {
		return ""
	}
	last := ledger.Entries[len(ledger.Entries)-1]
	if !strings.HasPrefix(last.Version, adopted) || last.Event != Staged && last.Event != Switched {
		return ""
	}
	return last.Version
}

func there(sys modules.Reader, name string) bool {
	_, err := sys.Lstat(name)
	return err == nil
}
