package executor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
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

func run(t *testing.T, files string, change func(*fixture)) (*fixture, executor.Outcome) {
	t.Helper()
	f := newFixture(t, laidOut(t, files), nil)
	if change != nil {
		change(f)
	}
	outcome, err := executor.Run(context.Background(), f.request)
	if err != nil {
		t.Fatal(err)
	}
	return f, outcome
}

// Under linear no host begins a task before all have finished the one before.
func TestLinearIsABarrier(t *testing.T) {
	var mu sync.Mutex
	task, running := "", 0
	run(t, onHosts("h[1:8]", `
  tasks:
    - do: {text: one, sleep: "{{ 0.001 * (inventory_hostname[1:] | int) }}"}
    - do: {text: two, sleep: 0.001}
    - block:
      - do: {text: three, sleep: "{{ 0.008 - 0.001 * (inventory_hostname[1:] | int) }}"}
      - do: four
`), func(f *fixture) {
		f.hosts.around = func(call modules.Call) func() {
			text, _ := call.Args.Get("text")
			mu.Lock()
			defer mu.Unlock()
			if running > 0 && task != values.Text(text) {
				t.Errorf("%s began while %s ran", values.Text(text), task)
			}
			task = values.Text(text)
			running++
			return func() { mu.Lock(); running--; mu.Unlock() }
		}
	})
}

// Under free a host goes on without waiting for others, through handlers and taking back.
func TestFreeIsNoBarrier(t *testing.T) {
	f, _ := run(t, onHosts("h1 h2", `
  strategy: free
  tasks:
    - do: wait {{ inventory_hostname }}
      notify: h
    - do: {text: then, fail: "{{ inventory_hostname == 'h2' }}"}
      undo:
        - do: undone
    - do: end
  handlers:
    - name: h
      do: handled
`), func(f *fixture) {
		f.hosts.during = at("wait h1", func() {
			for end := time.Now().Add(10 * time.Second); time.Now().Before(end); runtime.Gosched() {
				if slices.Contains(f.hosts.effects(), "h2: undone") {
					return
				}
			}
		})
	})
	want := "h2: wait h2|h2: then|h2: undone|h1: wait h1|h1: then|h1: end|h1: handled"
	if diff := cmp.Diff(strings.Split(want, "|"), f.hosts.effects()); diff != "" {
		t.Error(diff)
	}
}

// Forks bound the calls, and nested work never waits for itself.
func TestForks(t *testing.T) {
	for _, strategy := range []string{"linear", "free", "host_pinned"} {
		for _, forks := range []int{1, 3} {
			t.Run(fmt.Sprint(strategy, forks), func(t *testing.T) {
				f, outcome := run(t, strings.ReplaceAll(onHosts("h[1:9]", `
  strategy: STRATEGY
  tasks:
    - include_tasks: more.yml
      loop: [1, 2]
    - do: {text: notify, sleep: 0.001}
      notify: h
      undo:
        - include_tasks: more.yml
          vars: {item: undo}
    - do: {text: fail, fail: true}
  handlers:
    - name: h
      do: handled
-- more.yml --
- do: "{{ item }} {{ round }}"
  loop: [a, b, c]
  loop_control: {loop_var: round}
`), "STRATEGY", strategy), func(f *fixture) { f.request.Forks = forks })
				if f.hosts.most > forks || outcome.Failed != 9 || !outcome.Undone || outcome.UndoFailed {
					t.Errorf("%d calls at once of %d; %+v", f.hosts.most, forks, outcome)
				}
			})
		}
	}
}

// Under free a host is taken back while others still fail: what it is told of the failure is its own.
func TestHostsFallBesideEachOther(t *testing.T) {
	f, _ := run(t, onHosts("h[1:9]", `
  strategy: free
  tasks:
    - do: work
      undo:
        - do: "back after {{ gdeploy_failed_task }}."
    - name: "{{ 'own' if inventory_hostname == 'h1' else 'break' }}"
      do: {text: fail, fail: true}
`), nil)
	for _, effect := range f.hosts.effects() {
		if strings.HasPrefix(effect, "h1: back") && effect != "h1: back after own." {
			t.Error(effect)
		}
	}
}

