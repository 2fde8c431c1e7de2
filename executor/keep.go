package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// A run that died goes on by replay: the tree is walked again from its start, and what the
// journal has is not done again. This file is all that replay is: the outcome of a round of
// a task, and every answer that another walk might not get (the order of hosts, the items
// of a loop, what the operator typed), is kept under a key that says where in the tree it
// belongs. Registered variables, facts, notified handlers and undo stacks follow from that.

// The keys of the journal, each before the place that it is about.
const (
	keepEnd     = "end "     // a round of a task on a host: ended
	keepTry     = "try "     // an attempt of such a round: ended
	keepDone    = "done "    // a task on a host, told and settled
	keepStart   = "start "   // a call that must not run twice: Started
	keepUndo    = "undo "    // an undo entry: UndoRecord
	keepUndone  = "undone "  // one that was run: Status
	keepLock    = "lock "    // whether a lock is held
	keepPlay    = "play "    // a play that ended
	keepAnswer  = "answer "  // what another walk might not find again
	keepSettled = "settled " // a host that is through a rolling play
	keepCutting = TakingBack // a play that is being taken back
)

// TakingBack begins the keys of plays whose work was being taken back on all hosts: such a
// run cannot go forward any more.
const TakingBack = "taking back "

// Started is what the journal has of a call before it is sent.
type Started struct {
	Host   string `json:"host"`
	Module string `json:"module"`
	Task   string `json:"task"`
	// Boot is the id of the host's boot then, empty where it is not known.
	Boot string    `json:"boot,omitempty"`
	Sent time.Time `json:"sent"`
	// Ended is how it ended where the host knows that and no more; it is never kept.
	Ended Status `json:"-"`
}

// UndoRecord is an undo entry in the journal.
type UndoRecord struct {
	ID   string `json:"id"`
	Host string `json:"host"`
	// Play is the path of the play: when it has ended, the entry is of no more use.
	Play string `json:"play"`
	// Task is the one whose effect the entry takes back.
	Task Place  `json:"task"`
	Item string `json:"item,omitempty"`
}

// ended is a result in the journal, with what it did to the run.
type ended struct {
	Fields      values.Value      `json:"fields"`
	Changed     bool              `json:"changed,omitempty"`
	Failed      bool              `json:"failed,omitempty"`
	Skipped     bool              `json:"skipped,omitempty"`
	Unreachable bool              `json:"unreachable,omitempty"`
	Launched    bool              `json:"launched,omitempty"`
	Warnings    []string          `json:"warnings,omitempty"`
	Kind        modules.ErrorKind `json:"kind,omitempty"`
	Delegate    string            `json:"delegate,omitempty"`
	Address     string            `json:"address,omitempty"`
	Learned     []learned         `json:"learned,omitempty"`
	// Secrets are those that the parameters named.
	Secrets []string `json:"secrets,omitempty"`
}

// learned are facts that a result made variables of hosts.
type learned struct {
	Hosts  []string     `json:"hosts"`
	Module string       `json:"module"`
	Facts  values.Value `json:"facts"`
	// Cacheable is set_fact's.
	Cacheable bool `json:"cacheable,omitempty"`
}

func (r *result) ended() ended {
	return ended{
		Fields: values.FromMap(r.fields), Changed: r.changed, Failed: r.failed, Skipped: r.skipped, Unreachable: r.unreachable,
		Launched: r.launched, Warnings: r.warnings, Kind: r.kind, Delegate: r.delegate, Address: r.address, Learned: r.learned,
	}
}

func (e ended) result() *result {
	fields, _ := e.Fields.AsMap()
	return &result{
		fields: orEmpty(fields), changed: e.Changed, failed: e.Failed, skipped: e.Skipped, unreachable: e.Unreachable,
		launched: e.Launched, warnings: e.Warnings, kind: e.Kind, delegate: e.Delegate, address: e.Address, learned: e.Learned,
		replayed: true,
	}
}

// keep writes a fact down. What cannot be written is told once: the run goes on, and could
// not be resumed. A value that is no data, such as hostvars, is found again instead.
func (r *run) keep(key string, fact any) {
	var noData *values.NotData
	if err := r.Journal.Keep(key, fact); err != nil && !errors.As(err, &noData) {
		r.warn("", fmt.Sprintf("write the run's journal: %v; if the run dies it cannot be resumed", err))
	}
}

// TurnedBack is why a play ends whose run is taken back after its controller died.
const TurnedBack = "the run was stopped, and is taken back"

// endedPlay is a play in the journal that ended.
type endedPlay struct {
	// Cut says that it ended before its time because somebody wanted that, and not by
	// itself, as another walk would find again.
	Cut bool `json:"cut,omitempty"`
}

// turnsBack reports that the play does nothing new, and is taken back.
func (p *play) turnsBack() bool {
	if p.Resume == nil {
		return false
	}
	var before endedPlay
	if p.Journal.Kept(keepPlay+p.path, &before) {
		return before.Cut
	}
	return p.Resume.TakeBack
}

// beginsNothing reports that nothing new is done in the play: it is taken back, or was being
// taken back when the run died.
func (p *play) beginsNothing() bool {
	return p.turnsBack() || p.Journal.Kept(keepCutting+p.path, nil)
}

// turnBack takes a play back that had come to its end, and had not ended, when the run died.
func (p *play) turnBack(ctx context.Context) {
	if p.aborted == "" && p.turnsBack() {
		p.abort(TurnedBack)
		p.newBatch(p.latest).unwindTouched(ctx)
	}
}

