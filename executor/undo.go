package executor

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/sourcegraph/conc"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// undoEntry takes back what one task or block did on one host. It lies on the host's
// stack from before the first call until the play is over.
type undoEntry struct {
	id    string
	play  string
	host  *host
	place Place
	label string // of the item, where the task has a loop
	nodes []playbooks.Node
	frame frame
	// moment and vars are what was known when the entry was made.
	moment variables.Moment
	vars   *values.Map
}

// pushTask puts the task's undo on the host's stack, before its call is sent.
func (v *visit) pushTask(ctx context.Context, it *item) error {
	if len(v.task.Undo) == 0 || v.frame.kind == Undoing || v.frame.kind == Checking {
		return nil
	}
	e := v.roundEntry(it)
	if err := v.Journal.Commit(keepUndo+e.id, e.record()); err != nil {
		return fmt.Errorf("write the run's journal: %w", err)
	}
	e.push()
	return nil
}

// pushAgain puts an undo on the stack that the run had pushed before it went on.
func (v *visit) pushAgain(it *item) {
	if len(v.task.Undo) == 0 || v.frame.kind == Undoing {
		return
	}
	if e := v.roundEntry(it); v.Journal.Kept(keepUndo+e.id, nil) {
		e.push()
	}
}

// roundEntry takes back what one round of the task does.
func (v *visit) roundEntry(it *item) *undoEntry {
	e := v.entry(v.host, v.task.Undo, v.place, v.frame)
	e.vars = captured(v.task.Vars, it.vars)
	if it.looped {
		e.id += fmt.Sprintf("#%d", it.index)
		if !v.noLog {
			e.label = it.label
		}
		e.frame = e.frame.child(it.index)
	}
	return e
}

// pushBlock puts the undo of a block on the stack of every host for which the block runs.
func (b *batch) pushBlock(ctx context.Context, n *playbooks.Block, hosts hostSet, f frame) {
	if len(n.Undo) == 0 || f.kind == Undoing || f.kind == Checking {
		return
	}
	place := Place{Path: f.path, Name: blockName(n), Action: "block", Written: n.Pos.String()}
	stand := &playbooks.Task{Parent: n, Role: n.Role}
	for _, h := range hosts {
		e := b.entry(h, n.Undo, place, f)
		if b.Journal.Kept(keepUndo+e.id, nil) {
			e.push()
			continue
		}
		if yes, _, err := b.scope(ctx, stand, h, f).Condition(conditions(b.src, stand)); err != nil || !yes || b.turnsBack() {
			continue
		}
		if err := b.Journal.Commit(keepUndo+e.id, e.record()); err != nil {
			b.warn(h.name, fmt.Sprintf("write the run's journal: %v", err))
			continue
		}
		e.push()
	}
}

func blockName(n *playbooks.Block) string {
	if n.Name.IsNull() {
		return "block"
	}
	return values.Text(n.Name)
}

func (b *batch) entry(h *host, nodes []playbooks.Node, place Place, f frame) *undoEntry {
	return &undoEntry{id: place.Path + "@" + h.name, play: b.play.path, host: h, nodes: nodes, place: place, frame: f, moment: b.Store.Moment(h.name)}
}

func (e *undoEntry) push() { e.host.undo = append(e.host.undo, e) }

// record is the entry in the journal.
func (e *undoEntry) record() UndoRecord {
	return UndoRecord{ID: e.id, Host: e.host.name, Play: e.play, Task: e.place, Item: e.label}
}

// which says for which item of a loop the entry is, in messages that name its task.
func (e *undoEntry) which() string {
	if e.label == "" {
		return ""
	}
	return " (item=" + e.label + ")"
}

// captured are the variables that only the task itself had.
func captured(layers ...*values.Map) *values.Map {
	all := values.NewMap(4)
	for _, layer := range layers {
		if layer == nil {
			continue
		}
		for key, v := range layer.All() {
			all.SetKey(key, v)
		}
	}
	return all
}

// fall counts hosts out of the run because they failed, and takes back what they did. Others
// may be at work meanwhile.
func (b *batch) fall(ctx context.Context, hosts hostSet) {
	for _, h := range hosts {
		b.putOut(h, stoppedToo)
	}
	reason := ""
	if len(hosts) > 0 {
		reason = fmt.Sprintf("%q failed", hosts[0].failure.name)
	}
	b.unwind(ctx, hosts, reason, (*batch).ownCulprit)
}

// unwindTouched takes back what the play did on all its hosts, or with on_failure:
// undo_host on those that were under way only.
func (b *batch) unwindTouched(ctx context.Context) {
	hosts := b.play.hosts
	if b.onFailure() == "undo_host" {
		hosts = b.hosts
	}
	if slices.ContainsFunc(hosts, func(h *host) bool { return len(h.undo) > 0 }) {
		b.keep(keepCutting+b.play.path, true)
		b.takenBack = true
	}
	b.unwind(ctx, hosts, b.aborted, (*batch).culprit)
	b.nameOpen(hosts)
}

func (p *play) onFailure() string {
	how, err := p.written(p.src.OnFailure)
	if err != nil || how == "" {
		return "undo"
	}
	return how
}

