package executor

import (
	"context"
	"fmt"
	"strings"

	"github.com/sourcegraph/conc/pool"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// task takes hosts through one task. It returns when all of them are done with it.
func (b *batch) task(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) passage {
	if !b.wanted(ctx, t, hosts, f) {
		return passage{going: hosts}
	}
	switch {
	case t.Meta != "":
		return b.meta(ctx, t, hosts, f)
	case t.Include != nil:
		return b.include(ctx, t, hosts, f)
	}
	once := b.runsOnce(ctx, t, hosts, f)
	workers := hosts
	if once {
		workers = hosts[:1]
	}
	place := b.announce(ctx, t, workers, f)
	gate, before := b.gate(ctx, t, workers, f), b.counts(t, workers)
	verdicts := b.each(ctx, t, workers, f, func(h *host) verdict {
		v := b.visit(ctx, t, h, place, f)
		v.once, v.gate = once, gate
		defer gate.leave(h)
		ended := v.run(ctx)
		ended.visit = v
		return ended
	})
	teachInOrder(verdicts)
	b.tellTogether(place, gate)
	b.debugged(ctx, t, verdicts, before, place, f, func(v *visit) verdict {
		v.once = once
		return v.run(ctx)
	})
	if once {
		b.share(b.visit(ctx, t, hosts[0], place, f), verdicts[0].result)
	}
	return b.sort(ctx, t, hosts, once, verdicts, f)
}

// teachInOrder makes the facts that hosts gave to delegates variables once more, so that
// of several for the same delegate the last host's stay, whichever was done first.
func teachInOrder(verdicts []verdict) {
	for _, ended := range verdicts {
		if ended.visit == nil {
			continue
		}
		for _, l := range ended.visit.taught {
			ended.visit.learn(l)
		}
	}
}

// each runs do for every host beside the others, or for as many at once as throttle allows. With
// one fork the hosts go in their order, as in Ansible.
func (b *batch) each(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame, do func(*host) verdict) []verdict {
	verdicts := make([]verdict, len(hosts))
	if len(hosts) == 1 {
		verdicts[0] = do(hosts[0])
		return verdicts
	}
	workers := pool.New()
	n := b.throttle(ctx, t, hosts[0], f)
	if b.Forks == 1 && t.Together.IsNull() {
		n = 1
	}
	if n > 0 {
		workers = workers.WithMaxGoroutines(n)
	}
	for i, h := range hosts {
		workers.Go(func() { verdicts[i] = do(h) })
	}
	workers.Wait()
	return verdicts
}

// verdict is how a task ended on a host, as far as the walk is concerned.
type verdict struct {
	host   *host
	status Status
	// ignored failures and unreachables let the host go on.
	ignored bool
	result  *result
	fatal   bool // any_errors_fatal held for the task there
	// visit did it; nil where there is no more to know.
	visit *visit
	cut   bool // the operator's stop ended it, see visit
}

func (v verdict) out() bool {
	return !v.ignored && !v.cut && (v.status == Failed || v.status == Unreachable)
}

// sort tells those that go on from those that failed, and sends the others after them
// where one failure is everybody's.
func (b *batch) sort(ctx context.Context, t *playbooks.Task, hosts hostSet, once bool, verdicts []verdict, f frame) passage {
	passed := passage{going: hosts}
	everybody := false
	var unreachable hostSet
	for _, v := range verdicts {
		if v.cut {
			b.interrupt()
		}
		if !v.out() {
			continue
		}
		everybody = everybody || v.fatal || once
		if v.status == Unreachable {
			unreachable = append(unreachable, v.host)
			continue
		}
		passed.failed = append(passed.failed, v.host)
	}
	passed.going = hosts.without(passed.failed).without(unreachable)
	b.drop(unreachable)
	return b.consequences(ctx, t, passed, unreachable, everybody && b.strategy() == "linear", f)
}

// consequences takes back what failed hosts did, unless a rescue catches the failure, and
// ends the play where any_errors_fatal or max_fail_percentage say so.
func (b *batch) consequences(ctx context.Context, t *playbooks.Task, passed passage, unreachable hostSet, everybody bool, f frame) passage {
	if len(passed.failed) == 0 && len(unreachable) == 0 || f.kind == Undoing {
		return passed
	}
	reason := ""
	switch {
	case everybody:
		reason = fmt.Sprintf("%q failed on %s, and the play says that this is fatal for all", b.taskName(ctx, t, hostSet{}, f), strings.Join(passed.failed.and(unreachable).names(), ", "))
	case !f.rescued && b.tooMany(passed.failed):
		reason = fmt.Sprintf("%d of %d hosts failed, more than max_fail_percentage allows", b.lostCount()+len(passed.failed), len(b.crowd()))
	}
	falling := unreachable
	if !f.rescued {
		falling = falling.and(passed.failed)
	}
	for _, h := range falling {
		b.putOut(h, Failed)
	}
	if reason != "" {
		passed = b.sendAfter(passed, falling.and(passed.failed))
		if !f.rescued {
			b.tell(NoMoreHosts{})
			b.abort(reason)
			b.note(func(o *Outcome) { o.Fatal = true })
			falling = falling.and(passed.failed)
		}
	}
	b.fall(ctx, falling)
	return passed
}

// sendAfter makes those that still went fail with the others.
func (b *batch) sendAfter(passed passage, culprits hostSet) passage {
	for _, h := range passed.going {
		h.failure = culprits[0].failure
	}
	return passage{failed: passed.failed.and(passed.going)}
}

// failure is what went wrong on a host, as rescue sees it.
type failure struct {
	name         string
	task, result values.Value
}