func TestThrottle(t *testing.T) {
	f, _ := run(t, onHosts("h[1:9]", `
  tasks:
    - do: {text: slowly, sleep: 0.002}
      throttle: 2
`), nil)
	if f.hosts.most > 2 {
		t.Errorf("%d calls at once", f.hosts.most)
	}
}

// The items of a loop go in one batch, unless one needs what another brought.
func TestLoopsGoInOneBatch(t *testing.T) {
	f, _ := run(t, onHosts("h1", `
  tasks:
    - do: "{{ item }}"
      loop: [1, 2, 3]
      register: r
    - do: "{{ item }} {{ r.changed }}"
      loop: [1, 2]
      register: r
    - do: "{{ item }}"
      loop: [1, 2, 3, 4]
      when: item != 2
`), nil)
	if diff := cmp.Diff([]int{3, 3}, f.hosts.batches); diff != "" {
		t.Error(diff)
	}
}

// What is secret is in no event, wherever it comes up, but the hosts get it.
func TestSecretsStayOutOfEvents(t *testing.T) {
	f, _ := run(t, `
-- inventory --
h1 ansible_password=hunter22 ansible_become_password=becomepw
-- play.yml --
- hosts: all
  gather_facts: false
  tasks:
    - do: {text: uses, secret: parameter-secret, gives: "echo parameter-secret"}
      register: r
    - do: "again {{ r.gives }} hunter22"
    - name: named parameter-secret
      do: {text: quiet, gives: hidden output, fail: true}
      no_log: true
      ignore_errors: true
    - do: {text: "loop {{ item }}", gives: "{{ item }}"}
      loop: [hidden one, hidden two]
      no_log: true
    - do: "{{ 'parameter-secret' | upper | lower }}"
      become: true
`, nil)
	for _, r := range f.events.all {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"hunter22", "becomepw", "parameter-secret", "hidden o", "hidden t"} {
			if strings.Contains(string(line), secret) {
				t.Errorf("%q is in %s", secret, line)
			}
		}
	}
	if effects := strings.Join(f.hosts.effects(), "|"); !strings.Contains(effects, "again echo parameter-secret hunter22") {
		t.Error("the host did not get the secret:", effects)
	}
}

// journal notes what is told, among what happens on the hosts.
type journal struct{ hosts *fakeHosts }

func (j journal) note(text string) {
	j.hosts.mu.Lock()
	defer j.hosts.mu.Unlock()
	j.hosts.done = append(j.hosts.done, effect{step: text, host: "journal", chain: "journal", text: text})
}

func (j journal) Kept(string, any) bool { return false }

func (j journal) Keep(key string, fact any) error {
	if strings.HasPrefix(key, "undone ") {
		j.note(fmt.Sprint(key, " ", fact))
	}
	return nil
}

func (j journal) Commit(key string, fact any) error {
	if u, ok := fact.(executor.UndoRecord); ok {
		fact = u.Item
	}
	j.note(fmt.Sprint(key, " ", fact))
	return nil
}

func TestJournal(t *testing.T) {
	f, _ := run(t, onHosts("h1", `
  lock: {name: shop, path: /lock}
  tasks:
    - do: "{{ item }}"
      loop: [a, b]
      undo:
        - do: undo {{ item }}
    - do: {text: fail, fail: true}
`), func(f *fixture) { f.request.Journal = journal{f.hosts} })
	want := []string{
		"h1: lock /lock None", "journal: lock h1 /lock true",
		"journal: undo 0.0/tasks/0@h1#0 a", "journal: undo 0.0/tasks/0@h1#1 b",
		"h1: a [/lock]", "h1: b [/lock]", "h1: fail [/lock]",
		"h1: undo b [/lock]", "journal: undone 0.0/tasks/0@h1#1 ok",
		"h1: undo a [/lock]", "journal: undone 0.0/tasks/0@h1#0 ok",
		"h1: lock /lock free", "journal: lock h1 /lock false",
	}
	if diff := cmp.Diff(want, f.hosts.effects()); diff != "" {
		t.Error(diff)
	}
}

