package executor_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/transport/wire"
)

// A command that a dead run had sent is run again only where its host surely never got it:
// one that knows of no such call must be one that would still know.
func TestCommandsAreNotRunTwice(t *testing.T) {
	play := onHosts("h1", `
  tasks:
    - shell: pay
`)
	dir := laidOut(t, play)
	for name, c := range map[string]struct {
		ago   time.Duration
		boot  string
		knows []wire.JournalEntry
		again bool
	}{
		"it knows nothing":            {time.Minute, "boot", nil, true},
		"it knows that it began":      {time.Minute, "boot", []wire.JournalEntry{{Step: "0.0/tasks/0@h1", Module: "shell"}}, false},
		"it started anew":             {time.Minute, "another", nil, false},
		"it may have written nothing": {time.Minute, "boot", []wire.JournalEntry{{Incomplete: true}}, false},
		"it may have forgotten":       {wire.KeepJournals, "boot", nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, dir, nil)
			hosts := remembering{f.hosts, new(sync.Mutex), new(atomic.Bool), map[string]wire.JournalEntry{}}
			hosts.alive.Store(true)
			for i, entry := range c.knows {
				hosts.steps[fmt.Sprint(i, " on h1")] = entry
			}
			sent, err := json.Marshal(executor.Started{Host: "h1", Module: "shell", Task: "shell", Boot: c.boot, Sent: time.Now().Add(-c.ago)})
			if err != nil {
				t.Fatal(err)
			}
			f.request.Hosts, f.request.Resume = hosts, &executor.Resume{}
			f.request.Journal = &mortal{facts: map[string]json.RawMessage{}, old: map[string]json.RawMessage{"start 0.0/tasks/0@h1": sent}}
			outcome, err := executor.Run(context.Background(), f.request)
			done := strings.Join(f.hosts.effects(), "; ")
			if err != nil || outcome.Suspended == c.again || (done == "h1: pay") != c.again {
				t.Errorf("it did %q and ended %+v, %v", done, outcome, err)
			}
		})
	}
}
