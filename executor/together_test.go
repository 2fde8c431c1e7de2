package executor_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

var togetherPlay = onHosts("h[1:4]", `
  any_errors_fatal: true
  tasks:
    - do: {text: "switch {{ 'x' if inventory_hostname != 'h3' else THIRD }}"}
      together: TOGETHER
      when: inventory_hostname != SKIP
      undo:
        - do: back
`)

// together runs the play with clocks that are wrong and hosts that are slow, and gives
// when each host switched.
func together(t *testing.T, third, yes, skip string) (f *fixture, outcome executor.Outcome, at map[string]time.Time) {
	dir := laidOut(t, strings.NewReplacer("THIRD", third, "TOGETHER", yes, "SKIP", skip).Replace(togetherPlay))
	at = map[string]time.Time{}
	synctest.Test(t, func(t *testing.T) {
		f = newFixture(t, dir, nil)
		f.hosts.ahead = map[string]time.Duration{"h1": time.Hour, "h2": -3 * time.Second, "h4": time.Millisecond}
		f.hosts.slow = map[string]time.Duration{"h1": 50 * time.Millisecond, "h2": 5 * time.Millisecond, "h3": time.Millisecond}
		f.hosts.during = func(call modules.Call) {
			if text, _ := call.Args.Get("text"); strings.HasPrefix(values.Text(text), "switch") {
				f.hosts.mu.Lock()
				defer f.hosts.mu.Unlock()
				at[call.Chain] = time.Now()
			}
		}
		var err error
		if outcome, err = executor.Run(context.Background(), f.request); err != nil {
			t.Fatal(err)
		}
	})
	return f, outcome, at
}

// Hosts whose clocks differ and that are far away do it at the same moment.
func TestTogether(t *testing.T) {
	for skip, want := range map[string]int{"'none'": 4, "'h2'": 3} {
		f, outcome, at := together(t, "'x'", "yes", skip)
		if outcome != (executor.Outcome{}) || len(at) != want {
			t.Fatalf("%+v, %v", outcome, at)
		}
		for h, moment := range at {
			if !moment.Equal(at["h1"]) {
				t.Errorf("%s was %s off", h, moment.Sub(at["h1"]))
			}
		}
		told := 0
		for _, r := range f.events.all {
			if e, ok := r.Event.(executor.Together); ok {
				told++
				if len(e.Hosts) != want || e.Seconds != 0 || e.Within != 0.1 {
					t.Errorf("told %+v", e)
				}
			}
		}
		if told != 1 {
			t.Errorf("told %d times", told)
		}
	}
}

func TestNotTogether(t *testing.T) {
	_, _, at := together(t, "'x'", "no", "'none'")
	if at["h1"].Sub(at["h4"]) != 50*time.Millisecond {
		t.Errorf("h1 was %s behind h4", at["h1"].Sub(at["h4"]))
	}
}

// Where one host cannot take part, none does.
func TestTogetherOrNotAtAll(t *testing.T) {
	f, outcome, at := together(t, "nonsense", "yes", "'none'")
	if len(at) > 0 || outcome.Failed == 0 || outcome.Undone {
		t.Errorf("%+v, %v", outcome, at)
	}
	for _, r := range f.events.all {
		if e, ok := r.Event.(executor.HostResult); ok && e.Host == "h1" {
			msg, _ := e.Result.Get("msg")
			want := "nothing was done here, since all hosts do this together, and h3 cannot: its task cannot be worked out"
			if diff := cmp.Diff(want, values.Text(msg)); diff != "" {
				t.Error(diff)
			}
		}
	}
}