// endsBefore reports that a run that is taken back had not come to a play.
func (r *run) endsBefore(number int) bool {
	return r.Resume != nil && r.Resume.TakeBack && !r.Journal.Kept(keepAnswer+"order "+fmt.Sprint(number), nil)
}

// keepEnded writes down that nothing of the play is left to be done or taken back.
func (p *play) keepEnded(ctx context.Context) {
	if ctx.Err() == nil && !p.isSuspended() && (p.takenBack || !p.cut) {
		p.keep(keepPlay+p.path, endedPlay{Cut: p.cut || p.turnsBack()})
	}
}

// asBefore are batches as they were cut when the run began.
func (p *play) asBefore(key string, cut func() ([]hostSet, error)) ([]hostSet, error) {
	names, err := remember(p.run, "batches "+key, func() ([][]string, error) {
		batches, err := cut()
		names := make([][]string, len(batches))
		for i, hosts := range batches {
			names[i] = hosts.names()
		}
		return names, err
	})
	batches := make([]hostSet, len(names))
	for i := range names {
		batches[i] = p.hosts.where(func(h *host) bool { return slices.Contains(names[i], h.name) })
	}
	return batches, err
}

// suspend stops the run before something of which nobody knows whether it was done.
func (r *run) suspend(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unsure = append(r.unsure, what)
	slices.Sort(r.unsure)
	r.unsure = slices.Compact(r.unsure)
	r.result.Suspended = true
	r.result.Reason = "nobody knows whether these commands were run: " + strings.Join(r.unsure, "; ")
}

func (r *run) isSuspended() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.result.Suspended
}

// before reports that all of hosts were through what stands at a path before the run went on.
func (b *batch) before(path string, hosts hostSet) bool {
	return b.Resume != nil && !slices.ContainsFunc(hosts, func(h *host) bool {
		return !b.Journal.Kept(keepDone+path+"@"+h.name, nil)
	})
}

// passedBy writes down that hosts are through what stands at a path.
func (b *batch) passedBy(path string, hosts hostSet) {
	for _, h := range hosts {
		b.keep(keepDone+path+"@"+h.name, true)
	}
}

// silent reports that the start of a task need not be told: it was told before, or nothing
// new is done.
func (b *batch) silent(path string, hosts hostSet, f frame) bool {
	return b.turnsBack() && f.kind != Undoing || b.before(path, hosts)
}

// remember gives the answer that the journal has, or finds it and keeps it.
func remember[T any](r *run, key string, find func() (T, error)) (T, error) {
	var answer T
	if r.Journal.Kept(keepAnswer+key, &answer) {
		return answer, nil
	}
	answer, err := find()
	if err == nil {
		r.keep(keepAnswer+key, answer)
	}
	return answer, err
}

// kept gives how a round ended in an earlier part of the run, and makes of it what it made
// of the run then.
func (v *visit) kept(it *item) (*result, bool) {
	var before ended
	known := v.Journal.Kept(keepEnd+v.stepName(it), &before)
	switch {
	case known:
		v.pushAgain(it)
	case v.beginsNothing() && v.frame.kind != Undoing:
		v.pushAgain(it)
		v.abort(TurnedBack)
		return &result{fields: values.NewMap(0), failed: true, unborn: true, cut: true}, true
	default:
		return nil, false
	}
	for _, secret := range before.Secrets {
		v.Secrets.Add(secret)
	}
	r := before.result()
	v.again(r)
	return r, true
}

// again makes the facts of a result, and the hosts and groups that it made, part of the run.
func (v *visit) again(r *result) {
	addSecrets(v.Secrets, values.FromMap(r.fields))
	for _, l := range r.learned {
		addSecrets(v.Secrets, l.Facts)
		v.learn(l)
	}
	if v.task.Spec != nil && !r.failed {
		_, _ = v.applyHere(v.task.Spec.Name, values.FromMap(r.fields)) // it worked then
	}
}

// keepEnd writes down how a round ended, unless the operator cut it short.
func (v *visit) keepEnd(it *item, r *result) *result {
	if r.replayed || r.cut || v.frame.kind == Checking && !r.failed && !r.unreachable {
		return r
	}
	e := r.ended()
	e.Secrets = it.secrets.all
	v.keep(keepEnd+v.stepName(it), e)
	return r
}

// start writes down, before it is sent, a call that must not run twice.
func (v *visit) start(ctx context.Context, steps ...*step) error {
	for _, s := range steps {
		if !neverTwice[s.spec.Name] || s.call.Check {
			continue
		}
		started := Started{Host: v.where(s), Module: s.call.Module, Task: v.place.Name, Boot: v.boot(ctx, s), Sent: time.Now()}
		if err := v.Journal.Commit(keepStart+s.call.Step, started); err != nil {
			return fmt.Errorf("write the run's journal: %w", err)
		}
	}
	return nil
}

// boot is the id of the boot of a step's host. One that cannot be reached tells the call so.
func (v *visit) boot(ctx context.Context, s *step) string {
	hosts, ok := v.Hosts.(Remembering)
	if !ok || s.spec.Where != modules.OnHost {
		return ""
	}
	hello, _ := hosts.Connect(ctx, s.target) // what is wrong with it the call tells
	return hello.BootID
}

// neverTwice are the modules that run what somebody wrote, which may not bear being run twice.
var neverTwice = map[string]bool{"command": true, "shell": true, "raw": true, "script": true, "user_module": true}
