package release_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/release"
)

// node is a host in a temporary directory, seen through the real System.
type node struct {
	root   string
	layout release.Layout
	locks  *machine.Locks
	runs   int
}

func newNode(t testing.TB) *node {
	dir, err := os.MkdirTemp(quickDisk(), "node")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return &node{
		root:   dir,
		layout: release.Layout{App: "shop", Releases: "/opt/webroot", Link: "/webroot/shop", State: "/var/lib/gdeploy/releases/shop"},
		locks:  machine.NewLocks(),
	}
}

// quickDisk is where syncing costs nothing, if there is such a place.
func quickDisk() string {
	if st, err := os.Stat("/dev/shm"); err == nil && st.IsDir() {
		return "/dev/shm"
	}
	return ""
}

// system is what one run sees; each run starts a second after the one before.
func (n *node) system(run string) *crashing {
	n.runs++
	if run == "" {
		run = fmt.Sprintf("run%d", n.runs)
	}
	started := time.Date(2026, 1, 1, 0, 0, n.runs, 0, time.UTC)
	m := machine.New(machine.Options{Root: n.root, Locks: n.locks, Run: modules.Run{ID: run, Who: "ada@ops1", Started: started}})
	return &crashing{System: m}
}

// archive puts a code archive on the node and gives its place and sha256.
func (n *node) archive(t testing.TB, content string) (name, digest string) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range []string{"bin/app", "static/欢迎.txt"} {
		if err := w.WriteHeader(&tar.Header{Name: f, Mode: 0o755, Size: int64(len(content)), Format: tar.FormatPAX}); err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, content)
	}
	w.Close()
	sum := sha256.Sum256(b.Bytes())
	digest = hex.EncodeToString(sum[:])
	name = "/upload-" + digest[:8]
	if err := os.WriteFile(filepath.Join(n.root, name), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name, digest
}

func (n *node) stage(t testing.TB, sys modules.System, version string) error {
	name, digest := n.archive(t, "code of "+version)
	return release.Stage(context.Background(), sys, release.Staging{Layout: n.layout, Version: version, Archive: name, SHA256: digest, Marker: "RELEASE"})
}

