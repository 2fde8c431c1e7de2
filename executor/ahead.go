package executor

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/values/record"
)

// Sending ahead saves round trips and means nothing else. Behind the call of a task go, as
// probes, the calls that the walk is likely to make next on that host. If the call changed
// nothing, the helper tries them in check mode, for as long as they would change nothing
// either. When the walk comes to such a task it evaluates everything as always, and only
// where the call that it would send is, byte for byte, the one that was probed, and this run
// has changed nothing anywhere since the probes were sent, the probe's reply is the call's.
//
// So what was expected never decides what is done, nor in which order: a wrong guess is one
// that was made for nothing.

// DefaultAhead is how many calls are sent ahead at most where nobody says.
const DefaultAhead = 64

// firstAhead is how many calls go ahead at first. Each time all of them were right it is
// twice as many; once one was not, none until the next call that changes nothing.
const firstAhead = 4

// freshness is how long a probe counts: what others do on the host is seen as late as that.
const freshness = 5 * time.Second

// foresight is what was sent ahead to a host.
type foresight struct {
	depth  int
	probes *probes // nil where nothing is ahead
}

// probes are calls that were sent ahead of their turn.
type probes struct {
	target transport.Target
	calls  []modules.Call
	bytes  [][]byte // the calls as they travel
	size   int      // of all that
	// answers are those of the first calls, in order; it is closed where no more come.
	answers chan modules.Reply
	taken   int // how many answers were taken
	sent    time.Time
	deeds   deeds
	cancel  context.CancelFunc
}

// deeds counts what the run did by which anything may have changed.
type deeds struct{ calls, lookups int64 }

func (r *run) deeds() deeds { return deeds{r.changing.Load(), r.Store.Deeds()} }

// deliver sends the calls of steps that go to one place, and behind them what is likely to
// come next. It returns when the calls have ended.
func (v *visit) deliver(ctx context.Context, steps []*step, each func(i int, r modules.Reply)) (err error) {
	v.host.ahead.forget()
	unchanged := 0
	counted := func(i int, r modules.Reply) {
		if r.Unchanged() {
			unchanged++
		}
		each(i, r)
	}
	if p := v.lookAhead(ctx, steps[len(steps)-1]); p != nil {
		err = v.deliverWith(ctx, steps, p, counted)
	} else {
		err = v.dispatch(ctx, func() error { return v.deliverAlone(ctx, steps, counted) }, steps...)
	}
	v.host.ahead.learn(err == nil && unchanged == len(steps))
	return err
}

// deliverAlone sends the calls of steps.
func (v *visit) deliverAlone(ctx context.Context, steps []*step, each func(i int, r modules.Reply)) error {
	if len(steps) == 1 {
		reply, err := v.Hosts.Call(ctx, steps[0].target, steps[0].call, v.contents, v.progress)
		if err == nil {
			each(0, reply)
		}
		return err
	}
	return v.Hosts.Batch(ctx, steps[0].target, callsOf(steps), v.batchOptions(each))
}

func callsOf(steps []*step) []modules.Call {
	calls := make([]modules.Call, len(steps))
	for i, s := range steps {
		calls[i] = s.call
	}
	return calls
}

func (v *visit) batchOptions(each func(i int, r modules.Reply)) transport.BatchOptions {
	return transport.BatchOptions{Content: v.contents, Each: each, Progress: func(_ int, line string) { v.progress(line) }}
}

// learn sets how far to look ahead from how a call ended.
func (f *foresight) learn(unchanged bool) {
	switch {
	case !unchanged:
		f.depth = 0
	case f.depth == 0:
		f.depth = firstAhead
	}
}

// forget gives up what is ahead. Where that was not used up it was a wrong guess.
func (f *foresight) forget() {
	if f.probes == nil {
		return
	}
	f.probes.cancel()
	if f.probes.taken < len(f.probes.calls) {
		f.depth = 0
	}
	f.probes = nil
}

