package executor

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// visit is one task on one host.
type visit struct {
	*batch
	task  *playbooks.Task
	host  *host
	place Place
	frame frame
	scope *variables.Scope
	// learns is told of the secrets that the task names.
	learns Secrets
	began  time.Time
	noLog  bool
	// byItem says that each round of the loop has its own no_log, and hid that one hid something.
	byItem, hid bool
	// gate is where the host meets the others that do the task together; nil where each
	// does it when it can.
	gate *gate
	// once says that the host does the task for all of the batch.
	once bool
	// final is the last round of a loop that is sent in one go.
	final *item
	// said are the task's own parameters as they were evaluated, where it has no loop.
	said values.Value
	// taught are the facts that the task made variables of a delegate.
	taught []learned
	// cut says that the operator's stop ended the task in its middle, which is no failure of the host's.
	cut atomic.Bool
}

func (b *batch) visit(ctx context.Context, t *playbooks.Task, h *host, place Place, f frame) *visit {
	return &visit{batch: b, task: t, host: h, place: place, frame: f, scope: b.scope(ctx, t, h, f), learns: b.Secrets, began: time.Now()}
}

// scope is the view of the variables that a task has on a host.
func (b *batch) scope(ctx context.Context, t *playbooks.Task, h *host, f frame) *variables.Scope {
	return b.Store.Scope(b.context(ctx, t, h, f))
}

// context says what that view is of.
func (b *batch) context(ctx context.Context, t *playbooks.Task, h *host, f frame) variables.Context {
	c := variables.Context{
		Ctx: ctx, Host: h.name, Play: b.src, Hosts: b.hostsInView(), Prompts: b.prompts,
		Task: t, IncludeParams: b.params(t, f),
	}
	if f.entry != nil {
		c.Extra = f.entry.vars
	}
	return c
}

// run does the task and settles what follows from how it went.
func (v *visit) run(ctx context.Context) verdict {
	if err := v.readNoLog(); err != nil {
		return v.settle(ctx, failedBy(err))
	}
	v.tellStart()
	res := v.outcome(ctx)
	if v.byItem {
		v.noLog = v.hid
	}
	if res.unborn {
		return verdict{host: v.host, status: Failed, result: res, cut: true}
	}
	return v.settle(ctx, res)
}

// tellStart tells that the host begins the task, where that is wanted.
func (v *visit) tellStart() {
	if v.Defaults.TellStarts {
		v.tell(HostStarted{Task: v.place, Host: v.host.name})
	}
}

func (v *visit) outcome(ctx context.Context) *result {
	if v.task.Loop == nil {
		return v.single(ctx, &item{scope: v.scope})
	}
	items, ended := v.items(ctx)
	if ended != nil {
		return ended
	}
	return v.loop(ctx, items)
}

// single does the task once, for its only time or for one item of its loop, unless the
// journal has how that ended.
func (v *visit) single(ctx context.Context, it *item) *result {
	if r, ended := v.kept(it); ended {
		return r
	}
	s, ended := v.ready(ctx, it)
	if ended != nil {
		return v.keepEnd(it, it.mark(ended))
	}
	return v.keepEnd(it, it.mark(v.attempts(ctx, s)))
}

// ready works out a round and puts its undo on the host's stack; or it gives the result
// that the round has without any call.
func (v *visit) ready(ctx context.Context, it *item) (*step, *result) {
	s, ended := v.prepare(ctx, it)
	if ended = v.meet(ctx, s, ended); ended != nil {
		return nil, ended
	}
	if err := v.pushTask(ctx, it); err != nil {
		return nil, failedBy(err)
	}
	return s, nil
}