func (n *node) describe(t testing.TB) release.Node {
	t.Helper()
	sys := n.system("")
	ledger, err := release.Read(sys, n.layout)
	if err != nil {
		t.Fatal(err)
	}
	d, err := release.Describe(sys, n.layout, ledger)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (n *node) deploy(t testing.TB, version string, as release.Event) {
	t.Helper()
	sys := n.system("")
	if err := n.stage(t, sys, version); err != nil {
		t.Fatal(err)
	}
	n.goLive(t, sys, version, as)
}

func (n *node) goBack(t testing.TB, version string) {
	t.Helper()
	sys := n.system("")
	if _, err := release.Switch(sys, n.layout, version, true, release.Back); err != nil {
		t.Fatal(err)
	}
	if err := release.Mark(sys, n.layout, version, release.Good); err != nil {
		t.Fatal(err)
	}
}

func (n *node) goLive(t testing.TB, sys modules.System, version string, as release.Event) {
	t.Helper()
	if _, err := release.Switch(sys, n.layout, version, true, release.Onward); err != nil {
		t.Fatal(err)
	}
	if err := release.Mark(sys, n.layout, version, as); err != nil {
		t.Fatal(err)
	}
}

func TestPreviousWalksBackAndPassesFailuresOver(t *testing.T) {
	n := newNode(t)
	n.deploy(t, "v1", release.Good)
	n.deploy(t, "v2", release.Good)
	n.deploy(t, "v3", release.Bad)
	n.goLive(t, n.system(""), "v2", release.Good)
	n.deploy(t, "v4", release.Good)

	for _, want := range []string{"v2", "v1"} {
		got, err := release.Previous([]release.Node{n.describe(t)})
		if err != nil || got != want {
			t.Fatalf("previous is %q (%v), want %q", got, err, want)
		}
		n.goLive(t, n.system(""), got, release.Good)
	}
	if got, err := release.Previous([]release.Node{n.describe(t)}); !errors.Is(err, release.ErrNoPrevious) {
		t.Fatalf("before the first release there is %q (%v)", got, err)
	}
}

func TestPreviousOfHalfADeployIsWhatTheOtherHalfRuns(t *testing.T) {
	half, rest := newNode(t), newNode(t)
	for _, n := range []*node{half, rest} {
		n.deploy(t, "v1", release.Good)
		n.deploy(t, "v2", release.Good)
	}
	half.deploy(t, "v3", release.Good)
	got, err := release.Previous([]release.Node{rest.describe(t), half.describe(t)})
	if err != nil || got != "v2" {
		t.Errorf("previous is %q (%v), want v2", got, err)
	}
}

func TestTheNewestReleaseIsTheOneThatWasMadeLast(t *testing.T) {
	old, late := newNode(t), newNode(t)
	for _, n := range []*node{old, late} {
		n.deploy(t, "v1", release.Good)
		n.deploy(t, "v2", release.Good)
	}
	old.deploy(t, "v3", release.Good)
	// A rollback to v1 that stopped half way had to stage v1 on a host that lacked it.
	fresh := newNode(t)
	fresh.runs = 10
	fresh.deploy(t, "v1", release.Good)
	got, err := release.Previous([]release.Node{fresh.describe(t), late.describe(t), old.describe(t)})
	if err != nil || got != "v2" {
		t.Errorf("previous is %q (%v), want v2, which was good before v3", got, err)
	}
	// The archive remembers when a release was made, where no other host does.
	fresh = newNode(t)
	fresh.runs = 10
	fresh.deploy(t, "v0", release.Good)
	made := release.NodeRelease{Version: "v0", Born: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)}
	got, err = release.Resolve("previous", []release.Node{fresh.describe(t), old.describe(t)}, nil, []release.NodeRelease{made})
	if err != nil || got != "v2" {
		t.Errorf("previous is %q (%v), want v2, which was good before v3", got, err)
	}
}

func TestTheNewestReleaseIsTheOneThatSucceededTheOthers(t *testing.T) {
	// v2 was packed before v3, for another environment, and comes here after it.
	half, rest := newNode(t), newNode(t)
	for _, n := range []*node{half, rest} {
		n.deploy(t, "v1", release.Good)
		n.runs = 10
		n.deploy(t, "v3", release.Good)
	}
	archived := []release.NodeRelease{{Version: "v2", Born: time.Date(2026, 1, 1, 0, 0, 5, 0, time.UTC)}}
	previous := func(want string) {
		t.Helper()
		got, err := release.Resolve("previous", []release.Node{rest.describe(t), half.describe(t)}, nil, archived)
		if err != nil || got != want {
			t.Errorf("previous is %q (%v), want %q", got, err, want)
		}
	}
	sys := half.system("")
	if err := half.stage(t, sys, "v2"); err != nil {
		t.Fatal(err)
	}
	if _, err := release.Switch(sys, half.layout, "v2", true, release.Onward); err != nil {
		t.Fatal(err)
	}
	previous("v3") // not tested yet, the run died
	if err := release.Mark(sys, half.layout, "v2", release.Good); err != nil {
		t.Fatal(err)
	}
	previous("v3")
	rest.deploy(t, "v2", release.Good)
	half.goLive(t, half.system(""), "v3", release.Good)
	previous("v3") // and a rollback that stopped half way is gone on with
}

func TestPreviousGoesFurtherBackWhereAReleaseIsBadOnOneHost(t *testing.T) {
	one, other := newNode(t), newNode(t)
	for _, n := range []*node{one, other} {
		n.deploy(t, "v1", release.Good)
		n.deploy(t, "v2", release.Good)
		n.deploy(t, "v3", release.Good)
	}
	n := other.system("")
	if err := release.Mark(n, other.layout, "v2", release.Bad); err != nil {
		t.Fatal(err)
	}
	got, err := release.Previous([]release.Node{one.describe(t), other.describe(t)})
	if err != nil || got != "v1" {
		t.Errorf("previous is %q (%v), want v1", got, err)
	}
}

