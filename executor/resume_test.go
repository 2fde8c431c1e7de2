package executor_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/transport/wire"
)

// mortal is the journal of a run that dies at its n-th line: what the run does after that
// was never done. 0 lets it live.
type mortal struct {
	mu    sync.Mutex
	dies  int
	lines int
	facts map[string]json.RawMessage // what was kept
	old   map[string]json.RawMessage // what this run finds
	// last is whether the line at which it dies is still written.
	last  bool
	death func()
}

func (j *mortal) Keep(key string, fact any) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	text, err := json.Marshal(fact)
	if err != nil {
		return errors.Unwrap(err)
	}
	j.lines++
	if j.dies > 0 && j.lines >= j.dies {
		if j.lines == j.dies && j.last {
			j.facts[key] = text
		}
		j.death()
		return errors.New("dead")
	}
	j.facts[key] = text
	return nil
}

func (j *mortal) Commit(key string, fact any) error { return j.Keep(key, fact) }

func (j *mortal) Kept(key string, to any) bool {
	text, ok := j.old[key]
	if ok && to != nil && json.Unmarshal(text, to) != nil {
		panic(key + ": " + string(text))
	}
	return ok
}

// remembering are fake hosts that know what a run did there, and of which none answers
// after the death of the run.
type remembering struct {
	*fakeHosts
	mu    *sync.Mutex
	alive *atomic.Bool
	steps map[string]wire.JournalEntry
}

func (h remembering) Call(ctx context.Context, t transport.Target, call modules.Call, content transport.Content, progress func(string)) (modules.Reply, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.alive.Load() {
		return modules.Reply{}, &transport.Unreachable{Kind: transport.KindLost, Op: "call", Cause: errors.New("the run is dead")}
	}
	reply, err := h.fakeHosts.Call(ctx, t, call, content, progress)
	if call.Step != "" && err == nil {
		h.steps[call.Step+" on "+t.Host] = wire.JournalEntry{Step: call.Step, Module: call.Module, Reply: &reply}
	}
	return reply, err
}

func (h remembering) Batch(ctx context.Context, t transport.Target, calls []modules.Call, o transport.BatchOptions) error {
	unchanged := true
	for i, call := range calls {
		reply, err := h.Call(ctx, t, call, o.Content, nil)
		if err != nil {
			return err
		}
		unchanged = unchanged && reply.Unchanged()
		o.Each(i, reply)
	}
	for i, call := range o.Probes {
		reply, ok := h.probe(t, call)
		if !unchanged || !ok || !h.alive.Load() {
			break
		}
		o.Probed(i, reply)
	}
	return nil
}

func (h remembering) Connect(context.Context, transport.Target) (wire.Hello, error) {
	return wire.Hello{BootID: "boot"}, nil
}

func (h remembering) Journal(_ context.Context, t transport.Target, _ string) ([]wire.JournalEntry, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var entries []wire.JournalEntry
	for key, entry := range h.steps {
		if strings.HasSuffix(key, " on "+t.Host) {
			entries = append(entries, entry)
		}
	}
	return entries, nil
}

var moments = flag.Int("moments", 15, "how many of the moments at which a run can die are tried; a big number is all")

// TestResume lets every case of testdata die at lines all over its journal, before that is
// written or after, and go on: what happened on the hosts is what would have happened in one
// go, each thing once.
func TestResume(t *testing.T) {
	cases, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range cases {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { dieEverywhere(t, archive) })
	}
}

func dieEverywhere(t *testing.T, archive *txtar.Archive) {
	flags := strings.Fields(string(archive.Comment))
	dir := unpack(t, archive)
	whole := &mortal{facts: map[string]json.RawMessage{}}
	want := lives(t, dir, flags, whole)
	for line := 1; line <= whole.lines; line += 1 + whole.lines / *moments {
		last := line%2 == 0
		if got := lives(t, dir, flags, &mortal{dies: line, last: last, facts: map[string]json.RawMessage{}}); !slices.Equal(got, want) {
			t.Fatalf("dead at line %d of %d (written: %v): (-want +got)\n%s", line, whole.lines, last, cmp.Diff(want, got))
		}
	}
}

// lives runs a playbook until it dies, and lets it go on. It gives what happened, sorted:
// hosts do things side by side.
func lives(t *testing.T, dir string, flags []string, j *mortal) []string {
	t.Helper()
	var alive atomic.Bool
	alive.Store(true)
	first := newFixture(t, dir, flags)
	hosts := remembering{first.hosts, new(sync.Mutex), &alive, map[string]wire.JournalEntry{}}
	j.death = func() { alive.Store(false) }
	first.request.Hosts, first.request.Journal = hosts, j
	outcome, err := executor.Run(context.Background(), first.request)
	told := ending(first, outcome, err)
	if !alive.Load() {
		alive.Store(true)
		second := newFixture(t, dir, flags)
		second.request.Hosts = hosts
		second.request.Journal = &mortal{old: j.facts, facts: map[string]json.RawMessage{}}
		second.request.Resume = &executor.Resume{}
		outcome, err = executor.Run(context.Background(), second.request)
		told = ending(second, outcome, err)
	}
	var done []string
	for _, effect := range first.hosts.effects() {
		if !idle(effect) {
			done = append(done, effect)
		}
	}
	slices.Sort(done)
	return append(done, told)
}