// settle registers the result, notifies handlers, counts, tells, and says how the host goes on.
func (v *visit) settle(ctx context.Context, res *result) verdict {
	verdict := verdict{host: v.host, status: res.status(), result: res, cut: v.cut.Load() && res.failed}
	if res.kind == modules.KindFenced {
		v.host.fenced = true
	}
	verdict.ignored = v.ignores(res)
	v.register(v.host, res)
	if res.status() == Changed {
		if err := v.notify(ctx, res); err != nil {
			res = failedBy(err)
			verdict.status, verdict.result = Failed, res
		}
	}
	if verdict.out() {
		verdict.fatal = v.isFatal()
		v.host.failure = failure{name: v.place.Name, task: v.describe(), result: res.registered()}
	}
	v.rememberTest(verdict)
	v.count(verdict)
	if use := roleUseOf(v.task); use != nil && verdict.status != Skipped && v.host.roles[use.Same] == 0 {
		v.host.roles[use.Same] = roleBegun
	}
	v.tell(HostResult{
		Task: v.place, Host: v.host.name, Delegate: res.delegate, DelegateAddress: res.address,
		Status: verdict.status, Changed: res.changed, Ignored: verdict.ignored, Rescued: verdict.out() && verdict.status == Failed && v.frame.rescued,
		Looped: res.looped && !v.noLog, NoLog: v.noLog, Polled: !v.task.Async.IsNull(), Result: v.shown(res, v.noLog), Warnings: res.warnings,
		Seconds: time.Since(v.began).Seconds(), Replayed: v.before(v.place.Path, hostSet{v.host}),
	})
	v.passedBy(v.place.Path, hostSet{v.host})
	return verdict
}

// ignores reports that the task's failure does not matter to the host.
func (v *visit) ignores(res *result) bool {
	var written values.Value
	switch res.status() {
	case Failed:
		written = v.keyword(func(k *playbooks.Keywords) values.Value { return k.IgnoreErrors })
	case Unreachable:
		written = v.keyword(func(k *playbooks.Keywords) values.Value { return k.IgnoreUnreachable })
	}
	scopes := []*variables.Scope{v.scope}
	if len(res.failures) > 0 && isTemplate(written) {
		scopes = res.failures // each round that failed has to be ignored
	}
	for _, scope := range scopes {
		if yes, err := scope.Bool(written); err != nil || !yes {
			return false
		}
	}
	return true
}

func (v *visit) count(verdict verdict) {
	if v.frame.kind == Checking && !verdict.out() {
		return // a test that goes on passing is no work done
	}
	v.stats.change(v.host.name, func(s *HostStats) {
		if v.frame.kind == Undoing {
			s.Undone++
			return
		}
		switch verdict.status {
		case OK:
			s.OK++
		case Changed:
			s.OK++
			s.Changed++
		case Skipped:
			s.Skipped++
		case Unreachable:
			countUnreachable(s, verdict)
		case Failed:
			v.countFailure(s, verdict)
		}
	})
}

func countUnreachable(s *HostStats, verdict verdict) {
	if !verdict.ignored {
		s.Unreachable++
		return
	}
	s.OK++
	s.Ignored++
}

func (v *visit) countFailure(s *HostStats, verdict verdict) {
	if verdict.cut {
		return
	}
	switch {
	case verdict.ignored:
		s.OK++
		s.Ignored++
		if verdict.result.changed {
			s.Changed++
		}
	case v.frame.rescued:
		s.Rescued++
	default:
		s.Failed++
	}
}

// register makes the result a variable of h.
func (v *visit) register(h *host, res *result) {
	if v.task.Register == "" {
		return
	}
	value := res.registered()
	if v.noLog {
		value = secretOutput(value)
	}
	v.Store.Register(h.name, v.task.Register, value)
}

// shown is what events carry of the result.
func (v *visit) shown(res *result, hidden bool) values.Value {
	if hidden {
		return censored(res)
	}
	needless := !res.diffed && res.fields.Has("diff")
	if res.invocation.IsNull() && !needless {
		return values.FromMap(res.fields)
	}
	m := res.fields.Clone()
	if needless {
		m.Delete(values.String("diff"))
	}
	if !res.invocation.IsNull() {
		m.Set("invocation", res.invocation)
	}
	return values.FromMap(m)
}

func (v *visit) keyword(pick func(*playbooks.Keywords) values.Value) values.Value {
	return keyword(v.src, v.task, pick)
}