func TestRollingBackAgainNeverReturnsToWhatWasLeft(t *testing.T) {
	// One node had v1 before v2, the other came late, with v2, and was given v1 then.
	one, other := newNode(t), newNode(t)
	one.deploy(t, "v1", release.Good)
	one.deploy(t, "v2", release.Good)
	other.deploy(t, "v2", release.Good)
	other.deploy(t, "v1", release.Good)
	nodes := func() []release.Node { return []release.Node{one.describe(t), other.describe(t)} }
	if got, err := release.Previous(nodes()); err != nil || got != "v1" {
		t.Fatalf("previous is %q (%v), want v1", got, err)
	}
	one.goBack(t, "v1")
	if got, err := release.Previous(nodes()); !errors.Is(err, release.ErrNoPrevious) {
		t.Errorf("after going back from v2, previous is %q (%v)", got, err)
	}
	for _, n := range []*node{one, other} {
		n.deploy(t, "v3", release.Good)
	}
	if got, err := release.Previous(nodes()); err != nil || got != "v1" {
		t.Errorf("before a new release there was %q (%v), want v1", got, err)
	}
}

func TestASwitchThatACrashKeptFromTheLedgerIsRecordedLater(t *testing.T) {
	n := newNode(t)
	n.deploy(t, "v1", release.Good)
	sys, left := n.system(""), 1
	if err := n.stage(t, sys, "v2"); err != nil {
		t.Fatal(err)
	}
	sys.left = &left // the symlink, and no more
	if _, err := release.Switch(sys, n.layout, "v2", true, release.Onward); !errors.Is(err, errCrash) {
		t.Fatal(err)
	}
	if _, err := release.Switch(n.system(""), n.layout, "v2", true, release.Onward); err != nil {
		t.Fatal(err)
	}
	ledger, err := release.Read(n.system(""), n.layout)
	if last := ledger.Entries[len(ledger.Entries)-1]; err != nil || last.Event != release.Switched || last.Version != "v2" || last.From != "v1" {
		t.Errorf("the last entry is %+v (%v)", last, err)
	}
}

func TestAFailureIsRememberedWhenTheReleaseIsPruned(t *testing.T) {
	one, other := newNode(t), newNode(t)
	for _, n := range []*node{one, other} {
		n.deploy(t, "v1", release.Good)
	}
	one.deploy(t, "v2", release.Good)
	other.deploy(t, "v2", release.Bad)
	other.goLive(t, other.system(""), "v1", release.Good)
	for _, n := range []*node{one, other} {
		n.deploy(t, "v3", release.Good)
	}
	if _, err := release.Prune(other.system(""), other.layout, 1, nil); err != nil {
		t.Fatal(err)
	}
	if err := other.stage(t, other.system(""), "v2"); err != nil {
		t.Fatal(err)
	}
	got, err := release.Previous([]release.Node{one.describe(t), other.describe(t)})
	if err != nil || got != "v1" {
		t.Errorf("previous is %q (%v), want v1: v2 failed on one node", got, err)
	}
}

func TestCurrentIsWhatTheOtherHostsRun(t *testing.T) {
	repaired, empty, running := newNode(t), newNode(t), newNode(t)
	repaired.deploy(t, "v1", release.Good)
	running.deploy(t, "v1", release.Good)
	running.deploy(t, "v2", release.Good)
	selected := []release.Node{repaired.describe(t), empty.describe(t)}
	got, err := release.Resolve("current", selected, []release.Node{running.describe(t)}, nil)
	if err != nil || got != "v2" {
		t.Errorf("current is %q (%v), want v2", got, err)
	}
	got, err = release.Resolve("current", selected, []release.Node{empty.describe(t)}, nil)
	if err != nil || got != "v1" {
		t.Errorf("where no other host has a release, current is %q (%v), want v1", got, err)
	}
}

