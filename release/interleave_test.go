package release_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/release"
)

// TestTwoControllersNeverInterleave lets two runs deploy to one node at once, in any order of
// their reads and writes. Some take the lock over, some lose their helper in the middle.
// Whatever happens: once a run has changed what counts, the one before changes it no more.
func TestTwoControllersNeverInterleave(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		n := newNode(t)
		for _, v := range []string{"v1", "v2", "v3"} {
			n.deploy(t, v, release.Good)
		}
		s := &schedule{asks: make(chan string), turn: map[string]chan bool{}}
		takes := rapid.SampledFrom([]string{"", "a", "b", "a b"}).Draw(r, "who takes over")
		for _, id := range []string{"a", "b"} {
			c := &controller{t: t, n: n, id: id, s: s, locks: machine.NewLocks(), takeOver: strings.Contains(takes, id)}
			s.turn[id] = make(chan bool)
			go c.deploy(rapid.SampledFrom([]string{"v1", "v2", "v4"}).Draw(r, "version of "+id))
		}
		s.run(r)
		n.checkWebroot(r)
		s.checkOrder(r)
	})
}

// schedule lets one of several controllers do one step at a time.
type schedule struct {
	asks    chan string          // a controller is ready for its next step, or has ended
	turn    map[string]chan bool // go on, or crash
	changes []string             // who has changed what counts, in order
	what    []string
}

func (s *schedule) run(r *rapid.T) {
	var ready []string
	for alive := len(s.turn); alive > 0; {
		for len(ready) < alive {
			if id, ended := strings.CutSuffix(<-s.asks, " ended"); ended {
				alive--
			} else {
				ready = append(ready, id)
			}
		}
		if alive == 0 {
			return
		}
		i := rapid.IntRange(0, len(ready)-1).Draw(r, "turn")
		id := ready[i]
		ready = append(ready[:i:i], ready[i+1:]...)
		s.turn[id] <- rapid.IntRange(0, 60).Draw(r, "crash") == 60
	}
}

// checkOrder: each run's changes are in one piece.
func (s *schedule) checkOrder(r *rapid.T) {
	over := map[string]bool{}
	for i, id := range s.changes {
		if over[id] {
			r.Fatalf("run %s changed %q after another run had begun to change things:\n%s", id, s.what[i], strings.Join(s.what, "\n"))
		}
		if i > 0 && s.changes[i-1] != id {
			over[s.changes[i-1]] = true
		}
	}
}

// controller is one run on the node.
type controller struct {
	t        testing.TB
	n        *node
	id       string
	s        *schedule
	locks    *machine.Locks
	takeOver bool
}

const lockDir = "/run/gdeploy/shop"

// system is what one call sees. It waits for its turn before each step, and its helper may
// end then, which frees its locks.
func (c *controller) system() *crashing {
	m := machine.New(machine.Options{Root: c.n.root, Locks: c.locks, Run: modules.Run{ID: c.id, Who: "ada@ops1", Lock: lockDir}})
	sys := &crashing{System: m}
	sys.before = func(what string) {
		if sys.left != nil {
			return // it is gone already
		}
		c.s.asks <- c.id
		if <-c.s.turn[c.id] {
			gone := 0
			sys.left = &gone
			c.locks.Close()
			return
		}
		if counts(what) {
			c.s.changes, c.s.what = append(c.s.changes, c.id), append(c.s.what, c.id+": "+what)
		}
	}
	return sys
}

// counts tells of a change that others see: the webroot, a release's directory, the ledger.
func counts(what string) bool {
	return strings.HasPrefix(what, "link ") || strings.HasPrefix(what, "append ") ||
		strings.HasPrefix(what, "rename /opt/") || strings.HasPrefix(what, "remove /opt/") && !strings.Contains(what, ".staging-")
}

// deploy is what a run does on a node; it ends at its first refusal.
func (c *controller) deploy(version string) {
	defer func() { c.s.asks <- c.id + " ended" }()
	lock := release.Lock{Dir: lockDir}
	if _, err := lock.Take(c.t.Context(), c.system(), "deploy", 0, c.takeOver); err != nil {
		return
	}
	steps := []func() error{
		func() error { return c.n.stage(c.t, c.system(), version) },
		func() error {
			_, err := release.Switch(c.system(), c.n.layout, version, true, release.Onward)
			return err
		},
		func() error { return release.Mark(c.system(), c.n.layout, version, release.Good) },
		func() error { _, err := release.Prune(c.system(), c.n.layout, 2, nil); return err },
		func() error { return lock.Give(c.system()) },
	}
	for _, step := range steps {
		if step() != nil {
			return
		}
	}
}
