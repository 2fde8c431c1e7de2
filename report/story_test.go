package report

import (
	"testing"

	"github.com/gdeploy/gdeploy/executor"
)

func TestStory(t *testing.T) {
	changed := executor.HostResult{Host: "n1", Status: executor.Changed}
	failed := executor.HostResult{Task: executor.Place{Name: "test"}, Host: "n2", Status: executor.Failed}
	lost := executor.HostResult{Host: "n3", Status: executor.Unreachable}
	refused := executor.LockRefused{Host: "n1", Message: "the lock is held by bob"}
	undo := executor.UndoStarted{Host: "n2"}
	two := []executor.HostStats{{Host: "n1"}, {Host: "n2"}}
	for _, c := range []struct {
		want   string
		end    executor.RunEnded
		events []executor.Event
	}{
		{"", executor.RunEnded{}, nil},
		{"All is as it should be: nothing was changed on 2 hosts (0.0 s).", executor.RunEnded{Stats: two}, nil},
		{"Done: changed 1 of 2 hosts (0.0 s).", executor.RunEnded{Stats: two}, []executor.Event{changed, changed}},
		{"This would change 1 of 2 hosts (0.0 s).", executor.RunEnded{Stats: two}, []executor.Event{executor.RunStarted{Check: true}, changed}},
		{`"test" failed on n2; could not reach n3; what was done on 1 host was taken back (0.0 s).`, executor.RunEnded{Stats: two}, []executor.Event{failed, lost, undo}},
		{`"test" failed on n2; what was done on 1 host could not all be taken back: see above (0.0 s).`, executor.RunEnded{Stats: two, Outcome: executor.Outcome{UndoFailed: true}}, []executor.Event{failed, undo}},
		{`"test" failed on n2; the run stopped there (0.0 s).`, executor.RunEnded{Stats: two}, []executor.Event{failed, executor.PlayEnded{Aborted: "too many"}}},
		{"Nothing was done: the lock is held by bob (0.0 s).", executor.RunEnded{}, []executor.Event{refused}},
		{"Stopped: the lock is held by bob (0.0 s).", executor.RunEnded{Stats: two}, []executor.Event{changed, refused}},
		{"Stopped by the operator; what was done on 1 host was taken back (61 min 1 s).", executor.RunEnded{Stats: two, Seconds: 3661, Outcome: executor.Outcome{Interrupted: true}}, []executor.Event{changed, undo}},
		{"Stopped: play.yml:1:3: hosts: no (0.0 s).", executor.RunEnded{Outcome: executor.Outcome{Reason: "play.yml:1:3: hosts: no"}}, nil},
	} {
		var s story
		for _, e := range c.events {
			s.record(e)
		}
		if got := s.tell(c.end); got != c.want {
			t.Errorf("got  %s\nwant %s", got, c.want)
		}
	}
}
