package executor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sourcegraph/conc"
	"github.com/sourcegraph/conc/pool"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// play is one play of the run.
type play struct {
	*run
	src      *playbooks.Play
	path     string
	name     string
	wanted   string // the pattern of its hosts
	hosts    hostSet
	prompts  *values.Map
	handlers *handlers
	all      []string // the names of all hosts that the pattern gave
	rolling  *rolling // nil where hosts go in batches
	begun    int      // batches so far
	latest   hostSet  // the hosts of the latest of them

	mu      sync.Mutex
	view    *variables.Hosts
	viewOf  int
	aborted string // why the play ends early; empty where it does not
	cut     bool   // the operator ended the play
	// takenBack says that what the play did was taken back, on all hosts.
	takenBack bool
	ended     bool // meta: end_play
}

// batch is the hosts of a play that go through it together.
type batch struct {
	*play
	number int
	path   string
	hosts  hostSet
	// unasked says that --step was told to go on to the batch's end.
	unasked bool
}

// play runs one play. It reports ended when no further play may run.
func (r *run) play(ctx context.Context, src *playbooks.Play, number int) (ended bool, err error) {
	if r.stopped() || ctx.Err() != nil {
		r.note(func(o *Outcome) { o.Interrupted = true })
		return true, nil
	}
	if r.endsBefore(number) {
		return true, nil
	}
	p, err := r.open(ctx, src, number)
	if err != nil {
		return true, err
	}
	if len(p.hosts) == 0 {
		p.tellEmpty()
		return false, nil
	}
	if err := p.ask(ctx); err != nil {
		return true, err
	}
	p.callIt()
	if held, err := p.acquire(ctx); !held || err != nil {
		return true, err
	}
	defer p.close()
	ended, err = p.through(ctx)
	p.noFurther()
	p.keepEnded(ctx)
	p.finish(p.aborted == "" && ctx.Err() == nil && !p.isSuspended())
	return ended, err
}

// through takes the batches through the play, one after the other, and takes back what
// was done where that ends early.
func (p *play) through(ctx context.Context) (ended bool, err error) {
	waves, err := p.waves()
	if err != nil {
		return true, p.mistaken(p.src.Waves.Pos(), "waves", err)
	}
	if p.rolling, err = p.readRolling(ctx); err != nil {
		return true, fmt.Errorf("%s: rolling: %w", p.src.Rolling.Pos, err)
	}
	if err := p.readAhead(len(waves)); err != nil {
		return true, err
	}
	for i, w := range waves {
		if i > 0 && !p.approved(ctx, waves[i-1], w) {
			p.newBatch(nil).unwindTouched(ctx)
			break
		}
		if err := p.wave(ctx, w); err != nil {
			return true, err
		}
		if p.aborted != "" || p.ended || p.isSuspended() {
			break
		}
	}
	p.turnBack(ctx)
	return p.aborted != "" || p.over || p.isSuspended(), nil
}

// readAhead tells of mistakes in what is needed later only, before anything is done.
func (p *play) readAhead(waves int) error {
	if waves > 1 {
		if _, err := p.approval(false); err != nil {
			return p.mistaken(p.src.Approve.Pos(), "approve", err)
		}
	}
	how, err := p.written(p.src.OnFailure)
	if err == nil && !slices.Contains([]string{"", "undo", "undo_host"}, how) {
		err = fmt.Errorf("it takes undo or undo_host, not %q", how)
	}
	if err != nil {
		return p.mistaken(p.src.OnFailure.Pos(), "on_failure", err)
	}
	return nil
}

// wave takes the hosts of a wave through the play, in a window or in batches.
func (p *play) wave(ctx context.Context, w wave) error {
	if p.rolls() {
		p.roll(ctx, w.hosts)
		if p.aborted != "" {
			p.newBatch(w.hosts.where(p.rolling.floor.isUnderWay)).unwindTouched(ctx)
		}
		return nil
	}
	batches, err := p.asBefore(p.path+" "+w.name, func() ([]hostSet, error) { return p.batches(w.hosts) })
	if err != nil {
		return p.mistaken(p.src.Serial.Pos(), "serial", err)
	}
	for _, hosts := range batches {
		b := p.newBatch(hosts)
		b.perform(ctx)
		b.passThrough(ctx)
		if p.aborted != "" {
			b.unwindTouched(ctx)
		}
		if p.aborted != "" || p.ended || p.isSuspended() {
			break
		}
	}
	return nil
}

