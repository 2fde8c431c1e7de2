package executor_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

var interrupted = onHosts("h1 h2", `
  serial: 1
  tasks:
    - do: drain
      undo:
        - do: rejoin
    - block:
      - do: {text: "stop {{ inventory_hostname }}", sleep: 0.01}
        undo:
          - do: undo stop
      - do: after
      always:
        - do: always
    - do: finish
- hosts: all
  gather_facts: false
  tasks:
    - do: next play
`)

// The operator stops the run while "stop h2" runs.
func TestInterrupt(t *testing.T) {
	f := newFixture(t, laidOut(t, interrupted), nil)
	stop := make(chan struct{})
	f.request.Interrupt = stop
	f.hosts.during = at("stop h2", func() { close(stop) })
	outcome, err := executor.Run(context.Background(), f.request)
	if err != nil || !outcome.Interrupted || !outcome.Undone || outcome.UndoFailed {
		t.Errorf("outcome %+v, %v", outcome, err)
	}
	want := "h1: drain|h1: stop h1|h1: after|h1: always|h1: finish|h2: drain|h2: stop h2|h2: undo stop|h2: rejoin|h1: undo stop|h1: rejoin"
	if diff := cmp.Diff(strings.Split(want, "|"), f.hosts.effects()); diff != "" {
		t.Error(diff)
	}
}

// The operator stops the run, and again while the first undo task runs: what is left is named.
func TestInterruptTwice(t *testing.T) {
	f := newFixture(t, laidOut(t, interrupted), nil)
	stop := make(chan struct{})
	f.request.Interrupt = stop
	ctx, cancel := context.WithCancel(context.Background())
	first := at("stop h2", func() { close(stop) })
	second := at("undo stop", cancel)
	f.hosts.during = func(call modules.Call) { first(call); second(call) }
	outcome, err := executor.Run(ctx, f.request)
	if err != nil || !outcome.Interrupted || !outcome.Undone {
		t.Errorf("outcome %+v, %v", outcome, err)
	}
	if want := "h1: do, h1: do, h2: do, h2: do"; !strings.Contains(outcome.Reason, want) {
		t.Errorf("reason %q does not name %q", outcome.Reason, want)
	}
}

// A run that lost its lock on a host leaves the host to the other run.
func TestFenced(t *testing.T) {
	play := onHosts("h1 h2", `
  tasks:
    - do: drain
      undo:
        - do: rejoin
    - do: switch
      undo:
        - do: {text: switch back, fenced: "{{ inventory_hostname == 'h1' }}"}
        - do: restart
    - do: {text: test, fail: true}
`)
	f, outcome := run(t, play, nil)
	if !outcome.UndoFailed {
		t.Errorf("outcome %+v", outcome)
	}
	want := "h1: drain|h2: drain|h1: switch|h2: switch|h1: test|h2: test|h1: switch back|h2: switch back|h2: restart|h2: rejoin"
	effects := slices.Sorted(slices.Values(f.hosts.effects()))
	if diff := cmp.Diff(slices.Sorted(strings.SplitSeq(want, "|")), effects); diff != "" {
		t.Error(diff)
	}
}

// What is done on the balancer for a host whose lock another run took is refused, though
// the balancer's own lock is still ours; a host that is dead has no other run on it.
func TestFencedElsewhere(t *testing.T) {
	const play = `
-- inventory --
h1
h2
h3
lb
-- play.yml --
- hosts: h1:h2:h3
  gather_facts: false
  any_errors_fatal: true
  serial: [2, 1]
  lock: {name: shop, path: /lock/shop, also: lb}
  tasks:
    - balance: drain {{ inventory_hostname }}
      delegate_to: lb
      undo:
        - balance: rejoin {{ inventory_hostname }}
          delegate_to: lb
    - do: {text: work, unreachable: "{{ inventory_hostname == 'h1' }}"}
`
	f := newFixture(t, laidOut(t, play), nil)
	f.hosts.parallelUndo = true
	f.hosts.during = at("drain h2", func() {
		f.hosts.mu.Lock()
		defer f.hosts.mu.Unlock()
		f.hosts.locks["h2 /lock/shop"] = "another"
	})
	if _, err := executor.Run(t.Context(), f.request); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(f.hosts.effects(), "\n")
	for text, want := range map[string]bool{"rejoin h1": true, "rejoin h2": false} {
		if strings.Contains(all, text) != want {
			t.Errorf("%q was done: %v, in\n%s", text, !want, all)
		}
	}
}

// Stopping when everything is done is no reason to take it back.
func TestInterruptTooLate(t *testing.T) {
	f := newFixture(t, laidOut(t, interrupted), nil)
	stop := make(chan struct{})
	f.request.Interrupt = stop
	f.hosts.during = at("next play", func() { close(stop) })
	outcome, _ := executor.Run(context.Background(), f.request)
	if outcome.Undone || outcome.Interrupted {
		t.Errorf("outcome %+v", outcome)
	}
}

// Stopping a task that waits, beside the executor or for its next attempt, is no failure of its
// host.
func TestInterruptWhileWaiting(t *testing.T) {
	for name, waits := range map[string]string{
		"beside the executor": "- pause: {seconds: 60}",
		"for another attempt": "- do: {text: again, same: true}\n      until: false\n      delay: 60",
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, laidOut(t, onHosts("h1", `
  tasks:
    - do: drain
      undo:
        - do: "rejoin, failed={{ gdeploy_failed_here }}"
    `+waits+"\n")), nil)
			stop := make(chan struct{})
			f.request.Interrupt = stop
			f.hosts.during = at("drain", func() { time.AfterFunc(100*time.Millisecond, func() { close(stop) }) })
			outcome, err := executor.Run(context.Background(), f.request)
			if err != nil || !outcome.Interrupted || !outcome.Undone || outcome.Failed > 0 {
				t.Errorf("outcome %+v, %v", outcome, err)
			}
			done := slices.DeleteFunc(f.hosts.effects(), func(e string) bool { return e == "h1: again" })
			if diff := cmp.Diff([]string{"h1: drain", "h1: rejoin, failed=False"}, done); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// at gives a hook that does something once, when the effect with that text begins.
func at(text string, do func()) func(modules.Call) {
	var once sync.Once
	return func(call modules.Call) {
		if v, ok := call.Args.Get("text"); ok && values.Text(v) == text {
			once.Do(do)
		}
	}
}