// unwind runs the undo stacks of hosts, the last host first, in groups no larger than the
// batch, so that no more of them are under way than the play allows. culprit names the
// task for whose failure a host is taken back.
func (b *batch) unwind(ctx context.Context, hosts hostSet, reason string, culprit func(*batch, *host) string) {
	hosts = hosts.where(func(h *host) bool { return len(h.undo) > 0 })
	if len(hosts) == 0 {
		return
	}
	b.note(func(o *Outcome) { o.Undone = true })
	b.tell(Unwinding{Hosts: hosts.names(), Reason: reason})
	hosts = slices.Clone(hosts)
	slices.Reverse(hosts)
	for len(hosts) > 0 {
		group := b.nextToUnwind(hosts)
		if len(group) == 0 {
			b.keepServing(hosts)
			return
		}
		hosts = hosts.without(group)
		culprits := make([]string, len(group)) // told before any of them is at work
		for i, h := range group {
			culprits[i] = culprit(b, h)
		}
		var all conc.WaitGroup
		for i, h := range group {
			all.Go(func() { b.unwindHost(ctx, h, culprits[i]) })
		}
		all.Wait()
	}
}

// nextToUnwind picks those of hosts that are taken back now: as many as a batch has, or in
// a rolling play as the window has and as leaves enough others in service.
func (b *batch) nextToUnwind(hosts hostSet) hostSet {
	if !b.rolls() {
		return hosts[:min(len(hosts), max(len(b.hosts), 1))]
	}
	var group hostSet
	for _, h := range hosts {
		if len(group) < b.rolling.window && b.rolling.floor.unwinds(h.name) {
			group = append(group, h)
		}
	}
	return group
}

// keepServing names hosts that stay as this run left them, since taking them back would
// leave too few in service.
func (b *batch) keepServing(hosts hostSet) {
	b.note(func(o *Outcome) { o.UndoFailed = true })
	for _, h := range hosts {
		b.warn(h.name, fmt.Sprintf("stays as this run left it: taking back %s %s", strings.Join(openOf(h), ", "), b.rolling.floor.shortfall()))
		h.undo = nil
	}
}

// unwindHost runs the stack of one host, newest first, because the task named culprit
// failed. An entry that fails is told, and the next one runs.
func (b *batch) unwindHost(ctx context.Context, h *host, culprit string) {
	now := b.Store.Moment(h.name)
	defer func() { b.Store.Return(h.name, now) }()
	for len(h.undo) > 0 && ctx.Err() == nil && !h.fenced {
		e := h.undo[len(h.undo)-1]
		b.undo(ctx, e, culprit)
		if ctx.Err() == nil {
			h.undo = h.undo[:len(h.undo)-1]
		}
	}
	if h.fenced && len(h.undo) > 0 {
		b.leaveToOther(h)
		return
	}
	if b.rolls() && len(h.undo) == 0 && len(h.stuck) == 0 {
		b.rolling.floor.restore(h.name)
	}
}

// leaveToOther names what stays as it is because another run has the lock of the host.
func (b *batch) leaveToOther(h *host) {
	b.note(func(o *Outcome) { o.UndoFailed = true })
	b.warn(h.name, "another run has the lock, so this run leaves alone what it did here: "+strings.Join(openOf(h), ", "))
	h.undo = nil
}

// openOf names what is on the stack of a host, newest first.
func openOf(h *host) []string {
	var names []string
	for _, e := range slices.Backward(h.undo) {
		names = append(names, e.place.Name+e.which())
	}
	return names
}

// undo runs one entry with the variables of the moment when it was made.
func (b *batch) undo(ctx context.Context, e *undoEntry, culprit string) {
	b.Store.Return(e.host.name, e.moment)
	e.vars = captured(e.vars,
		oneVar("gdeploy_undo", values.True),
		oneVar("gdeploy_failed_task", values.String(culprit)),
		oneVar("gdeploy_failed_here", values.Bool(b.failedItself(e.host))),
		oneVar("gdeploy_not_undone", values.Strings(e.host.stuck...)))
	failed := e.host.failure
	defer func() { e.host.failure = failed }()
	f := e.frame
	f.kind, f.entry, f.rescued = Undoing, e, false
	passed := b.list(ctx, e.nodes, hostSet{e.host}, f.child("undo"))
	status := OK
	if len(passed.going) == 0 {
		status = Failed
		b.note(func(o *Outcome) { o.UndoFailed = true })
		e.host.stuck = append(e.host.stuck, e.place.Name)
		b.warn(e.host.name, fmt.Sprintf("what %q%s did could not be taken back", e.place.Name, e.which()))
	}
	b.keep(keepUndone+e.id, status)
}

// failedItself reports that h is taken back because of itself, and not with the others.
func (r *run) failedItself(h *host) bool {
	r.outMu.Lock()
	defer r.outMu.Unlock()
	return r.out[h.name] == Failed || r.out[h.name] == Unreachable
}

// ownCulprit is the name of the task that failed on h.
func (b *batch) ownCulprit(h *host) string { return h.failure.name }

// culprit is the name of the task for whose failure h is taken back: its own, or another's
// of the batch, whose hosts are all at rest.
func (b *batch) culprit(h *host) string {
	if own := b.ownCulprit(h); own != "" {
		return own
	}
	for _, other := range b.hosts {
		if other.failure.name != "" {
			return other.failure.name
		}
	}
	return ""
}

// nameOpen names the entries of hosts that were to be run and were not, because the
// operator did not want to wait.
func (b *batch) nameOpen(hosts hostSet) {
	var open []string
	for _, h := range hosts {
		for _, name := range openOf(h) {
			open = append(open, h.name+": "+name)
		}
	}
	if len(open) == 0 {
		return
	}
	b.tell(Interrupted{Open: open, Now: true})
	b.note(func(o *Outcome) {
		o.Open = true
		o.Reason = b.aborted + "; not taken back: " + strings.Join(open, ", ")
	})
}

// forgetUndo ends the play's stacks.
func (p *play) forgetUndo() {
	for _, h := range p.hosts {
		h.undo = nil
	}
}
