package balancer_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/balancer"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
)

func TestTheNoteOfADeadRunTellsTheNextOneHowItWas(t *testing.T) {
	root := t.TempDir()
	of := func(run string) modules.System {
		return machine.New(machine.Options{Root: root, Run: modules.Run{ID: run, Who: "ada@ops1"}})
	}
	d := balancer.HAProxy{Backends: []string{"web"}, Server: "n1"}
	if err := balancer.NoteTaken(of("first"), d, balancer.Ready); err != nil {
		t.Fatal(err)
	}
	// The first run died; the second finds the server drained.
	if err := balancer.NoteTaken(of("second"), d, balancer.Drain); err != nil {
		t.Fatal(err)
	}
	taken, ok, err := balancer.ReadTaken(of("second"), d)
	if err != nil || !ok || taken.Run != "first" || taken.Found != balancer.Ready {
		t.Fatalf("the note says %+v (%v, %v)", taken, ok, err)
	}
	if err := balancer.ForgetTaken(of("second"), d, balancer.Maint); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := balancer.ReadTaken(of("second"), d); !ok {
		t.Error("the note went although the server is not back")
	}
	if err := balancer.ForgetTaken(of("second"), d, balancer.Ready); err != nil {
		t.Fatal(err)
	}
	if _, ok, _ := balancer.ReadTaken(of("second"), d); ok {
		t.Error("the note stays although the server is back")
	}
}
