package release_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/release"
)

// TestWhateverHappens does anything in any order on a small cluster, with crashes at any
// write, and checks after each step what must always hold:
//
//   - the webroot of each node, once there is one, is a complete release;
//   - the live, the previous and pinned releases are never deleted;
//   - "previous" was good on a node, and failed on none since.
//
// At the end it rolls back until there is nothing to go back to: each time to another
// release, that was good and did not fail.
func TestWhateverHappens(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := newCluster(t, rapid.IntRange(1, 3).Draw(r, "nodes"))
		for range rapid.IntRange(1, 20).Draw(r, "steps") {
			c.anything(r)
		}
		c.walkBack(r)
	})
}

// cluster is some nodes, and what a careful operator would write down about them.
type cluster struct {
	t     testing.TB
	nodes []*node
	good  map[string]bool           // releases that ever passed on a node
	bad   map[string]map[*node]bool // where a release failed, and did not pass since
	runs  int
}

func newCluster(t testing.TB, size int) *cluster {
	c := &cluster{t: t, good: map[string]bool{}, bad: map[string]map[*node]bool{}}
	for range size {
		c.nodes = append(c.nodes, newNode(t))
	}
	return c
}

// anything is one action of a run on the nodes, cut off by a crash perhaps.
func (c *cluster) anything(r *rapid.T) {
	v := rapid.SampledFrom([]string{"v1", "v2", "v3", "v4", "v5"}).Draw(r, "version")
	one := c.nodes[rapid.IntRange(0, len(c.nodes)-1).Draw(r, "node")]
	needed := c.needed()
	run := c.begin()
	if crash := rapid.SampledFrom([]int{0, 0, 0, 1, 2, 3, 5, 8, 13, 21, 34}).Draw(r, "crash after"); crash > 0 {
		run.crash = &crash
		if rapid.Bool().Draw(r, "only the node crashes, not the controller") {
			run.only = one
		}
	}
	switch rapid.SampledFrom([]string{"deploy", "deploy", "deploy badly", "roll back", "roll back badly", "now", "stage", "pin", "unpin", "prune", "damage"}).Draw(r, "what") {
	case "deploy":
		run.deploy(v, nil, release.Onward)
	case "deploy badly":
		run.deploy(v, one, release.Onward)
	case "roll back":
		run.rollBack(nil)
	case "roll back badly":
		run.rollBack(one)
	case "now":
		run.now()
	case "stage":
		_ = one.stage(c.t, run.on(one), v)
	case "pin":
		_ = release.Mark(run.on(one), one.layout, v, release.Pinned)
	case "unpin":
		if release.Mark(run.on(one), one.layout, v, release.Unpinned) == nil {
			delete(needed[one], v)
			needed[one] = one.needed(c.t)
		}
	case "prune":
		run.prune(rapid.IntRange(0, 3).Draw(r, "keep"))
	case "damage":
		if !needed[one][v] {
			one.damage(v)
		}
	}
	c.check(r, needed)
}

// clusterRun is a run on the nodes, as the shipped playbooks do it.
type clusterRun struct {
	*cluster
	id      string
	started time.Time
	// crash is the number of steps until the power goes: on one node only, or for the controller.
	crash   *int
	only    *node
	systems map[*node]*crashing
}

func (c *cluster) begin() *clusterRun {
	c.runs++
	started := time.Date(2026, 1, 1, 0, 0, c.runs, 0, time.UTC)
	return &clusterRun{cluster: c, id: fmt.Sprintf("run%d", c.runs), started: started, systems: map[*node]*crashing{}}
}

// on is what the run sees of a node.
func (r *clusterRun) on(n *node) *crashing {
	if r.systems[n] == nil {
		m := machine.New(machine.Options{Root: n.root, Locks: n.locks, Run: modules.Run{ID: r.id, Who: "ada@ops1", Started: r.started}})
		r.systems[n] = &crashing{System: m}
		if r.only == nil || r.only == n {
			r.systems[n].left = r.crash
		}
	}
	return r.systems[n]
}

// deploy stages v on all nodes and switches one after the other; on the node that fails
// its test does. Then all that were touched go back, or only that one.
func (r *clusterRun) deploy(v string, fails *node, way release.Direction) {
	before := map[*node]release.Node{}
	for _, n := range r.nodes {
		before[n] = n.describe(r.t)
		if n.stage(r.t, r.on(n), v) != nil {
			return
		}
	}
	for i, n := range r.nodes {
		_, err := release.Switch(r.on(n), n.layout, v, true, way)
		if err == nil && n != fails {
			err = r.mark(n, v, release.Good)
		}
		if err == nil && n != fails {
			continue
		}
		touched := r.nodes[:i+1]
		if way == release.Back { // the others shall not go back to what is being escaped
			touched = r.nodes[i : i+1]
		}
		for _, t := range slices.Backward(touched) {
			r.undo(t, v, before[t], t == n)
		}
		return
	}
}

