package wait_for_connection_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/wait_for_connection"
	"github.com/gdeploy/gdeploy/values"
)

func TestCases(t *testing.T) { moduletest.Run(t, wait_for_connection.Spec) }

// link is a host that answers after some tries.
type link struct{ silent, resets int }

// Shell is not asked for.
func (*link) Shell(context.Context, string) (modules.Output, error) { return modules.Output{}, nil }

// Reset counts.
func (l *link) Reset() { l.resets++ }

// Wait does not wait.
func (l *link) Wait(context.Context) error {
	if l.silent--; l.silent >= 0 {
		return errors.New("no route to host")
	}
	return nil
}

func perform(t *testing.T, l *link, check bool, pairs ...any) modules.Reply {
	here := machine.New(machine.Options{})
	defer here.Close()
	call := modules.Call{Module: "wait_for_connection", Args: values.MapOf(pairs...), Check: check}
	return modules.Perform(t.Context(), wait_for_connection.Spec, call, here, modules.WithLink(l))
}

func TestItTriesUntilTheHostAnswers(t *testing.T) {
	l := &link{silent: 2}
	reply := perform(t, l, false, "sleep", values.Int(0))
	if reply.Failed || reply.Changed || l.resets != 3 {
		t.Errorf("after %d tries: %+v", l.resets, reply)
	}
}

func TestItGivesUp(t *testing.T) {
	reply := perform(t, &link{silent: 1000}, false, "timeout", values.Int(1), "sleep", values.Int(2))
	if !reply.Failed || !strings.HasPrefix(reply.Msg, "timed out waiting for ping module test: no route to host") {
		t.Errorf("%+v", reply)
	}
}

func TestADryRunDoesNotWait(t *testing.T) {
	l := &link{}
	if reply := perform(t, l, true); !reply.Skipped || l.resets > 0 {
		t.Errorf("%+v", reply)
	}
}
