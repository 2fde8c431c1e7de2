package release_lock

import (
	"fmt"
	"strings"
	"sync"
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
	if run, _ := reply.Data.Get("run"); values.Text(run) != "r1" {
		t.Errorf("a second run was told that %v has it", run)
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

// Of fifty runs that want a lock at once, whose holder has died, exactly one gets it; all
// others are refused.
func TestFiftyAtOnce(t *testing.T) {
	root := t.TempDir()
	dead := machine.NewLocks()
	if reply := holdBy(t, dead, root, "r0", "eve@ops0")("held"); reply.Failed {
		t.Fatal(reply.Msg)
	}
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	replies := make([]modules.Reply, 50)
	for i := range replies {
		run := hold(t, root, fmt.Sprint("r", i+1), "ada@ops1")
		all.Go(func() { replies[i] = run("held") })
	}
	all.Wait()
	got := 0
	for _, reply := range replies {
		switch {
		case !reply.Failed:
			got++
		case reply.ErrorKind != modules.KindLocked:
			t.Errorf("refused for another reason: %s", reply.Msg)
		case strings.Contains(reply.Msg, "eve@ops0"):
			t.Errorf("a run that died is said to hold the lock: %s", reply.Msg)
		}
	}
	if got != 1 {
		t.Errorf("%d runs got the lock", got)
	}
}

// A run whose controller died takes its lock again when its helper has gone, and is refused
// where another run had the lock since.
func TestAgain(t *testing.T) {
	root := t.TempDir()
	died, again, bob := hold(t, root, "r1", "ada@ops1"), hold(t, root, "r1", "ada@ops1"), hold(t, root, "r2", "bob@ops2")
	if reply := died("held"); reply.Failed {
		t.Fatal(reply.Msg)
	}
	if reply := died("held", "again", values.True); reply.Failed {
		t.Errorf("taken again: %s", reply.Msg)
	}
	if reply := bob("held", "take_over", values.True); reply.Failed {
		t.Fatal(reply.Msg)
	}
	for range 2 { // also when the other one has given it back
		reply := again("held", "again", values.True, "take_over", values.True)
		if reply.ErrorKind != modules.KindLocked || !strings.Contains(reply.Msg, "was taken since by run r2 of bob@ops2") {
			t.Errorf("after another run: %q (%s)", reply.Msg, reply.ErrorKind)
		}
		bob("free")
	}
}

// hold makes a run that keeps its locks from call to call, as the helper does.
func hold(t *testing.T, root, run, who string) func(state string, args ...any) modules.Reply {
	locks := machine.NewLocks()
	t.Cleanup(func() { locks.Close() })
	return holdBy(t, locks, root, run, who)
}

func holdBy(t *testing.T, locks *machine.Locks, root, run, who string) func(state string, args ...any) modules.Reply {
	return func(state string, args ...any) modules.Reply {
		t.Helper()
		m := machine.New(machine.Options{Root: root, Locks: locks, Run: modules.Run{ID: run, Who: who, Started: time.Unix(1e9, 0)}})
		defer m.Close()
		args = append(args, "path", values.String("/run/lock/shop"), "state", values.String(state))
		return modules.Perform(t.Context(), Spec, modules.Call{Module: "release_lock", Args: values.MapOf(args...)}, m)
	}
}