// passThrough notes the hosts that came to the end of the play.
func (b *batch) passThrough(ctx context.Context) {
	if ctx.Err() == nil && !b.isAborted() && !b.isSuspended() {
		for _, h := range b.alive(b.hosts) {
			h.through = true
		}
	}
}

// newBatch makes the play's next batch.
func (p *play) newBatch(hosts hostSet) *batch {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := &batch{play: p, number: p.begun, path: fmt.Sprintf("%s.%d", p.path, p.begun), hosts: hosts}
	p.begun++
	if len(hosts) > 0 {
		p.latest = hosts
	}
	return b
}

// perform takes the batch through the play as its strategy says.
func (b *batch) perform(ctx context.Context) {
	b.tellPlay()
	switch b.strategy() {
	case "free":
		var all conc.WaitGroup
		for _, h := range b.hosts {
			all.Go(func() { b.walk(ctx, hostSet{h}) })
		}
		all.Wait()
	case "host_pinned":
		pinned := pool.New().WithMaxGoroutines(b.Forks)
		for _, h := range b.hosts {
			pinned.Go(func() { b.walk(ctx, hostSet{h}) })
		}
		pinned.Wait()
	default:
		b.walk(ctx, b.hosts)
	}
	b.judge(ctx)
}

// walk takes hosts through the sections of the play, with handlers run after each.
func (b *batch) walk(ctx context.Context, hosts hostSet) {
	going := b.gather(ctx, hosts)
	var failed hostSet
	for _, s := range b.sections() {
		passed := b.list(ctx, s.nodes, going, frame{path: b.path + "/" + s.name})
		failed = passed.failed
		flushed := b.flush(ctx, passed.going.and(b.forced(failed)), frame{path: b.path + "/" + s.name + "/handlers"})
		going = flushed.going.without(failed)
	}
}

// section is one of the task lists of a play.
type section struct {
	name  string
	nodes []playbooks.Node
}

func (p *play) sections() []section {
	main := make([]playbooks.Node, 0, len(p.src.Roles)+len(p.src.Tasks))
	for _, use := range p.src.Roles {
		main = append(main, use.Tasks)
	}
	return []section{
		{"pre_tasks", p.src.PreTasks},
		{"tasks", append(main, p.src.Tasks...)},
		{"post_tasks", p.src.PostTasks},
	}
}

// judge ends the play where the whole batch failed.
func (b *batch) judge(ctx context.Context) {
	if ctx.Err() != nil {
		b.interrupt()
	}
	if len(b.alive(b.hosts)) == 0 && !b.isAborted() {
		b.abort(fmt.Sprintf("all %d hosts of the batch failed", len(b.hosts)))
	}
}

// abort ends the play; the first reason stays.
func (p *play) abort(reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.aborted == "" {
		p.aborted = reason
	}
}

// interrupt ends the play because the operator asked for that.
func (p *play) interrupt() {
	if p.turnsBack() {
		p.abort(TurnedBack)
		return
	}
	p.abort("the operator stopped it")
	p.mu.Lock()
	first := !p.cut
	p.cut = true
	p.mu.Unlock()
	if first {
		p.note(func(o *Outcome) { o.Interrupted = true })
		p.tell(Interrupted{})
	}
}

func (p *play) isAborted() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.aborted != ""
}

func (p *play) strategy() string {
	name := strings.TrimPrefix(p.src.Strategy, "ansible.builtin.")
	if name == "" {
		name = strings.TrimPrefix(p.Defaults.Strategy, "ansible.builtin.")
	}
	if name == "debug" {
		return "linear" // debug is linear with the debugger, see debugs
	}
	return cmp.Or(name, "linear")
}
