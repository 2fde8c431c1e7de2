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
		told("n7", "release_facts", executor.OK, "current", text("one")),
		told("n7", "release_switch", executor.Skipped),
		told("n4", "command", executor.Changed),
		told("n5", "lb", executor.Changed, "state", text("ready")),
	} {
		w.record(e)
	}
	for _, a := range []struct{ balancer, state string }{{"lb1", "drain"}, {"lb2", "drain"}, {"lb1", "ready"}} {
		w.recordItem(executor.ItemResult{Host: "n6", Delegate: a.balancer, Task: executor.Place{Action: "lb"}, Status: executor.Changed, Result: values.MapOf("state", text(a.state))})
	}
	w.record(executor.HostResult{Host: "n6", Task: executor.Place{Action: "lb"}, Status: executor.Changed, Looped: true, Result: values.MapOf()})
	w.record(told("n6", "release_facts", executor.OK, "current", text("one")))
	want := "  n1: one, takes traffic\n  n2: perhaps two: it could not be switched, takes no traffic (drain)\n  n3: no release\n  n6: one; of the balancers lb1 has it ready, lb2 has it drain\n  n7: one, as the run found it"
	if got := strings.Join(w.lines(), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}
