// Package executor runs plays on hosts.
//
// A run is plays in order; a play is batches of hosts; a batch goes through the tree of
// blocks and tasks with a set of hosts. There is no state machine: tree.go is a recursion
// that hands a set of hosts to each node and gets back those that go on and those that
// failed there. linear makes one such walk with all hosts of the batch, free one for each
// host.
//
//	executor.go  the run          play.go   a play and its batches
//	tree.go      lists, blocks    task.go   one task on a set of hosts
//	visit.go     one task on one host       attempt.go  until it is good enough
//	step.go      what one call needs        call.go     the call itself
//	handlers.go  include.go  meta.go  loop.go   what their names say
//	undo.go      taking back      lock.go   the run lock
//	target.go    how a host is reached      content.go  files of the controller
//	waves.go     waves, approve.go between them   batches.go, rolling.go  how a wave goes
//	floor.go     who is in service    settle.go  tests before a host leaves the window
//	together.go  tasks at one moment  freeze.go  times at which nobody deploys
//	events.go    what is told     out.go    who is out of the run
//	ahead.go     calls tried before their turn    expect.go, next.go  which those are
//
// Nothing here prints: what happens is told as events to a Sink.
package executor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gdeploy/gdeploy/playbooks"
)

// Run runs the plays of the request, one after the other, and tells how it went. The error
// is for what kept the run from being done at all; a host that failed is an Outcome.
func Run(ctx context.Context, request Request) (Outcome, error) {
	r, err := newRun(ctx, request)
	if err != nil {
		return Outcome{}, err
	}
	r.tell(RunStarted{ID: r.Identity.ID, Who: r.Identity.Who, Files: files(r.Playbooks), Check: r.Check, Resumed: r.Resume != nil, TakeBack: r.Resume != nil && r.Resume.TakeBack})
	err = r.plays(ctx)
	r.trailing.Wait()
	r.free(ctx)
	if err == nil && r.isSeeking() {
		err = fmt.Errorf("no task is named %q: --start-at-task finds only tasks that are there before the run, not those of dynamic includes", r.StartAtTask)
	}
	outcome := r.outcome()
	if err != nil {
		outcome.Reason, outcome.Mistaken = inWords(err).Error(), errors.As(err, new(playbooks.Mistakes))
	}
	r.tell(RunEnded{Stats: r.stats.list(), Custom: r.stats.figures(), Unfinished: r.listUnfinished(), Seconds: time.Since(r.began).Seconds(), Outcome: outcome})
	return outcome, err
}

// Outcome says how a run ended, for the exit code.
type Outcome struct {
	// Failed and Unreachable count the hosts that are out for that reason.
	Failed      int `json:"failed,omitempty"`
	Unreachable int `json:"unreachable,omitempty"`
	// Fatal says that any_errors_fatal or max_fail_percentage ended a play for all.
	Fatal bool `json:"fatal,omitempty"`
	// Locked says that a lock was held by somebody else, that deploys were on hold or
	// frozen, and nothing was done.
	Locked bool `json:"locked,omitempty"`
	// Undone says that something was taken back.
	Undone bool `json:"undone,omitempty"`
	// UndoFailed says that not all of it could be taken back.
	UndoFailed bool `json:"undo_failed,omitempty"`
	// Interrupted says that the operator stopped the run.
	Interrupted bool `json:"interrupted,omitempty"`
	// Open says that the operator stopped before all was taken back.
	Open bool `json:"open,omitempty"`
	// Suspended says that the run stopped before something that the operator has to
	// decide; nothing was taken back.
	Suspended bool `json:"suspended,omitempty"`
	// Mistaken says that a play's own keyword, such as hosts, could not be evaluated.
	Mistaken bool `json:"mistaken,omitempty"`
	// Reason says in words why the run did not reach its end; empty where it did.
	Reason string `json:"reason,omitempty"`
}

// run is what all plays of one run share.
type run struct {
	Request
	began time.Time
	slots slots
	stats *stats
	// out are the hosts that failed or could not be reached: no later play has them.
	outMu sync.Mutex
	out   map[string]Status

	mu       sync.Mutex
	result   Outcome
	contents *contents
	asked    map[string]bool // warnings told already
	seeking  bool            // still looking for the task of --start-at-task
	telling  sync.Mutex
	held     *heldLock
	quit     atomic.Bool    // the operator left the debugger
	changing atomic.Int64   // calls by which anything may have changed
	trailing sync.WaitGroup // calls that went with probes
	over     bool           // meta: end_run
	unsure   []string       // commands of which nobody knows whether they were run
	// unfinished are the hosts that another try would be for.
	unfinished map[string]bool
	jobKeys    map[string]string // what seals the results of jobs, by their ids
}

func newRun(ctx context.Context, request Request) (*run, error) {
	request = request.withDefaults()
	request.Hosts = askingFirst(request)
	return &run{
		Request:  request,
		began:    time.Now(),
		slots:    newSlots(request.Forks),
		stats:    newStats(),
		out:      map[string]Status{},
		contents: newContents(request.Store.ReadFile, request.Sent),
		asked:    map[string]bool{},
		seeking:  request.StartAtTask != "",

		unfinished: map[string]bool{},
		jobKeys:    map[string]string{},
	}, ctx.Err()
}

// plays runs the plays in order, until one says that the run ends with it, or a host failed
// in a playbook.
func (r *run) plays(ctx context.Context) error {
	number := 0
	for i, book := range r.Playbooks {
		started := PlaybookStarted{File: book.File, Plays: len(book.Plays)}
		if i > 0 {
			started.Stats = r.stats.list()
		}
		r.tell(started)
		for k, p := range book.Plays {
			ended, err := r.play(ctx, p, number)
			if ended || err != nil {
				r.leave(book.Plays[k+1:], r.Playbooks[i+1:])
				return err
			}
			number++
		}
		if r.lostAny() {
			r.leave(nil, r.Playbooks[i+1:])
			return nil // as in Ansible, the playbooks behind it do not run then
		}
	}
	return nil
}

// leave counts the hosts of plays whose turn does not come, unless the run was to end.
func (r *run) leave(plays []*playbooks.Play, books []*playbooks.Playbook) {
	if r.over {
		return
	}
	r.notBegun(plays)
	for _, book := range books {
		r.notBegun(book.Plays)
	}
}

// lostAny reports that a host is out of the run.
func (r *run) lostAny() bool {
	r.outMu.Lock()
	defer r.outMu.Unlock()
	return len(r.out) > 0
}

func (r *run) outcome() Outcome {
	r.outMu.Lock()
	defer r.outMu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, status := range r.out {
		switch status {
		case Unreachable:
			r.result.Unreachable++
		case Failed:
			r.result.Failed++
		}
	}
	return r.result
}

// note changes the outcome.
func (r *run) note(change func(*Outcome)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.result)
}

func files(books []*playbooks.Playbook) []string {
	var names []string
	for _, b := range books {
		names = append(names, b.File)
	}
	return names
}