// deliverWith sends calls with probes behind them, and returns when the calls have ended. The
// slot is held until the probes have, too.
func (v *visit) deliverWith(ctx context.Context, steps []*step, p *probes, each func(i int, r modules.Reply)) error {
	ended := make(chan error, 2) // of the calls, and of all
	under, cancel := context.WithCancel(ctx)
	p.cancel = cancel
	v.host.ahead.probes = p
	open := len(steps)
	o := v.batchOptions(func(i int, r modules.Reply) {
		each(i, r)
		if open--; open == 0 {
			ended <- ctx.Err()
		}
	})
	o.Probes, o.Probed = p.calls, func(_ int, r modules.Reply) { p.answers <- r }
	v.trailing.Go(func() {
		defer cancel()
		defer close(p.answers)
		ended <- v.dispatch(under, func() error { return v.Hosts.Batch(under, p.target, callsOf(steps), o) }, steps...)
	})
	return <-ended
}

// foreseen gives the reply of a step that was probed, where that is what its call would
// come to now.
func (v *visit) foreseen(ctx context.Context, s *step) (reply modules.Reply, known bool) {
	p := v.host.ahead.probes
	if p == nil || s.delegate != "" || p.deeds != v.deeds() || time.Since(p.sent) > freshness || !sameTarget(p.target, s.target) {
		return reply, false
	}
	i := p.find(s.call)
	if i < 0 {
		return reply, false
	}
	if reply, known = p.answer(ctx, i); !known || p.deeds != v.deeds() {
		return reply, false
	}
	if p.taken == len(p.calls) {
		v.host.ahead.depth = min(2*v.host.ahead.depth, v.Ahead)
	}
	return reply, true
}

// find gives the number of a call among those whose answers were not taken; -1 is none.
func (p *probes) find(call modules.Call) int {
	i := p.taken + slices.IndexFunc(p.calls[p.taken:], func(c modules.Call) bool { return c.Step == call.Step })
	if i < p.taken {
		return -1
	}
	if text, err := record.Encode(call); err != nil || !bytes.Equal(text, p.bytes[i]) {
		return -1
	}
	return i
}

// answer waits for the answer of a probe; those before it belong to tasks that were skipped.
func (p *probes) answer(ctx context.Context, i int) (reply modules.Reply, known bool) {
	for ; p.taken <= i; p.taken++ {
		select {
		case reply, known = <-p.answers:
			if !known {
				return reply, false
			}
		case <-ctx.Done():
			return reply, false
		}
	}
	return reply, true
}

// mostBytes is how much goes ahead to a host at once.
const mostBytes = 256 << 10

// add puts a call behind the others, and reports whether it fits.
func (p *probes) add(call modules.Call) (fits bool) {
	text, err := record.Encode(call)
	if p.size += len(text); err != nil || p.size > mostBytes {
		return false
	}
	p.calls, p.bytes = append(p.calls, call), append(p.bytes, text)
	return true
}

// lookAhead gives the calls that are likely to come behind a step, nil where there are none.
func (v *visit) lookAhead(ctx context.Context, s *step) *probes {
	depth := min(v.host.ahead.depth, v.Ahead)
	if depth == 0 || !v.leadsOn(s) {
		return nil
	}
	p := &probes{target: s.target, deeds: v.deeds(), sent: time.Now()}
	v.frame.rest.each(v.host, func(t *playbooks.Task, f frame) bool {
		calls, goes := v.expect(ctx, s, t, f)
		for _, call := range calls {
			goes = goes && p.add(call)
		}
		return goes && len(p.calls) < depth
	})
	if len(p.calls) == 0 {
		return nil
	}
	p.answers = make(chan modules.Reply, len(p.calls))
	return p
}

// leadsOn reports that what comes behind a step may be tried where the step changes nothing.
func (v *visit) leadsOn(s *step) bool {
	return v.frame.kind == Ordinary && s.spec.IsProbed() && !v.waits(v.task) && !v.asksBefore() && (!s.item.looped || s.item == v.final)
}

// asides are modules of the controller by which nothing changes but variables.
var asides = []string{"add_host", "assert", "debug", "fail", "group_by", "include_vars", "set_fact", "set_stats"}

// noteDeed counts a call by which anything may have changed.
func (v *visit) noteDeed(s *step, reply modules.Reply, err error) {
	switch {
	case s.spec == nil:
	case s.spec.Where == modules.OnController && slices.Contains(asides, s.spec.Name):
	case s.spec.IsProbed() && err == nil && (reply.Unchanged() || s.call.Check) && s.call.Background == nil:
	default:
		v.changing.Add(1)
	}
}

// noFurther gives up what is ahead on all hosts of a play.
func (p *play) noFurther() {
	for _, h := range p.hosts {
		h.ahead.forget()
	}
}
