package executor

import (
	"context"
	"slices"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// expect gives the calls that a task that comes later will make on the host of the step that
// is sent now, as far as can be seen; none where it makes none. It does not go on where a task
// is one that nothing may be tried before.
func (v *visit) expect(ctx context.Context, s *step, t *playbooks.Task, f frame) (calls []modules.Call, goes bool) {
	switch {
	case !v.Select.Takes(v.tags(ctx, t)):
		return nil, true
	case v.waits(t):
		return nil, false
	case t.Spec.Where == modules.OnController && slices.Contains(asides, t.Spec.Name):
		return nil, true
	}
	next := v.batch.early(ctx, t, v.host, f)
	items, goes := next.expectedItems()
	for _, it := range items {
		call, known := next.expectCall(ctx, s, it)
		switch {
		case !known:
			return nil, false
		case call != nil:
			calls = append(calls, *call)
		}
	}
	return calls, goes
}

// expectedItems gives the rounds that a task that comes later will have.
func (v *visit) expectedItems() (items []*item, known bool) {
	if v.task.Loop == nil {
		return []*item{{scope: v.scope}}, true
	}
	list, err := v.loopValues()
	if err != nil || len(list) > mostItems {
		return nil, false
	}
	items, wrong := v.rounds(list)
	return items, wrong == nil && (len(items) < 2 || v.independent(items))
}

// mostItems is how many rounds a loop may have that is tried before its turn.
const mostItems = 64

// expectCall gives the call of a round that comes later, as far as can be seen; nil where its
// when does not hold.
func (v *visit) expectCall(ctx context.Context, before *step, it *item) (call *modules.Call, known bool) {
	if !v.task.Spec.IsProbed() {
		yes, _, err := it.scope.Condition(conditions(v.src, v.task))
		return nil, err == nil && !yes
	}
	expected, ended := v.prepare(ctx, it)
	switch {
	case ended != nil:
		return nil, ended.skipped
	case !sameTarget(expected.target, before.target):
		return nil, false
	}
	return &expected.call, true
}

// waits reports that a task does not make its calls on its host, at once and one after the
// other, so that nothing behind it is tried before it.
func (v *visit) waits(t *playbooks.Task) bool {
	if t.Spec == nil || t.Meta != "" || t.Include != nil || t.Late != nil || t.UserModule != "" ||
		len(t.Until) > 0 || !t.Async.IsNull() || !t.Together.IsNull() || !t.LoopControl.Pause.IsNull() || v.debugs() {
		return true
	}
	to, _ := delegate(t)
	return !to.IsNull() || !keyword(v.src, t, func(k *playbooks.Keywords) values.Value {
		return firstWritten(k.RunOnce, k.Throttle, k.Debugger)
	}).IsNull()
}

// firstWritten is the first of several keywords that is written; null where none is.
func firstWritten(words ...values.Value) values.Value {
	for _, word := range words {
		if !word.IsNull() {
			return word
		}
	}
	return values.Null
}

// early is a task on a host before its turn: evaluating it does nothing else.
func (b *batch) early(ctx context.Context, t *playbooks.Task, h *host, f frame) *visit {
	c := b.context(ctx, t, h, f)
	c.Ahead = true
	return &visit{batch: b, task: t, host: h, place: Place{Path: f.path}, frame: f, scope: b.Store.Scope(c), learns: deaf{b.Secrets}, began: time.Now()}
}

// deaf knows secrets and learns no new ones.
type deaf struct{ Secrets }

// Add does nothing.
func (deaf) Add(string) {}
