package balancer_test

import (
	"context"
	"testing"

	"github.com/gdeploy/gdeploy/balancer"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
)

// stateOf is a balancer that has a server in that state.
type stateOf balancer.State

func (s stateOf) Query(context.Context, modules.System) (balancer.Status, error) {
	return balancer.Status{Known: true, State: balancer.State(s)}, nil
}

func (stateOf) Set(context.Context, modules.System, balancer.Status, balancer.State) error {
	return nil
}
func (stateOf) Name() string { return "web/n1" }

func TestTheNoteOfADeadRunTellsTheNextOneHowItWas(t *testing.T) {
	root := t.TempDir()
	of := func(run string) modules.System {
		return machine.New(machine.Options{Root: root, Run: modules.Run{ID: run, Who: "ada@ops1"}})
	}
	take := func(run string, found, to balancer.State) {
		t.Helper()
		if err := balancer.NoteTaken(t.Context(), of(run), stateOf(found), to); err != nil {
			t.Fatal(err)
		}
	}
	forget := func(now balancer.State) bool {
		t.Helper()
		if err := balancer.ForgetTaken(of("second"), stateOf(now), now); err != nil {
			t.Fatal(err)
		}
		_, there, err := balancer.ReadTaken(of("second"), stateOf(now))
		if err != nil {
			t.Fatal(err)
		}
		return !there
	}
	take("first", balancer.Ready, balancer.Drain)
	take("second", balancer.Drain, balancer.Maint) // the first run died and left it drained
	taken, ok, err := balancer.ReadTaken(of("second"), stateOf(balancer.Drain))
	if err != nil || !ok || taken.Run != "first" || taken.Found != balancer.Ready {
		t.Fatalf("the note says %+v (%v, %v)", taken, ok, err)
	}
	if forget(balancer.Maint) {
		t.Error("the note went although the server is not back")
	}
	if !forget(balancer.Ready) {
		t.Error("the note stays although the server is back")
	}
}
