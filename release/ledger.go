package release

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"sort"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values/record"
)

// Event is what happened to a release.
type Event string

// The events of a ledger.
const (
	Staged   Event = "staged"   // complete and verified in its directory
	Switched Event = "switched" // made live
	Good     Event = "good"     // passed its test while live
	Bad      Event = "bad"      // failed, or was taken back with a failed run
	Pinned   Event = "pinned"   // never to be pruned
	Unpinned Event = "unpinned"
	Pruned   Event = "pruned" // its directory was removed
)

// Digests are the sha256 of a release's three parts; empty where it has none.
type Digests struct {
	Code   string `json:"code,omitempty"`
	Config string `json:"config,omitempty"`
	Node   string `json:"node,omitempty"`
}

// Entry is one line of a ledger.
type Entry struct {
	Event   Event  `json:"event"`
	Version string `json:"version"`
	// Revision and Ref are the commit and the branch or tag that it was built from.
	Revision string `json:"revision,omitempty"`
	Ref      string `json:"ref,omitempty"`
	// ConfigRevision is the configuration's, where it has a project of its own.
	ConfigRevision string `json:"config_revision,omitempty"`
	Digests
	// From is the version that was live before a switch, and Back tells that it was left for
	// one before it.
	From string    `json:"from,omitempty"`
	Back bool      `json:"back,omitempty"`
	Who  string    `json:"who"`
	Run  string    `json:"run"`
	Time time.Time `json:"time"` // the host's clock
	// Started is when the run began by the controller's clock; the ledgers of
	// different hosts are ordered by it.
	Started time.Time `json:"started"`
}

// Ledger is a host's history of one application, oldest entry first.
type Ledger struct {
	Entries []Entry
	// Damaged counts lines that could not be read.
	Damaged int
	torn    bool // the file does not end with a newline
}

// Read reads the ledger of a layout; a missing file is an empty ledger. A line cut short
// by a crash is counted and passed over.
func Read(sys modules.Reader, l Layout) (Ledger, error) {
	data, err := readFile(sys, l.Ledger())
	if errors.Is(err, fs.ErrNotExist) {
		return Ledger{}, nil
	}
	if err != nil {
		return Ledger{}, fmt.Errorf("read the ledger: %w", err)
	}
	return parseLedger(data), nil
}

// Untrusted names what of the ledger belongs to neither root nor the user that deploys, such
// as a directory that the service has put in its place; empty where all is well.
func Untrusted(sys modules.System, l Layout) string {
	for _, name := range []string{path.Dir(l.State), l.State, l.Ledger(), path.Dir(l.Manifest("x"))} {
		st, err := sys.Lstat(name)
		if err == nil && st.UID != 0 && st.UID != sys.Self().UID {
			return name
		}
	}
	return ""
}

func parseLedger(data []byte) Ledger {
	ledger := Ledger{torn: len(data) > 0 && data[len(data)-1] != '\n'}
	for line := range bytes.Lines(data) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var e Entry
		if record.Decode(line, &e) != nil || e.Event == "" || CheckName("version", e.Version) != nil {
			ledger.Damaged++
			continue
		}
		ledger.Entries = append(ledger.Entries, e)
	}
	return ledger
}