// Tasks that include themselves without an end come to one.
func TestEndlessIncludes(t *testing.T) {
	f, outcome := run(t, "-- again.yml --\n- do: {text: once more, same: true}\n- include_tasks: again.yml\n"+onHosts("h1", `
  tasks:
    - include_tasks: again.yml
`), nil)
	if n := len(f.hosts.effects()); outcome.Failed != 1 || n != 500 {
		t.Errorf("%d rounds, %+v", n, outcome)
	}
	for _, r := range f.events.all {
		if e, ok := r.Event.(executor.HostResult); ok && e.Status == executor.Failed && !strings.Contains(string(values.JSON(e.Result)), "again.yml is included 500 deep, and no further") {
			t.Errorf("it says %s", values.JSON(e.Result))
		}
	}
}

// A lock that somebody else holds is named, what was taken is given back, nothing is done.
func TestLockRefused(t *testing.T) {
	play := onHosts("a b c", `
  lock: {name: shop, path: /lock, take_over: "{{ force | default(false) }}"}
  vars: {force: FORCE}
  tasks:
    - do: work
- hosts: all
  gather_facts: false
  tasks:
    - do: next play
`)
	other := func(f *fixture) { f.hosts.locks["b /lock"] = "run of bob" }
	f, outcome := run(t, strings.ReplaceAll(play, "FORCE", "false"), other)
	want := []string{"a: lock /lock None", "b: lock /lock None", "a: lock /lock free"}
	if diff := cmp.Diff(want, f.hosts.effects()); diff != "" {
		t.Error(diff)
	}
	if !outcome.Locked || !strings.Contains(outcome.Reason, "b: the lock is held by run of bob") {
		t.Errorf("%+v", outcome)
	}
	f, outcome = run(t, strings.ReplaceAll(play, "FORCE", "true"), other)
	if outcome.Locked || !slices.Contains(f.hosts.effects(), "c: work [/lock]") {
		t.Errorf("taken over: %+v %v", outcome, f.hosts.effects())
	}
}

// A lock that only a run that is over has left on a host is waited for, one of a run that
// goes on is not.
func TestLockLeftBehind(t *testing.T) {
	play := onHosts("a", `
  lock: {name: shop, path: /lock}
  tasks:
    - do: work
`)
	for over, want := range map[bool]string{
		true:  "a: lock /lock None|a: lock /lock None|a: work [/lock]|a: lock /lock free",
		false: "a: lock /lock None",
	} {
		f, outcome := run(t, play, func(f *fixture) {
			f.hosts.locks["a /lock"] = "old"
			f.request.Over = func(run string) bool { // asked before and after the first wait
				if run == "old" && over {
					go func() {
						f.hosts.mu.Lock()
						defer f.hosts.mu.Unlock()
						delete(f.hosts.locks, "a /lock")
					}()
				}
				return run == "old" && over
			}
		})
		if diff := cmp.Diff(strings.Split(want, "|"), f.hosts.effects()); diff != "" || outcome.Locked == over {
			t.Errorf("over: %t: %+v %s", over, outcome, diff)
		}
	}
}

// A host that cannot be locked is left out; one beside the play, or any_errors_fatal, ends it.
func TestLockUnreachable(t *testing.T) {
	const play = `
-- inventory --
a
b
lb
-- play.yml --
- hosts: a:b
  gather_facts: false
  any_errors_fatal: FATAL
  lock: {name: shop, path: /lock, also: lb}
  tasks:
    - do: work
`
	for _, c := range []struct{ dead, fatal, want string }{
		{"b", "false", "a: lock /lock None|lb: lock /lock None|a: work [/lock]|lb: lock /lock free|a: lock /lock free"},
		{"b", "true", "a: lock /lock None|lb: lock /lock None|lb: lock /lock free|a: lock /lock free"},
		{"lb", "false", "a: lock /lock None|b: lock /lock None|b: lock /lock free|a: lock /lock free"},
	} {
		f, outcome := run(t, strings.ReplaceAll(play, "FATAL", c.fatal), func(f *fixture) { f.hosts.dead[c.dead] = true })
		if diff := cmp.Diff(strings.Split(c.want, "|"), f.hosts.effects()); diff != "" {
			t.Errorf("%s %s: %s", c.dead, c.fatal, diff)
		}
		if c.dead == "b" && outcome.Unreachable != 1 || c.dead == "lb" && outcome.Reason == "" {
			t.Errorf("%s: %+v", c.dead, outcome)
		}
	}
}
