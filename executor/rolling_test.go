package executor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

var rollingPlay = onHosts("h[1:10]", `
  PACE
  on_failure: ON_FAILURE
  tasks:
    - do: drain
      undo:
        - do: rejoin
    - do: {text: work, sleep: "{{ delays[inventory_hostname] }}", fail: "{{ inventory_hostname in failing }}"}
      undo:
        - do: {text: undo work, sleep: 1, fail: "{{ inventory_hostname in stuck }}"}
    - do: rejoin
      undo:
        - do: drain
  vars: VARS
`)

// serving counts which hosts serve while a play runs: those that were not drained, are not
// dead and whose check does not fail.
type serving struct {
	mu     sync.Mutex
	all    int
	out    map[string]bool
	lowest int
	most   int
}

func (s *serving) around(call modules.Call) func() {
	v, _ := call.Args.Get("text")
	switch values.Text(v) {
	case "drain":
		s.set(call.Chain, true)
	case "rejoin":
		return func() { s.set(call.Chain, false) }
	}
	return func() {}
}

func (s *serving) set(host string, out bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out[host] = out
	n := s.all
	for _, out := range s.out {
		if out {
			n--
		}
	}
	s.lowest = min(s.lowest, n)
	s.most = max(s.most, s.all-n)
}

// Whatever fails, dies or takes long: at no moment are fewer hosts in service than the play
// wants, neither on the way forward nor on the way back.
func TestRollingKeepsTheFloor(t *testing.T) {
	stopped, finished := 0, 0
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			dir := laidOut(t, randomPlay(random))
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, dir, nil)
				s := &serving{all: 10, lowest: 10, out: map[string]bool{}}
				f.hosts.around = s.around
				for i := range random.IntN(3) {
					name := fmt.Sprint("h", 1+(i*7+random.IntN(5))%10)
					f.hosts.dead[name], s.out[name] = true, true
				}
				outcome, err := executor.Run(context.Background(), f.request)
				if err != nil {
					t.Fatal(err)
				}
				if s.lowest < 7 {
					t.Errorf("only %d hosts were in service, and 7 must be; %+v\n%s", s.lowest, outcome, strings.Join(f.hosts.effects(), "\n"))
				}
				if strings.Contains(outcome.Reason, "would leave") {
					stopped++
				} else {
					finished++
				}
			})
		})
	}
	if stopped == 0 || finished == 0 {
		t.Errorf("%d runs were stopped, %d came to their end: the cases show nothing", stopped, finished)
	}
}

func randomPlay(random *rand.Rand) string {
	delays, failing, stuck := "{", "[", "["
	for i := 1; i <= 10; i++ {
		delays += fmt.Sprintf("h%d: %d, ", i, 1+random.IntN(20))
		if random.IntN(8) == 0 {
			failing += fmt.Sprintf("h%d, ", i)
		}
		if random.IntN(8) == 0 {
			stuck += fmt.Sprintf("h%d, ", i)
		}
	}
	vars := fmt.Sprintf("{delays: %s}, failing: %s], stuck: %s]}", delays, failing, stuck)
	onFailure := []string{"undo", "undo_host"}[random.IntN(2)]
	pace := fmt.Sprintf("rolling: {window: %d, min_available: 65%%, settle: 2s, check: {do: still there}}", 1+random.IntN(4))
	return strings.NewReplacer("PACE", pace, "ON_FAILURE", onFailure, "VARS", vars).Replace(rollingPlay)
}

// A window does not wait for the slowest host of a batch.
func TestRollingBeatsBatches(t *testing.T) {
	took := func(pace string) (time.Duration, int) {
		play := strings.NewReplacer("PACE", pace, "ON_FAILURE", "undo",
			"VARS", `{delays: {h1: 100, h2: 10, h3: 10, h4: 10, h5: 10, h6: 10, h7: 10, h8: 10, h9: 10, h10: 10}, failing: [], stuck: []}`).Replace(rollingPlay)
		dir := laidOut(t, play)
		var seconds time.Duration
		s := &serving{all: 10, lowest: 10, out: map[string]bool{}}
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(t, dir, nil)
			f.hosts.around = s.around
			began := time.Now()
			if outcome, err := executor.Run(context.Background(), f.request); err != nil || outcome != (executor.Outcome{}) {
				t.Fatalf("%+v, %v", outcome, err)
			}
			seconds = time.Since(began)
		})
		return seconds, s.most
	}
	batches, _ := took("serial: 2")
	window, most := took("rolling: {window: 2, min_available: 8}")
	if window != 100*time.Second || batches != 140*time.Second || most != 2 {
		t.Errorf("the window took %s with %d hosts out at once, batches %s", window, most, batches)
	}
}

// The operator stops a run while several hosts are under way: those that began are taken
// back, no other one begins, and the floor holds.
func TestRollingInterrupted(t *testing.T) {
	play := strings.NewReplacer("PACE", "rolling: {window: 3, min_available: 6, settle: 5s, check: {do: still there}}", "ON_FAILURE", "undo",
		"VARS", `{delays: {h1: 1, h2: 10, h3: 20, h4: 30, h5: 30, h6: 1, h7: 1, h8: 1, h9: 1, h10: 1}, failing: [], stuck: []}`).Replace(rollingPlay)
	for _, after := range []time.Duration{4 * time.Second, 12 * time.Second, 18 * time.Second} { // one settles in each
		dir := laidOut(t, play)
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(t, dir, nil)
			s := &serving{all: 10, lowest: 10, out: map[string]bool{}}
			f.hosts.around = s.around
			stop := make(chan struct{})
			f.request.Interrupt = stop
			time.AfterFunc(after, func() { close(stop) })
			outcome, err := executor.Run(context.Background(), f.request)
			if err != nil || !outcome.Interrupted || !outcome.Undone || outcome.UndoFailed || outcome.Failed > 0 {
				t.Errorf("%+v, %v", outcome, err)
			}
			all := strings.Join(f.hosts.effects(), "\n")
			if s.lowest < 6 || strings.Contains(all, "h7: work") {
				t.Errorf("at the lowest %d hosts were in service\n%s", s.lowest, all)
			}
			for host, out := range s.out {
				if out || !strings.Contains(all, host+": undo work") {
					t.Errorf("%s was not taken back\n%s", host, all)
				}
			}
		})
	}
}