func TestFailedReleasesArePrunedBeforeGoodOnes(t *testing.T) {
	n := newNode(t)
	n.deploy(t, "v1", release.Good)
	n.deploy(t, "v2", release.Good)
	n.deploy(t, "v3", release.Bad)
	n.deploy(t, "v4", release.Bad)
	n.deploy(t, "v5", release.Good)
	removed, err := release.Prune(n.system(""), n.layout, 3, nil)
	if err != nil || !slices.Equal(removed, []string{"v3", "v4"}) {
		t.Errorf("%v went (%v), want v3 and v4, which failed", removed, err)
	}
}

func TestArchivesStayThatAnyNodeHas(t *testing.T) {
	n := newNode(t)
	os.MkdirAll(filepath.Join(n.root, "code"), 0o755)
	for _, v := range []string{"v1", "v2", "v3", "v4", "v5", "v6"} {
		os.WriteFile(filepath.Join(n.root, "code/app"), []byte(v), 0o644)
		a := release.Archiving{App: "shop", Version: v, Dest: "/tar", Source: "/code"}
		if _, err := release.Archive(t.Context(), n.system(""), a); err != nil {
			t.Fatal(err)
		}
	}
	has := func(host string, versions ...string) release.Node {
		node := release.Node{Host: host}
		for _, v := range versions {
			node.Releases = append(node.Releases, release.NodeRelease{Version: v, Present: v != "v5"})
		}
		return node
	}
	use := func(environment, version string, nodes ...release.Node) {
		t.Helper()
		if err := release.Use(n.system(""), "/tar", "shop", environment, nodes, version); err != nil {
			t.Fatal(err)
		}
	}
	use("prod", "", has("n1", "v1", "v5"), has("n2", "v6"))
	use("test", "v3", has("n1", "v2"))
	use("prod", "", has("n2", "v6")) // a run on n2 alone leaves what n1 has
	removed, err := release.PruneArchived(n.system(""), "/tar", "shop", 1, nil)
	if err != nil || !slices.Equal(removed, []string{"v4", "v5"}) {
		t.Errorf("%v went (%v), want v4 and v5, which no node has", removed, err)
	}
	entries, _ := os.ReadDir(filepath.Join(n.root, "tar"))
	if len(entries) != 5 {
		t.Errorf("left are %v", entries)
	}
}

func TestAVersionNeverChanges(t *testing.T) {
	n := newNode(t)
	n.deploy(t, "v1", release.Good)
	name, digest := n.archive(t, "something else")
	err := release.Stage(context.Background(), n.system(""), release.Staging{Layout: n.layout, Version: "v1", Archive: name, SHA256: digest, Marker: "RELEASE"})
	if err == nil || !strings.Contains(err.Error(), "other content (code)") {
		t.Errorf("other code under the same name was answered with %v", err)
	}
}

func TestADamagedArchiveStagesNothing(t *testing.T) {
	n := newNode(t)
	name, digest := n.archive(t, "code")
	file := filepath.Join(n.root, name)
	data, _ := os.ReadFile(file)
	os.WriteFile(file, data[:len(data)/2], 0o600)
	err := release.Stage(context.Background(), n.system(""), release.Staging{Layout: n.layout, Version: "v1", Archive: name, SHA256: digest})
	if err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("a damaged archive was answered with %v", err)
	}
	entries, _ := os.ReadDir(filepath.Join(n.root, "/opt/webroot"))
	if len(entries) != 0 {
		t.Errorf("it left %v", entries)
	}
}