// idle reports what may happen more than once: it changes nothing.
func idle(effect string) bool {
	return strings.Contains(effect, ": lock ") || strings.Contains(effect, ": same ") || strings.HasSuffix(effect, ": reset") || strings.Contains(effect, "(check)")
}

func ending(f *fixture, outcome executor.Outcome, err error) string {
	return recap(f.events, outcome) + fmt.Sprint(err)
}

var takenBack = onHosts("h1 h2 h3", `
  serial: [1, 2]
  tasks:
    - do: look
      register: found
    - do: {text: drain, gives: "{{ inventory_hostname }}"}
      register: was
      undo:
        - do: undo drain
        - do: rejoin
          when: was.gives is defined
    - block:
      - do: "{{ item }}"
        loop: [code, config]
        undo:
          - do: undo {{ item }}
      undo:
        - do: restart
      when: found is changed
    - name: later
      do: later
      notify: handler
      undo:
        - do: undo later
  handlers:
    - name: handler
      do: handler
      undo:
        - do: undo handler
- hosts: all
  gather_facts: false
  tasks:
    - do: next play
      undo:
        - do: undo next play
`)

// A run that died anywhere is taken back: newest first on every host, each thing once, with
// the variables of its moment; and nothing new is done.
func TestTakeBack(t *testing.T) {
	dir := laidOut(t, takenBack)
	whole := &mortal{facts: map[string]json.RawMessage{}}
	lives(t, dir, nil, whole)
	for line := 1; line <= whole.lines; line += 1 + whole.lines / *moments {
		for _, twice := range []bool{false, true} {
			done, ended := diesAndIsTakenBack(t, dir, line, twice)
			for _, h := range []string{"h1", "h2", "h3"} {
				checkTakenBack(t, fmt.Sprintf("dead at line %d of %d (twice: %v), %s", line, whole.lines, twice, h), of(h, done), ended)
			}
		}
	}
}

// diesAndIsTakenBack gives what happened, in order. With twice, what takes it back dies too,
// in the middle of it.
func diesAndIsTakenBack(t *testing.T, dir string, line int, twice bool) (effects []string, ended bool) {
	t.Helper()
	var alive atomic.Bool
	alive.Store(true)
	first := newFixture(t, dir, nil)
	hosts := remembering{first.hosts, new(sync.Mutex), &alive, map[string]wire.JournalEntry{}}
	j := &mortal{dies: line, last: true, facts: map[string]json.RawMessage{}, death: func() { alive.Store(false) }}
	first.request.Hosts, first.request.Journal = hosts, j
	_, _ = executor.Run(context.Background(), first.request)
	_, ended = j.facts["play 0"]
	for _, dies := range map[bool][]int{false: {0}, true: {6, 0}}[twice] {
		alive.Store(true)
		next := newFixture(t, dir, nil)
		next.request.Hosts = hosts
		next.request.Journal = &mortal{old: maps.Clone(j.facts), facts: j.facts, dies: dies, death: j.death}
		next.request.Resume = &executor.Resume{TakeBack: true}
		outcome, err := executor.Run(context.Background(), next.request)
		if dies == 0 && (err != nil || outcome.UndoFailed) {
			t.Errorf("line %d: %+v, %v", line, outcome, err)
		}
	}
	return first.hosts.effects(), ended
}

func of(host string, effects []string) []string {
	var own []string
	for _, e := range effects {
		if text, ok := strings.CutPrefix(e, host+": "); ok {
			own = append(own, text)
		}
	}
	return own
}

// checkTakenBack compares what happened on a host with what was done there before it died.
func checkTakenBack(t *testing.T, when string, effects []string, ended bool) {
	t.Helper()
	all := []string{"look", "drain", "code", "config", "later", "handler"}
	n := 0
	for n < len(effects) && n < len(all) && effects[n] == all[n] {
		n++
	}
	back := effects[n:]
	if n == len(all) && len(back) > 0 && back[0] == "next play" {
		back = back[1:]
	}
	whole := []string{"undo handler", "undo later", "undo config", "undo code", "restart", "undo drain", "rejoin"}
	for _, b := range back {
		i := slices.Index(whole, b)
		if i < 0 && b != "undo next play" {
			t.Fatalf("%s: %q was done twice, or too late, or is no undo: %v", when, b, effects)
		}
		whole = whole[i+1:]
	}
	for _, did := range effects[:n] {
		if !ended && did != "look" && !slices.Contains(back, "undo "+did) {
			t.Errorf("%s: %q was not taken back: %v", when, did, effects)
		}
	}
}
