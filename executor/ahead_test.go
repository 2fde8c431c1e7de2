package executor_test

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"pgregory.net/rapid"

	"github.com/gdeploy/gdeploy/executor"
)

// ran is what a run came to.
type ran struct {
	Told, History []string
	Cells         map[string]string
	Recap         string
	sent, tried   int
	hung          int
}

// runIn runs a playbook in a world of its own.
func runIn(t testing.TB, dir string, ahead int, change func(*fixture, *world)) ran {
	f := newFixture(t, dir, nil)
	w := newWorld()
	f.request.Hosts, f.request.Ahead = w, ahead
	if change != nil {
		change(f, w)
	}
	outcome, err := executor.Run(context.Background(), f.request)
	if err != nil {
		t.Fatal(err)
	}
	return ran{Told: told(f.events), History: w.history(), Cells: maps.Clone(w.cells), Recap: recap(f.events, outcome), sent: w.sent, tried: w.tried, hung: w.hung}
}

// Whatever the playbook: with calls sent ahead the same things happen on the hosts in the
// same order, the same is told of each task, and it takes no more round trips.
func TestAheadIsAsInTurn(t *testing.T) {
	saved := 0
	rapid.Check(t, func(rt *rapid.T) {
		archive := txtar.Parse([]byte(anyPlaybook(rt)))
		dir := unpack(t, archive)
		filled := map[string]string{}
		for _, at := range []string{"h1 a", "h1 b", "h2 a", "h2 b", "h3 a", "h3 b"} {
			filled[at] = rapid.SampledFrom([]string{"", "", "", "x"}).Draw(rt, at)
		}
		fill := func(_ *fixture, w *world) { maps.Copy(w.cells, filled) }
		inTurn := runIn(t, dir, 0, fill)
		ahead := runIn(t, dir, rapid.SampledFrom([]int{1, 3, 64}).Draw(rt, "ahead"), fill)
		if diff := cmp.Diff(inTurn, ahead, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".sent" || p.Last().String() == ".tried" }, cmp.Ignore()), cmp.AllowUnexported(ran{})); diff != "" {
			rt.Fatalf("in turn - ahead +:\n%s\n%s", diff, txtar.Format(archive))
		}
		if ahead.sent > inTurn.sent {
			rt.Fatalf("%d round trips, and in turn %d:\n%s", ahead.sent, inTurn.sent, txtar.Format(archive))
		}
		saved += inTurn.sent - ahead.sent
	})
	if saved == 0 {
		t.Error("nothing was saved")
	}
}

// anyPlaybook makes a playbook that mostly finds nothing to do, in a world where it changes
// things on other hosts now and then.
func anyPlaybook(rt *rapid.T) string {
	var b strings.Builder
	hosts := rapid.IntRange(1, 3).Draw(rt, "hosts")
	fmt.Fprintf(&b, "-- inventory --\nh[1:%d]\n-- play.yml --\n- hosts: all\n  gather_facts: false\n", hosts)
	if rapid.Bool().Draw(rt, "alone") && hosts == 1 {
		b.WriteString("  strategy: free\n")
	}
	b.WriteString("  handlers:\n    - name: h\n      put: {cell: a, text: handled}\n  tasks:\n")
	for range rapid.IntRange(5, 20).Draw(rt, "tasks") {
		anyNode(rt, &b, hosts, "    ", 0)
	}
	return b.String()
}

func anyNode(rt *rapid.T, b *strings.Builder, hosts int, indent string, depth int) {
	if depth < 2 && rapid.IntRange(0, 9).Draw(rt, "block") == 6 {
		fmt.Fprintf(b, "%s- block:\n", indent)
		for range rapid.IntRange(1, 4).Draw(rt, "inside") {
			anyNode(rt, b, hosts, indent+"    ", depth+1)
		}
		for _, part := range []string{"rescue", "always"} {
			if rapid.IntRange(0, 2).Draw(rt, part) == 2 {
				fmt.Fprintf(b, "%s  %s:\n", indent, part)
				anyNode(rt, b, hosts, indent+"    ", depth+1)
			}
		}
		return
	}
	pick := func(name string, from ...string) string { return rapid.SampledFrom(from).Draw(rt, name) }
	next := fmt.Sprintf("{{ (inventory_hostname[1:] | int) %% %d + 1 }}", hosts) // a different one for each host, so that the order among them does not matter
	where, text := pick("cell", "a", "b"), pick("text", "", "", "{{ r.was | default('') }}", "{{ fact | default('') }}", "{{ item | default('') }}")
	switch module := pick("module", "put", "look", "set_fact", "put", "poke", "look", "put", "look", "put", "poke", "poke", "test"); module {
	case "poke":
		fmt.Fprintf(b, "%s- poke: {cell: %s, text: \"%s\", peer: 'h%s'}\n", indent, where, pick("poked", "", "x", "y"), next)
	case "set_fact":
		fmt.Fprintf(b, "%s- set_fact: {fact: \"%s\"}\n", indent, pick("fact", "", "x", "{{ r.was | default('y') }}"))
	default:
		fmt.Fprintf(b, "%s- %s: {cell: %s, text: \"%s\"}\n", indent, module, where, text)
	}
	written := map[string]bool{}
	if strings.HasSuffix(b.String(), next+"'}\n") && rapid.Bool().Draw(rt, "some") { // one pokes, and the others look over it
		fmt.Fprintf(b, "%s  when: inventory_hostname == '%s'\n", indent, pick("poking", "h1", "h2", "h3"))
		written["when"] = true
	}
	for _, keyword := range []string{
		"register: r", "when: inventory_hostname == '" + pick("host", "h1", "h2", "h3") + "'", "when: r is not defined or not (r.changed | default(false))",
		"notify: h", "ignore_errors: true", "delegate_to: 'h" + next + "'", "run_once: true", "throttle: 1",
		"failed_when: false", "changed_when: true", "undo: [{put: {cell: b, text: undone}}]", "loop: ['', x]",
	} {
		name, _, _ := strings.Cut(keyword, ":")
		if !written[name] && (name == "register" && rapid.Bool().Draw(rt, name) || rapid.IntRange(0, 30).Draw(rt, name) == 17) {
			written[name] = true
			fmt.Fprintf(b, "%s  %s\n", indent, keyword)
		}
	}
}