// undo takes a node back as the undo entries of switch.yml do.
func (r *clusterRun) undo(n *node, v string, before release.Node, failedHere bool) {
	sys := r.on(n)
	var err error
	if before.Current == "" {
		_, err = release.Unlink(sys, n.layout, v, "")
	} else {
		_, err = release.Switch(sys, n.layout, before.Current, true, release.Onward)
	}
	if before.Current != v && (failedHere || state(before, v) != release.Good) {
		_ = r.mark(n, v, release.Bad)
	}
	if err == nil && before.Current != "" && state(before, before.Current) == release.Good {
		_ = r.mark(n, before.Current, release.Good)
	}
}

func state(n release.Node, version string) release.Event {
	for _, rel := range n.Releases {
		if rel.Version == version {
			return rel.State
		}
	}
	return ""
}

func (r *clusterRun) mark(n *node, v string, as release.Event) error {
	err := release.Mark(r.on(n), n.layout, v, as)
	if err != nil {
		return err
	}
	if as == release.Good {
		r.good[v] = true
		delete(r.bad[v], n)
		return nil
	}
	if r.bad[v] == nil {
		r.bad[v] = map[*node]bool{}
	}
	r.bad[v][n] = true
	return nil
}

func (r *clusterRun) rollBack(fails *node) {
	if previous, err := r.previous(); err == nil {
		r.deploy(previous, fails, release.Back)
	}
}

// now takes each node to its own previous release, and stages nothing.
func (r *clusterRun) now() {
	for _, n := range r.nodes {
		v := n.describe(r.t).Previous
		if v == "" {
			continue
		}
		if _, err := release.Switch(r.on(n), n.layout, v, true, release.Back); err == nil {
			_ = r.mark(n, v, release.Good)
		}
	}
}

func (r *clusterRun) prune(keep int) {
	for _, n := range r.nodes {
		_, _ = release.Prune(r.on(n), n.layout, keep, nil)
	}
}

// damage changes a file of a release, as somebody on the node might.
func (n *node) damage(version string) {
	_ = os.WriteFile(filepath.Join(n.root, n.layout.Dir(version), "bin/app"), []byte("changed"), 0o755)
}

// previous is what a rollback would go to.
func (c *cluster) previous() (string, error) {
	var all []release.Node
	for _, n := range c.nodes {
		all = append(all, n.describe(c.t))
	}
	return release.Previous(all)
}

// needed are the releases of each node that nobody may delete.
func (c *cluster) needed() map[*node]map[string]bool {
	all := map[*node]map[string]bool{}
	for _, n := range c.nodes {
		all[n] = n.needed(c.t)
	}
	return all
}

func (n *node) needed(t testing.TB) map[string]bool {
	d := n.describe(t)
	needed := map[string]bool{}
	for _, rel := range d.Releases {
		_, err := os.Stat(filepath.Join(n.root, n.layout.Dir(rel.Version)))
		if err == nil && rel.Present && (rel.Version == d.Current || rel.Version == d.Previous || rel.Pinned) {
			needed[rel.Version] = true
		}
	}
	return needed
}

func (c *cluster) check(r *rapid.T, needed map[*node]map[string]bool) {
	for i, n := range c.nodes {
		n.checkWebroot(r)
		for version := range needed[n] {
			if _, err := os.Stat(filepath.Join(n.root, n.layout.Dir(version))); err != nil {
				r.Fatalf("node %d: release %s was live, previous or pinned, and is gone: %v", i, version, err)
			}
		}
	}
	if previous, err := c.previous(); err == nil {
		c.checkWorthy(r, previous)
	}
}

// checkWorthy: nobody goes back to what never passed, or failed since.
func (c *cluster) checkWorthy(r *rapid.T, previous string) {
	if !c.good[previous] {
		r.Fatalf("previous is %s, which never was good", previous)
	}
	if len(c.bad[previous]) > 0 {
		r.Fatalf("previous is %s, which failed", previous)
	}
}

// checkWebroot: where there is a webroot it points to a complete release.
func (n *node) checkWebroot(r *rapid.T) {
	target, err := os.Readlink(filepath.Join(n.root, n.layout.Link))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		r.Fatal(err)
	}
	version := strings.TrimPrefix(filepath.Base(target), "shop_")
	for name, want := range map[string]string{"bin/app": "code of " + version, "static/欢迎.txt": "code of " + version, "RELEASE": version + "\n"} {
		if got, err := os.ReadFile(filepath.Join(n.root, target, name)); err != nil || string(got) != want {
			r.Fatalf("the webroot points to %s, where %s is %q (%v)", target, name, got, err)
		}
	}
}

// walkBack rolls back until nothing is left to go back to.
func (c *cluster) walkBack(r *rapid.T) {
	seen := map[string]bool{}
	for {
		previous, err := c.previous()
		if err != nil {
			return
		}
		c.checkWorthy(r, previous)
		if seen[previous] {
			r.Fatalf("rolled back to %s a second time", previous)
		}
		seen[previous] = true
		c.begin().rollBack(nil)
		for i, n := range c.nodes {
			n.checkWebroot(r)
			if now := n.describe(c.t).Current; now != previous {
				r.Fatalf("node %d: rolled back to %s, and %q is live", i, previous, now)
			}
		}
	}
}