func readFile(sys modules.Reader, name string) ([]byte, error) {
	f, err := sys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// Record appends an entry for the running run to the ledger's file and to ledger.
func (ledger *Ledger) Record(sys modules.System, l Layout, e Entry) error {
	run := sys.Run()
	e.Who, e.Run, e.Started, e.Time = run.Who, run.ID, run.Started, sys.Now().UTC()
	line, err := record.Encode(e)
	if err != nil {
		return err
	}
	if ledger.torn {
		line = append([]byte{'\n'}, line...)
	}
	mode := fs.FileMode(0o755)
	if err := makeDirs(sys, path.Dir(l.Ledger()), modules.Attributes{Mode: &mode}); err != nil {
		return err
	}
	fileMode := fs.FileMode(0o644)
	if err := sys.Append(l.Ledger(), append(line, '\n'), modules.Attributes{Mode: &fileMode}); err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	ledger.torn = false
	ledger.Entries = append(ledger.Entries, e)
	return nil
}

// makeDirs makes dir and its parents where they are missing.
func makeDirs(sys modules.System, dir string, attrs modules.Attributes) error {
	if _, err := sys.Stat(dir); err == nil || dir == "/" {
		return nil
	}
	if err := makeDirs(sys, path.Dir(dir), attrs); err != nil {
		return err
	}
	return sys.Mkdir(dir, attrs)
}

// Release is what a ledger says of one version.
type Release struct {
	Version  string
	Revision string
	Ref      string
	// ConfigRevision is the configuration's, where it has a project of its own.
	ConfigRevision string
	Digests
	// State is the last of staged, switched, good, bad and pruned.
	State  Event
	Pinned bool
	// Failed tells that the last mark it got was a bad one, whatever came after.
	Failed bool
	// Present is false once it was pruned.
	Present bool
	// Who and Born tell who staged it first and when that run began.
	Who  string
	Born time.Time
	// Live is when it was last made live and LiveBy by whom; zero where it never was.
	Live   time.Time
	LiveBy string
	// Run is the run that staged it last.
	Run string
}

// Releases gives the releases in the order in which they were first staged.
func (ledger Ledger) Releases() []Release {
	var list []Release
	at := map[string]int{}
	for _, e := range ledger.Entries {
		i, known := at[e.Version]
		if !known {
			i = len(list)
			at[e.Version] = i
			list = append(list, Release{Version: e.Version, Born: e.Started, Who: e.Who})
		}
		list[i].apply(e)
	}
	// Here and elsewhere sort, not slices: that costs some kB of the helper for each type.
	sort.SliceStable(list, func(i, j int) bool { return list[i].Born.Before(list[j].Born) })
	return list
}

func (r *Release) apply(e Entry) {
	switch e.Event {
	case Staged:
		r.State, r.Present, r.Run = Staged, true, e.Run
		r.Revision, r.Ref, r.ConfigRevision, r.Digests = e.Revision, e.Ref, e.ConfigRevision, e.Digests
	case Switched:
		// It was good, but whether it runs now is not known before it has passed its test again.
		r.State, r.Live, r.LiveBy = Switched, e.Time, e.Who
	case Good, Bad:
		r.State, r.Failed = e.Event, e.Event == Bad
	case Pinned, Unpinned:
		r.Pinned = e.Event == Pinned
	case Pruned:
		r.State, r.Present = Pruned, false
	}
}

// Release gives what the ledger says of one version.
func (ledger Ledger) Release(version string) (Release, bool) {
	for _, r := range ledger.Releases() {
		if r.Version == version {
			return r, true
		}
	}
	return Release{}, false
}

// Lineage gives the versions that led to where the host stands, oldest first: each one
// was good when it was succeeded by the next. Going back to a version takes what came
// after it off the list, and so does a bad mark; "previous" is the entry before the last.
// Left are the versions that were good and that the host went back from, until the next
// new one: nobody goes back to them.
func (ledger Ledger) Lineage() (line, left []string) {
	var last Entry // the last switch
	again := false // it was to a version that had been left: somebody named it
	for _, e := range ledger.Entries {
		i := slices.Index(line, e.Version)
		switch {
		case e.Event == Switched:
			last, again = e, slices.Contains(left, e.Version)
		case e.Event == Good && i >= 0:
			left = append(left, line[i+1:]...)
			line = line[:i+1]
		case e.Event == Good && again && last.Version == e.Version:
			line = append(line, e.Version)
		case e.Event == Good && last.Back && last.Version == e.Version:
			left = append(left, last.From)
			line = append(without(line, last.From), e.Version)
		case e.Event == Good:
			line, left = append(line, e.Version), nil
		case e.Event == Bad || e.Event == Pruned:
			line = without(line, e.Version)
		}
		if e.Event == Switched || e.Event == Good {
			left = without(left, e.Version)
		}
	}
	return line, left
}

func without(list []string, version string) []string {
	return slices.DeleteFunc(list, func(v string) bool { return v == version })
}

// Before gives the version that was good before version was; empty where none was.
func (ledger Ledger) Before(version string) string {
	line, _ := ledger.Lineage()
	i := slices.Index(line, version)
	if i < 0 {
		i = len(line)
	}
	if i == 0 {
		return ""
	}
	return line[i-1]
}
