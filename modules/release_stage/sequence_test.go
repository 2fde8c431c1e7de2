package release_stage_test

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/modules/onhost"
	"github.com/gdeploy/gdeploy/values"
)

// host is a directory that looks like a host, and the run that works on it.
type host struct {
	t     *testing.T
	root  string
	locks *machine.Locks
	run   modules.Run
}

func newHost(t *testing.T) *host {
	h := &host{t: t, root: t.TempDir(), locks: machine.NewLocks()}
	t.Cleanup(func() { h.locks.Close() })
	h.begin("r1")
	return h
}

// begin starts another run, later than those before.
func (h *host) begin(id string) {
	h.run = modules.Run{ID: id, Who: "ada@ops1", Started: h.run.Started.Add(time.Hour), Lock: h.run.Lock}
}

// call calls a module for the application shop, and wants it to succeed.
func (h *host) call(module string, args ...any) modules.Reply {
	h.t.Helper()
	reply := h.try(module, args...)
	if reply.Failed {
		h.t.Fatalf("%s: %s", module, reply.Msg)
	}
	return reply
}

func (h *host) try(module string, args ...any) modules.Reply {
	h.t.Helper()
	spec, ok := modules.Find(onhost.Specs(), module)
	if !ok {
		h.t.Fatalf("no module %s", module)
	}
	m := machine.New(machine.Options{Root: h.root, Locks: h.locks, Run: h.run})
	defer m.Close()
	if _, ok := spec.Parameter("app"); ok {
		args = append(args, "app", values.String("shop"))
	}
	return modules.Perform(h.t.Context(), spec, modules.Call{Module: module, Args: values.MapOf(args...)}, m)
}

// stage makes an archive with one page and stages it.
func (h *host) stage(version string) {
	h.t.Helper()
	at := filepath.Join(h.root, version+".tar")
	f, err := os.Create(at)
	if err != nil {
		h.t.Fatal(err)
	}
	defer f.Close()
	w := tar.NewWriter(f)
	if err := w.WriteHeader(&tar.Header{Name: "page", Mode: 0o644, Size: int64(len(version))}); err != nil {
		h.t.Fatal(err)
	}
	if _, err := w.Write([]byte(version)); err != nil {
		h.t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		h.t.Fatal(err)
	}
	content, err := os.ReadFile(at)
	if err != nil {
		h.t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	h.call("release_stage", "version", values.String(version), "archive", values.String("/"+version+".tar"), "sha256", values.String(hex.EncodeToString(sum[:])))
}

// deploy stages a version, switches to it, and marks it.
func (h *host) deploy(version, as string) {
	h.t.Helper()
	h.begin("deploy-" + version)
	h.stage(version)
	h.call("release_switch", "version", values.String(version))
	h.call("release_mark", "version", values.String(version), "state", values.String(as))
}

// fact gives one of release_facts.
func (h *host) fact(name string) string {
	h.t.Helper()
	v, _ := h.call("release_facts").Data.Get(name)
	return values.Text(v)
}

func (h *host) wants(fact, want string) {
	h.t.Helper()
	if got := h.fact(fact); got != want {
		h.t.Errorf("%s is %s, want %s", fact, got, want)
	}
}

// Deploys, a failure, a rollback and a pruning, one after the other.
func TestSequence(t *testing.T) {
	h := newHost(t)
	h.wants("link", "missing")
	h.deploy("v1", "good")
	h.wants("current", "v1")
	h.wants("previous", "")
	h.deploy("v2", "good")
	h.wants("previous", "v1")
	h.deploy("v3", "bad")
	h.wants("lineage", "['v1', 'v2']")
	h.call("release_switch", "version", values.String("v2"))
	h.wants("current", "v2")
	h.wants("previous", "v1")
	if page, err := os.ReadFile(filepath.Join(h.root, "opt/webroot/shop_v2/page")); string(page) != "v2" {
		t.Errorf("the page says %q (%v)", page, err)
	}
	removed, _ := h.call("release_prune", "keep", values.Int(1)).Data.Get("removed")
	if got := values.Text(removed); got != "['v3']" {
		t.Errorf("pruned %s", got)
	}
	h.call("release_switch", "version", values.String("v1"))
	if reply := h.try("release_switch", "version", values.String("v3")); !strings.Contains(reply.Msg, "was not staged on this host") {
		t.Errorf("a pruned release went live: %q", reply.Msg)
	}
	h.deploy("v3", "good")
	h.wants("lineage", "['v1', 'v2', 'v3']")
}

// A run whose lock another one took over may change nothing more.
func TestFence(t *testing.T) {
	h := newHost(t)
	lock := values.String("/run/lock/shop")
	h.run.Lock = "/run/lock/shop"
	h.call("release_lock", "path", lock)
	h.stage("v1")
	stuck := h.run
	h.begin("r2")
	h.call("release_lock", "path", lock, "take_over", values.True)
	h.run = stuck
	for module, args := range map[string][]any{
		"release_switch": {"version", values.String("v1")},
		"release_mark":   {"version", values.String("v1"), "state", values.String("good")},
		"release_prune":  {},
		"release_adopt":  {},
		"release_stage":  {"version", values.String("v2"), "archive", values.String("/v2.tar"), "sha256", values.String("x")},
	} {
		reply := h.try(module, args...)
		if reply.ErrorKind != modules.KindFenced || reply.Changed || !strings.Contains(reply.Msg, "run r2") {
			t.Errorf("%s by the run that lost its lock: %q, changed %v, %s", module, reply.ErrorKind, reply.Changed, reply.Msg)
		}
	}
	h.wants("link", "missing")
}