// The playbooks of testdata do the same with calls sent ahead.
func TestAheadPlaybooks(t *testing.T) {
	cases, _ := filepath.Glob("testdata/*.txtar")
	for _, file := range cases {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var both [2][]string
		for i, ahead := range []int{0, executor.DefaultAhead} {
			dir := unpack(t, archive)
			f := newFixture(t, dir, strings.Fields(string(archive.Comment)))
			f.request.Ahead = ahead
			outcome, err := executor.Run(context.Background(), f.request)
			both[i] = append(told(f.events), recap(f.events, outcome), fmt.Sprint(err))
			for k := range both[i] {
				both[i][k] = strings.ReplaceAll(both[i][k], dir, "")
			}
		}
		if diff := cmp.Diff(both[0], both[1]); diff != "" {
			t.Errorf("%s: in turn - ahead +:\n%s", file, diff)
		}
	}
}

// TestAheadStops has for each thing that ends what is sent ahead a task that is it, between
// others that find nothing to do, and how often hosts were asked.
func TestAheadStops(t *testing.T) {
	for name, c := range map[string]struct {
		task string
		sent int // for one host: 1 call, then 4 behind the next, and so on
	}{
		"nothing":              {"- put: {cell: a}", 3},
		"one that changes":     {"- put: {cell: a, text: new}", 5},
		"a command":            {"- poke: {cell: z, peer: h9}", 5},
		"a command left out":   {"- poke: {cell: z, peer: h9}\n      when: false", 2},
		"what a command knows": {"- test: {cell: a}", 4},
		"a fact":               {"- set_fact: {x: 1}", 2},
		"a word to people":     {"- debug: {msg: hello}", 2},
		"a loop":               {"- put: {cell: a}\n      loop: [1, 2]", 3},
		"a loop that pauses":   {"- put: {cell: a}\n      loop: [1, 2]\n      loop_control: {pause: 0.001}", 5},
		"a long loop":          {"- put: {cell: a}\n      loop: '{{ range(65) }}'", 3},
		"a loop on itself":     {"- put: {cell: a, text: '{{ r.was | default() }}'}\n      loop: [1, 2]\n      register: r", 5},
		"a loop of commands":   {"- poke: {cell: z, peer: h9}\n      loop: [1, 2]\n      when: item > 2", 2},
		"a loop in part":       {"- put: {cell: '{{ item }}', text: '{{ \"\" if item < 2 else \"new\" }}'}\n      loop: [1, 2]", 5},
		"until":                {"- put: {cell: a}\n      until: true", 4},
		"another host":         {"- put: {cell: a}\n      delegate_to: h9", 4},
		"one for all":          {"- put: {cell: a}\n      run_once: true", 4},
		"throttle":             {"- put: {cell: a}\n      throttle: 1", 4},
		"together":             {"- put: {cell: a}\n      together: true", 9}, // with the readings of the clock
		"another user":         {"- put: {cell: a}\n      become: true", 4},
		"a meta":               {"- meta: noop", 3},
		"an include":           {"- include_tasks: one.yml", 3},
		"an import":            {"- import_tasks: one.yml", 3},
		"a block":              {"- block:\n        - put: {cell: a}", 3},
		"a rescue":             {"- block:\n        - put: {cell: a}\n      rescue:\n        - put: {cell: a}", 4},
		"what is not known":    {"- put: {cell: '{{ later.was }}'}\n      when: inventory_hostname != 'h1'", 2},
		"a lookup that does":   {"- put: {cell: \"{{ lookup('pipe', 'echo a') }}\"}", 3},
		"a lookup that reads":  {"- put: {cell: \"{{ lookup('env', 'NOTHING') }}a\"}", 3},
		"more than goes ahead": {"- look: {cell: a, text: '{{ \"x\" * 300000 }}'}\n    - look: {cell: a, text: '{{ \"x\" * 300000 }}'}", 4},
		"another tag":          {"- put: {cell: a}\n      tags: never", 2},
	} {
		t.Run(name, func(t *testing.T) {
			archive := txtar.Parse([]byte(strings.ReplaceAll(`
-- inventory --
h1
-- one.yml --
- put: {cell: a}
-- play.yml --
- hosts: all
  gather_facts: false
  tasks:
    - put: {cell: a}
    - put: {cell: b}
    - put: {cell: c}
    TASK
    - put: {cell: d}
    - put: {cell: e}
    - put: {cell: f}
`, "TASK", c.task)))
			dir := unpack(t, archive)
			inTurn, ahead := runIn(t, dir, 0, nil), runIn(t, dir, executor.DefaultAhead, nil)
			if diff := cmp.Diff(inTurn.Told, ahead.Told); diff != "" {
				t.Errorf("in turn - ahead +:\n%s", diff)
			}
			if ahead.sent != c.sent {
				t.Errorf("%d round trips, want %d (in turn %d)", ahead.sent, c.sent, inTurn.sent)
			}
		})
	}
}

