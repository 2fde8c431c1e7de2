package main

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/values"
)

// A node that a run took out is shown with that run; one that the balancer finds down gets
// no traffic though nobody took it out.
func TestLBTable(t *testing.T) {
	t.Setenv("TZ", "UTC")
	table := &lbTable{}
	tell := func(host string, status executor.Status, pairs ...any) {
		table.Record(executor.Record{Event: executor.HostResult{Task: executor.Place{Action: "lb"}, Host: host, Delegate: "lb1", Status: status, Result: values.MapOf(pairs...)}})
	}
	tell("n2", executor.OK, "known", values.True, "state", values.String("drain"), "sessions", values.Int(3), "weight", values.Int(100),
		"taken_who", values.String("bob@ops2"), "taken_run", values.String("r7"), "taken_since", values.String("nonsense"))
	tell("n1", executor.OK, "known", values.True, "state", values.String("ready"), "up", values.False, "check", values.String("DOWN L4CON"), "sessions", values.Int(-1), "weight", values.Int(-1))
	tell("n3", executor.OK, "known", values.True, "state", values.String("unknown"), "sessions", values.Int(-1), "weight", values.Int(-1))
	tell("n4", executor.Unreachable, "msg", values.String("no route to host"))
	table.sort([]string{"n1", "n2", "n3", "n4"})
	var out bytes.Buffer
	if err := table.print(&out); err != nil {
		t.Fatal(err)
	}
	want := `NODE  BALANCER  TRAFFIC  STATE              SESSIONS  WEIGHT  OUT BY    RUN  SINCE
n1    lb1       out      ready, DOWN L4CON  -         -       -         -    -
n2    lb1       out      drain              3         100     bob@ops2  r7   -
n3    lb1       ?        unknown            -         -       -         -    -
n4    lb1       unreachable: no route to host
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}
