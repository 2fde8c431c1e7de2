//go:build lab

package endtoend

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// every says how many of the moments of a deploy each fault is tried at. `make faults` tries them all.
var every = flag.Int("faults", 0, "try each fault at every Nth moment of a deploy; 0: at a few")

// first is the number of the first of these moments, so that several runs can share the work.
var first = flag.Int("faults-first", 0, "the number of the first of these moments, below N")

// TestFaults breaks something at one moment of a deploy after the other: at the beginning of every task, and some
// milliseconds into those that send, unpack, switch and restart. After each, nothing that an operator relies on may be
// broken (see broken), and one more command brings the cluster to a good state.
func TestFaults(t *testing.T) {
	settled(t, few)
	t.Cleanup(func() { clearUp(t) })
	goldenTrees(t)
	moments := momentsOfADeploy(t)
	table := &faultTable{}
	for _, f := range faults {
		for i, m := range chosen(moments, f) {
			t.Run(f.name+"/"+m.String(), func(t *testing.T) {
				table.add(f.name, tryFault(t, f, m, i))
			})
		}
	}
	t.Logf("%d moments of a deploy of %d nodes\n%s", len(moments), len(few), table)
}

// clearUp removes what helpers that were killed left behind, as gdeploy itself does a day later, and the runs that died
// and were not gone on with.
func clearUp(t *testing.T) {
	if err := os.RemoveAll(filepath.Join(shared.home, "state", "gdeploy", "runs")); err != nil {
		t.Error(err)
	}
	for _, h := range few {
		onHost(t, h, "rm -rf /opt/webroot/*.staging-*")
	}
}

// chosen are the moments at which a fault is tried.
func chosen(moments []moment, f fault) []moment {
	if *every == 0 {
		return slices.DeleteFunc(slices.Clone(moments), func(m moment) bool { return !slices.Contains(f.sample, m.String()) })
	}
	var some []moment
	for i, m := range moments {
		if i%*every == *first {
			some = append(some, m)
		}
	}
	return some
}

// tryFault deploys, breaks something, mends it, and gives the promises that did not hold.
func tryFault(t *testing.T, f fault, m moment, number int) (broken []string) {
	before := linked(t, few[0])
	release := fresh("f")
	client := askingThrough(t)
	r := deployUntil(t, m, release)
	mend := func() {}
	if r.stopsAt(t, m) {
		mend = sync.OnceFunc(f.strike(t, r, m.victim()))
		t.Cleanup(mend)
		r.goesOn()
	} else {
		broken = append(broken, "the deploy did not come to "+m.String())
	}
	ended := r.wait(t)
	mend()
	broken = append(broken, f.harm(client())...)
	broken = append(broken, incomplete(t)...)
	broken = append(broken, recoveries(f)[number%len(recoveries(f))].bring(t, ended)...)
	if len(broken) > 0 {
		t.Errorf("%s at %s, from %s to %s:\n%s\n\nthe deploy said (exit code %d):\n%s", f.name, m, before, release, strings.Join(broken, "\n"), ended.code, ended.out)
	}
	return broken
}

// faultTable counts what was tried.
type faultTable struct {
	rows  []string
	tried map[string]int
	holes map[string]int
}

func (f *faultTable) add(name string, broken []string) {
	if f.tried == nil {
		f.tried, f.holes = map[string]int{}, map[string]int{}
	}
	if !slices.Contains(f.rows, name) {
		f.rows = append(f.rows, name)
	}
	f.tried[name]++
	f.holes[name] += len(broken)
}

// String is the table as docs/reliability.md shows it.
func (f *faultTable) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| fault | tried | invariants broken |\n|---|---:|---:|\n")
	tried, holes := 0, 0
	for _, name := range f.rows {
		fmt.Fprintf(&b, "| %s | %d | %d |\n", name, f.tried[name], f.holes[name])
		tried, holes = tried+f.tried[name], holes+f.holes[name]
	}
	fmt.Fprintf(&b, "| all | %d | %d |\n", tried, holes)
	return b.String()
}

// clients is how many requests of the client are under way at once.
const clients = 4

// askingThrough keeps asking through the balancer, clients at a time, and gives how many of the requests failed.
func askingThrough(t *testing.T) (failures func() []string) {
	t.Helper()
	done := make(chan struct{})
	results := make(chan []string, clients)
	for range clients {
		go func() {
			var bad []string
			for {
				select {
				case <-done:
					results <- bad
					return
				case <-time.After(20 * time.Millisecond):
				}
				if why := patientRequest(); why != "" {
					bad = append(bad, why)
				}
			}
		}()
	}
	return func() []string {
		close(done)
		var all []string
		for range clients {
			all = append(all, <-results...)
		}
		return all
	}
}