// What one host changes ends what was sent ahead to the others.
func TestAheadEndsForAll(t *testing.T) {
	play := onHosts("h1 h2", `
  tasks:
    - put: {cell: a}
    - put: {cell: b}
    - poke: {cell: z, text: new, peer: h2}
      when: inventory_hostname == 'h1'
    - look: {cell: z}
      register: r
    - put: {cell: y, text: "{{ r.was }}"}
`)
	ahead := runIn(t, laidOut(t, play), executor.DefaultAhead, nil)
	if ahead.Cells["h2 y"] != "new" || ahead.tried == 0 || ahead.sent != 9 {
		t.Errorf("%d round trips, %d tried; %v", ahead.sent, ahead.tried, ahead.Cells)
	}
}

// A hundred tasks that find nothing to do take a handful of round trips; the same tasks that
// all change something take as many as without.
func TestAheadGrows(t *testing.T) {
	for text, want := range map[string][2]int{"": {8, 99}, "new{{ inventory_hostname }}": {100, 0}} {
		var play strings.Builder
		play.WriteString("-- inventory --\nh1\n-- play.yml --\n- hosts: all\n  gather_facts: false\n  tasks:\n")
		for i := range 100 {
			fmt.Fprintf(&play, "    - put: {cell: c%d, text: '%s'}\n", i, text)
		}
		got := runIn(t, laidOut(t, play.String()), executor.DefaultAhead, nil)
		if got.sent > want[0] || got.tried > want[1] {
			t.Errorf("text %q: %d round trips, %d tried", text, got.sent, got.tried)
		}
	}
}

// An answer does not count for ever.
func TestAheadAges(t *testing.T) {
	dir := laidOut(t, onHosts("h1", `
  tasks:
    - put: {cell: a}
    - put: {cell: b}
    - debug: {msg: "wait"}
    - put: {cell: c}
`))
	for waits, sent := range map[time.Duration]int{4900 * time.Millisecond: 2, 5100 * time.Millisecond: 3} {
		synctest.Test(t, func(t *testing.T) { // where time passes at once
			got := runIn(t, dir, executor.DefaultAhead, func(f *fixture, _ *world) {
				f.request.Events = slowly{f.events, waits}
			})
			if got.sent != sent {
				t.Errorf("%d round trips after %s, want %d", got.sent, waits, sent)
			}
		})
	}
}

// slowly lets time pass before a word to people.
type slowly struct {
	*events
	time time.Duration
}

func (s slowly) Record(r executor.Record) {
	if e, ok := r.Event.(executor.TaskStarted); ok && e.Task.Action == "debug" {
		time.Sleep(s.time)
	}
	s.events.Record(r)
}

// A probe that hangs holds up the task that waits for its answer, as its call would, and
// nothing else: a call that is sent instead ends it.
func TestAheadIsGivenUp(t *testing.T) {
	play := onHosts("h1", `
  tasks:
    - put: {cell: a}
    - put: {cell: b}
    - set_fact: {fact: x}
    - put: {cell: "{{ fact | default('hang') }}", text: new}
    - put: {cell: c}
`)
	done := make(chan ran, 1)
	go func() { done <- runIn(t, laidOut(t, play), executor.DefaultAhead, nil) }()
	select {
	case got := <-done:
		if got.Cells["h1 x"] != "new" || got.hung != 1 {
			t.Errorf("%d hung; %v", got.hung, got.Cells)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it hangs")
	}
}

// Where the connection is lost while probes are under way, the call that they went with has
// its result, and the next one finds out.
func TestAheadLosesTheHost(t *testing.T) {
	play := onHosts("h1", `
  tasks:
    - put: {cell: a}
    - put: {cell: b}
    - put: {cell: lost}
    - put: {cell: c}
`)
	got := runIn(t, laidOut(t, play), executor.DefaultAhead, nil)
	if !strings.Contains(got.Recap, "h1 ok=2 changed=0 unreachable=1") || got.sent != 3 {
		t.Errorf("%d round trips; %s", got.sent, got.Recap)
	}
}
