package executor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/transport/wire"
	"github.com/gdeploy/gdeploy/values"
)

// Remembering are Hosts that know what a run did there, whoever was told of it.
type Remembering interface {
	// Connect tells which boot of the host this is.
	Connect(ctx context.Context, t transport.Target) (wire.Hello, error)
	// Journal gives the calls of a run that began on t, and how they ended. It waits for
	// those that still run.
	Journal(ctx context.Context, t transport.Target, run string) ([]wire.JournalEntry, error)
}

// askFirst are the hosts of a run that goes on: before a call is sent that the run's journal
// does not know the end of, the host is asked whether it knows.
type askFirst struct {
	Hosts
	memory  Remembering
	run     string
	assume  string
	journal Journal

	mu    sync.Mutex
	known map[lane]*recollection
}

// lane tells apart the helpers that keep journals of their own.
type lane struct {
	host, connection, address, user, method, become string
	port                                            int
}

func laneOf(t transport.Target) lane {
	return lane{t.Host, t.Connection, t.Address, t.User, t.Become.Method, t.Become.User, t.Port}
}

// recollection is what a host knew of the run when it was asked first.
type recollection struct {
	once  sync.Once
	boot  string
	steps map[string]wire.JournalEntry
	// incomplete says that the host may have run what it does not know of.
	incomplete bool
	err        error
}

// margin is how much shorter a host's journal is trusted than it is kept.
const margin = 24 * time.Hour

// neverCame reports that a call that was sent, and of which the host knows nothing, did not get there.
func (r *recollection) neverCame(sent Started) bool {
	return !r.incomplete && sent.Boot != "" && sent.Boot == r.boot && time.Since(sent.Sent) < wire.KeepJournals-margin
}

// askingFirst makes hosts answer for what they did already, where the run goes on.
func askingFirst(q Request) Hosts {
	memory, ok := q.Hosts.(Remembering)
	if q.Resume == nil || !ok {
		return q.Hosts
	}
	return &askFirst{Hosts: q.Hosts, memory: memory, run: q.Identity.ID, assume: q.Resume.Assume, journal: q.Journal, known: map[lane]*recollection{}}
}

// Connect tells which boot of the host this is.
func (h *askFirst) Connect(ctx context.Context, t transport.Target) (wire.Hello, error) {
	return h.memory.Connect(ctx, t)
}

// Journal gives what the host remembers.
func (h *askFirst) Journal(ctx context.Context, t transport.Target, run string) ([]wire.JournalEntry, error) {
	return h.memory.Journal(ctx, t, run)
}

// Call runs the call, unless it ran before.
func (h *askFirst) Call(ctx context.Context, t transport.Target, call modules.Call, content transport.Content, progress func(line string)) (modules.Reply, error) {
	if reply, known, err := h.recall(ctx, t, call); known || err != nil {
		return reply, err
	}
	return h.Hosts.Call(ctx, t, call, content, progress)
}

// Batch runs those of the calls that did not run before.
func (h *askFirst) Batch(ctx context.Context, t transport.Target, calls []modules.Call, o transport.BatchOptions) error {
	var open []modules.Call
	var numbers []int
	var unsure []error
	for i, call := range calls {
		reply, known, err := h.recall(ctx, t, call)
		var unknown *Unsure
		switch {
		case errors.As(err, &unknown):
			unsure = append(unsure, err)
		case err != nil:
			return err
		case known:
			o.Each(i, reply)
		default:
			open, numbers = append(open, call), append(numbers, i)
		}
	}
	each, progress := o.Each, o.Progress
	o.Each = func(i int, r modules.Reply) { each(numbers[i], r) }
	o.Progress = func(i int, line string) { progress(numbers[i], line) }
	if len(open) > 0 {
		if err := h.Hosts.Batch(ctx, t, open, o); err != nil {
			return err
		}
	}
	return errors.Join(unsure...)
}

// recall gives the reply of a call that ran before. What somebody wrote, and of which the
// host knows only that it began, is for the operator to judge.
func (h *askFirst) recall(ctx context.Context, t transport.Target, call modules.Call) (reply modules.Reply, known bool, err error) {
	if call.Step == "" || call.Check {
		return reply, false, nil
	}
	past := h.recollect(ctx, t)
	if past.err != nil {
		return reply, false, past.err
	}
	entry, began := past.steps[call.Step]
	ended := began && entry.Module == call.Module && entry.Reply != nil
	// What failed for want of content from a controller that died is done again.
	if ended && !entry.Withheld && entry.Reply.ErrorKind != modules.KindCut {
		return *entry.Reply, true, nil
	}
	var started Started
	sent := h.journal.Kept(keepStart+call.Step, &started)
	if ended && entry.Withheld {
		started.Ended = status(*entry.Reply)
	}
	if !neverTwice[call.Module] || !sent || !began && past.neverCame(started) {
		return reply, false, nil
	}
	return presumed(call, h.assume, started)
}

// recollect asks a host once what it knows.
func (h *askFirst) recollect(ctx context.Context, t transport.Target) *recollection {
	h.mu.Lock()
	past := h.known[laneOf(t)]
	if past == nil {
		past = &recollection{steps: map[string]wire.JournalEntry{}}
		h.known[laneOf(t)] = past
	}
	h.mu.Unlock()
	past.once.Do(func() {
		hello, err := h.memory.Connect(ctx, t)
		past.boot, past.err = hello.BootID, err
		if err != nil {
			return
		}
		entries, err := h.memory.Journal(ctx, t, h.run)
		past.err = err
		for _, e := range entries {
			past.incomplete = past.incomplete || e.Incomplete
			past.steps[e.Step] = e
		}
	})
	return past
}

// presumed is what comes of a call of which nobody knows whether it was run.
func presumed(call modules.Call, assume string, started Started) (reply modules.Reply, known bool, err error) {
	switch {
	case assume == AssumeAgain:
		return reply, false, nil
	case assume != AssumeDone:
		return reply, false, &Unsure{Started: started}
	case started.Ended == Failed:
		return modules.Reply{Failed: true, Msg: "it failed before the run went on, and since it says no_log the host did not keep why", Data: values.Null}, true, nil
	case call.Background != nil:
		return modules.Reply{Changed: true, Data: values.MapOf(
			"ansible_job_id", values.String(call.Background.ID), "started", values.Int(1), "finished", values.Int(0))}, true, nil
	}
	return modules.Reply{Changed: true, Msg: "assumed to be done, as the operator said", Data: values.MapOf("rc", values.Int(0),
		"stdout", values.String(""), "stdout_lines", values.Strings(), "stderr", values.String(""), "stderr_lines", values.Strings())}, true, nil
}

// status is how a call ended, as far as its reply tells.
func status(r modules.Reply) Status {
	if r.Failed {
		return Failed
	}
	return OK
}

// Unsure is why a run cannot go on by itself: it had sent a command, and nobody knows
// whether that was run, or what it said.
type Unsure struct{ Started Started }

// Error names the command by its task.
func (u *Unsure) Error() string {
	more := ""
	if u.Started.Ended != "" {
		more = fmt.Sprintf("; it was run and ended %s, and what it said was not kept, since it says no_log", u.Started.Ended)
	}
	return fmt.Sprintf("%q on %s (%s%s)", u.Started.Task, u.Started.Host, u.Started.Module, more)
}