func TestAHostWhoseWebrootCannotBeSwitchedSaysSoWhenItStages(t *testing.T) {
	n := newNode(t)
	n.deploy(t, "v1", release.Good)
	sys := &unwritable{System: n.system(""), name: "/webroot/"}
	err := n.stage(t, sys, "v2")
	if err == nil || !strings.Contains(err.Error(), "the webroot /webroot/shop could not be switched on this host: read-only file system") {
		t.Errorf("staging on a host whose webroot is read-only was answered with %v", err)
	}
	if err := n.stage(t, n.system(""), "v2"); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(n.root, "/webroot/.*")); len(left) > 0 {
		t.Errorf("the try left %v", left)
	}
}

// unwritable is a System with a read-only directory.
type unwritable struct {
	modules.System
	name string
}

func (u *unwritable) Symlink(target, name string) error {
	if strings.HasPrefix(name, u.name) {
		return syscall.EROFS
	}
	return u.System.Symlink(target, name)
}

func TestSwitchRefusesAChangedRelease(t *testing.T) {
	n := newNode(t)
	n.deploy(t, "v1", release.Good)
	if err := n.stage(t, n.system(""), "v2"); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(n.root, n.layout.Dir("v2"), "bin/app"), []byte("hacked"), 0o755)
	_, err := release.Switch(n.system(""), n.layout, "v2", true, release.Onward)
	if err == nil || !strings.Contains(err.Error(), "bin/app differs") {
		t.Errorf("a changed release was answered with %v", err)
	}
}

func TestAPlainDirectoryIsRefusedAndAdopted(t *testing.T) {
	n := newNode(t)
	web := filepath.Join(n.root, n.layout.Link)
	os.MkdirAll(web, 0o755)
	os.WriteFile(filepath.Join(web, "index.html"), []byte("by hand"), 0o644)
	if err := n.stage(t, n.system(""), "v1"); err != nil {
		t.Fatal(err)
	}
	if _, err := release.Switch(n.system(""), n.layout, "v1", true, release.Onward); err == nil || !strings.Contains(err.Error(), "adopt=true") {
		t.Fatalf("a plain directory was answered with %v", err)
	}
	adopted, err := release.Adopt(n.system(""), n.layout)
	if err != nil || adopted == "" {
		t.Fatalf("adopted %q: %v", adopted, err)
	}
	if again, err := release.Adopt(n.system(""), n.layout); err != nil || again != "" {
		t.Errorf("a second time adopted %q: %v", again, err)
	}
	n.deploy(t, "v2", release.Good)
	if got, err := release.Previous([]release.Node{n.describe(t)}); err != nil || got != adopted {
		t.Errorf("previous is %q (%v), want %q", got, err, adopted)
	}
}

func TestALedgerOfTheServiceIsNamed(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root, to give files away")
	}
	n := newNode(t)
	n.deploy(t, "v1", release.Good)
	if name := release.Untrusted(n.system(""), n.layout); name != "" {
		t.Errorf("%s is not trusted", name)
	}
	state := filepath.Join(n.root, n.layout.State)
	if err := os.Lchown(state, 1500, 1500); err != nil {
		t.Fatal(err)
	}
	if name := release.Untrusted(n.system(""), n.layout); name != n.layout.State {
		t.Errorf("%q is not trusted, and should be %s", name, n.layout.State)
	}
}

func TestAWebrootOfSomebodyElseComesBack(t *testing.T) {
	n := newNode(t)
	link := filepath.Join(n.root, n.layout.Link)
	os.MkdirAll(filepath.Dir(link), 0o755)
	if err := os.Symlink("/srv/by-hand", link); err != nil {
		t.Fatal(err)
	}
	before := n.describe(t)
	if before.Kind != release.LinkForeign || before.Target != "/srv/by-hand" {
		t.Errorf("the node tells %q -> %q", before.Kind, before.Target)
	}
	n.deploy(t, "v1", release.Bad)
	done, err := release.Unlink(n.system(""), n.layout, "v1", before.Target)
	if err != nil || done.From != "v1" || done.To != "" {
		t.Errorf("%+v, %v", done, err)
	}
	if got, err := os.Readlink(link); err != nil || got != "/srv/by-hand" {
		t.Errorf("the webroot points to %q (%v)", got, err)
	}
}

