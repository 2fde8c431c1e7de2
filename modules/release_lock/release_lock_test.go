package release_lock

import (
	"strings"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/values"
)

func TestCases(t *testing.T) { moduletest.Run(t, Spec) }

// Two runs want one lock: the second is told who has it, and gets it when that is given
// back, or by force.
func TestTwoRuns(t *testing.T) {
	root := t.TempDir()
	ada, bob := hold(t, root, "r1", "ada@ops1"), hold(t, root, "r2", "bob@ops2")
	if reply := ada("held"); reply.Failed || !reply.Changed {
		t.Fatalf("a free lock was not to be had: %s", reply.Msg)
	}
	if reply := ada("held"); reply.Failed || reply.Changed {
		t.Errorf("taken again by the same run: changed %v, %s", reply.Changed, reply.Msg)
	}
	reply := bob("held")
	if reply.ErrorKind != modules.KindLocked || !strings.Contains(reply.Msg, "is held by run r1 of ada@ops1 since") {
		t.Errorf("a second run was told %q (%s)", reply.Msg, reply.ErrorKind)
	}
	if reply := bob("free"); reply.Failed || reply.Changed {
		t.Errorf("another run's lock was given back: %v", reply.Changes)
	}
	if reply := ada("free"); reply.Failed || !reply.Changed {
		t.Errorf("it was not given back: %s", reply.Msg)
	}
	if reply := bob("held"); reply.Failed {
		t.Errorf("a lock that was given back was not to be had: %s", reply.Msg)
	}
	if reply := ada("held", "take_over", values.True); reply.Failed {
		t.Errorf("it was not taken over: %s", reply.Msg)
	}
}

// hold makes a run that keeps its locks from call to call, as the helper does.
func hold(t *testing.T, root, run, who string) func(state string, args ...any) modules.Reply {
	locks := machine.NewLocks()
	t.Cleanup(func() { locks.Close() })
	return func(state string, args ...any) modules.Reply {
		t.Helper()
		m := machine.New(machine.Options{Root: root, Locks: locks, Run: modules.Run{ID: run, Who: who, Started: time.Unix(1e9, 0)}})
		defer m.Close()
		args = append(args, "path", values.String("/run/lock/shop"), "state", values.String(state))
		return modules.Perform(t.Context(), Spec, modules.Call{Module: "release_lock", Args: values.MapOf(args...)}, m)
	}
}
