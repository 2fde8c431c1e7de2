package report

import (
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/values"
)

// After something was taken back the report says which release each host has, and whether
// it takes traffic.
func TestWhereabouts(t *testing.T) {
	told := func(host, action string, status executor.Status, pairs ...any) executor.HostResult {
		return executor.HostResult{Host: host, Task: executor.Place{Action: action}, Status: status, Result: values.MapOf(pairs...)}
	}
	text := values.String
	w := whereabouts{}
	for _, e := range []executor.HostResult{
		told("n1", "release_facts", executor.OK, "current", text("one")),
		told("n1", "lb", executor.Changed, "state", text("drain")),
		told("n1", "release_switch", executor.Changed, "to", text("two")),
		told("n1", "release_switch", executor.Changed, "to", text("one")),
		told("n1", "lb", executor.Changed, "state", text("ready")),
		told("n2", "lb", executor.Changed, "state", text("drain")),
		told("n2", "release_switch", executor.Changed, "to", text("two")),
		told("n2", "release_switch", executor.Failed),
		told("n3", "release_switch", executor.Changed, "to", text("")),
		told("n4", "command", executor.Changed),
		told("n5", "lb", executor.Changed, "state", text("ready")),
	} {
		w.record(e)
	}
	want := "  n1: one, takes traffic\n  n2: perhaps two: it could not be switched, takes no traffic (drain)\n  n3: no release"
	if got := strings.Join(w.lines(), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