func TestAdoptingGoesOnWhereItWasCutOff(t *testing.T) {
	for steps, cutOff := 0, true; cutOff; steps++ {
		n := newNode(t)
		web := filepath.Join(n.root, n.layout.Link)
		os.MkdirAll(web, 0o755)
		os.WriteFile(filepath.Join(web, "index.html"), []byte("by hand"), 0o644)
		cut := n.system("")
		left := steps
		cut.left = &left
		_, err := release.Adopt(cut, n.layout)
		cutOff = err != nil
		if _, err := release.Adopt(n.system(""), n.layout); err != nil {
			t.Fatal(err)
		}
		d := n.describe(t)
		if page, err := os.ReadFile(filepath.Join(n.root, n.layout.Dir(d.Current), "index.html")); err != nil || string(page) != "by hand" {
			t.Errorf("cut off after %d steps: the webroot has %q (%v)", steps, page, err)
		}
		if r := d.Releases[len(d.Releases)-1]; d.Current != r.Version || r.State != release.Good {
			t.Errorf("cut off after %d steps: %q is live, and %s is %s", steps, d.Current, r.Version, r.State)
		}
	}
}

func TestTheDirectoryOfTheWebrootIsNeverTakenAway(t *testing.T) {
	n := newNode(t)
	n.deploy(t, "v1", release.Good)
	if err := os.Remove(filepath.Join(n.root, n.layout.Ledger())); err != nil {
		t.Fatal(err)
	}
	if err := n.stage(t, n.system(""), "v1"); err == nil || !strings.Contains(err.Error(), "the webroot points to it") {
		t.Errorf("a live release that the ledger does not know was staged over: %v", err)
	}
}

func TestOneRunHoldsTheLock(t *testing.T) {
	n := newNode(t)
	lock := release.Lock{Dir: "/run/lock/gdeploy-shop"}
	first := n.system("first")
	if _, err := lock.Take(t.Context(), first, "deploy", 0, false); err != nil {
		t.Fatal(err)
	}
	other := &node{root: n.root, locks: machine.NewLocks()}
	_, err := lock.Take(t.Context(), other.system("second"), "", 0, false)
	var kind *modules.KindError
	if !errors.As(err, &kind) || kind.Kind != modules.KindLocked || !strings.Contains(err.Error(), "run first of ada@ops1") {
		t.Fatalf("the second run got %v", err)
	}
	if _, err := lock.Take(t.Context(), other.system("second"), "", 0, true); err != nil {
		t.Fatalf("taking over: %v", err)
	}
	fenced := machine.New(machine.Options{Root: n.root, Run: modules.Run{ID: "first", Lock: lock.Dir}})
	if err := release.Fence(fenced); !errors.As(err, &kind) || kind.Kind != modules.KindFenced {
		t.Errorf("the run that lost its lock got %v", err)
	}
	if err := lock.Give(other.system("second")); err != nil {
		t.Fatal(err)
	}
	n.locks.Close()
	if _, err := lock.Take(t.Context(), (&node{root: n.root, locks: machine.NewLocks()}).system("third"), "", 0, false); err != nil {
		t.Errorf("a free lock: %v", err)
	}
}

func TestACrashFreesTheLock(t *testing.T) {
	n := newNode(t)
	lock := release.Lock{Dir: "/run/lock/gdeploy-shop"}
	if _, err := lock.Take(t.Context(), n.system("first"), "", 0, false); err != nil {
		t.Fatal(err)
	}
	n.locks.Close() // the helper ended without giving it back
	other := &node{root: n.root, locks: machine.NewLocks()}
	if _, err := lock.Take(t.Context(), other.system("second"), "", 0, false); err != nil {
		t.Error(err)
	}
}
