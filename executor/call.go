package executor

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/values"
)

// call does the step where its module runs: on the host, on its connection, or here.
func (v *visit) call(ctx context.Context, s *step) *result {
	if s.spec == nil {
		return failedBy(fmt.Errorf("module %q is not one of gdeploy's", s.call.Module))
	}
	switch s.spec.Where {
	case modules.OnController:
		reply, err := v.here(ctx, s)
		r := v.settled(s, reply, err)
		r.cut = r.cut || r.failed && v.cut.Load()
		return r
	case modules.OnConnection:
		reply, err := v.onConnection(ctx, s)
		return v.settled(s, reply, err)
	}
	if reply, lost := v.lockLost(ctx, s); lost {
		return v.settled(s, reply, nil)
	}
	if reply, known := v.foreseen(ctx, s); known {
		return v.settled(s, reply, nil)
	}
	var reply modules.Reply
	err := v.deliver(ctx, []*step{s}, func(_ int, r modules.Reply) { reply = r })
	v.gate.happened(v.host, reply.Times)
	return v.settled(s, reply, err)
}

// dispatch journals that steps start, where that must be, and lets do have one of the slots.
func (v *visit) dispatch(ctx context.Context, do func() error, steps ...*step) error {
	if err := v.start(ctx, steps...); err != nil {
		return err
	}
	return v.slots.use(ctx, do)
}

// settled turns a reply, or why there is none, into the result, and keeps its facts.
func (v *visit) settled(s *step, reply modules.Reply, err error) *result {
	v.noteDeed(s, reply, err)
	var gone *transport.Unreachable
	var unsure *Unsure
	switch {
	case errors.As(err, &unsure):
		v.suspend(unsure.Error())
		return &result{fields: values.NewMap(0), failed: true, unborn: true, cut: true}
	case errors.As(err, &gone) && gone.Reached():
		return failedBy(err)
	case errors.As(err, &gone):
		return unreachableBy(err)
	case errors.Is(err, context.Canceled):
		r := failedBy(errors.New("interrupted"))
		r.cut = true
		return r
	case err != nil:
		return failedBy(err)
	}
	if reply.ErrorKind == modules.KindTimeout && strings.HasPrefix(reply.Msg, modules.TookTooLong) {
		return v.tookTooLong(s)
	}
	r := fromReply(reply)
	r.diffed = s.diff
	r.tellDiff(s, reply.Changes)
	r.invocation = v.invocation(s)
	v.keepFacts(s, r)
	return r
}

// tookTooLong is the result of a call that the task's timeout or async ended.
func (v *visit) tookTooLong(s *step) *result {
	seconds := s.call.TimeoutMS / 1000
	text := fmt.Sprintf("The %s action failed to execute in the expected time frame (%d) and was terminated", s.call.Module, seconds)
	if !v.task.Async.IsNull() {
		text = fmt.Sprintf("async task did not complete within the requested time - %ds", seconds)
	}
	r := failedBy(errors.New(text))
	r.setChanged(false)
	return r
}

// keepFacts makes the facts that a module found variables of the host, or with
// delegate_facts of the one where it ran. Those of set_fact are variables, not facts.
func (v *visit) keepFacts(s *step, r *result) {
	if r.facts == nil {
		return
	}
	l := learned{Hosts: v.factOwners(s), Module: s.call.Module, Facts: values.FromMap(r.facts), Cacheable: cacheable(s)}
	v.learn(l)
	if s.delegate != "" {
		v.taught = append(v.taught, l)
	}
	r.learned = append(r.learned, l)
}

// learn makes facts variables of their hosts.
func (v *visit) learn(l learned) {
	facts, _ := l.Facts.AsMap()
	for _, name := range l.Hosts {
		switch l.Module {
		case "set_fact":
			v.setFacts(name, facts, l.Cacheable)
		case "include_vars":
			v.Store.IncludeVars(name, facts)
		default:
			v.Store.SetFacts(name, facts)
		}
	}
}

// cacheable is set_fact's parameter of that name.
func cacheable(s *step) bool {
	args, _ := s.call.Args.AsMap()
	c, ok := args.Get("cacheable")
	if !ok || s.call.Module != "set_fact" {
		return false
	}
	yes, err := s.scope.Bool(c)
	return err == nil && yes
}

func (v *visit) setFacts(host string, facts *values.Map, cacheable bool) {
	for name, value := range facts.All() {
		if v.noLog {
			value = value.MarkSecret()
		}
		v.Store.SetFact(host, values.Text(name), value, cacheable)
	}
}

// factOwners are the hosts that facts belong to: all of the batch for a task that runs
// once for them.
func (v *visit) factOwners(s *step) []string {
	if s.delegate != "" {
		if _, facts := delegate(v.task); !facts.IsNull() {
			if yes, err := s.scope.Bool(facts); err == nil && yes {
				return []string{s.delegate}
			}
		}
	}
	if v.once {
		return v.alive(v.batch.hosts).names()
	}
	return []string{v.host.name}
}

func (v *visit) progress(line string) {
	if !v.noLog {
		v.tell(Progress{Task: v.place, Host: v.host.name, Line: line})
	}
}

// independent reports that the rounds of a loop can be sent together: none needs what
// another one brought, and all go to one place.
func (v *visit) independent(items []*item) bool {
	t := v.task
	if t.Spec == nil || t.Spec.Where != modules.OnHost || len(items) < 2 || len(t.Until) > 0 ||
		!t.LoopControl.Pause.IsNull() || len(t.LoopControl.BreakWhen) > 0 || t.Spec.Name == "setup" {
		return false
	}
	to, _ := delegate(t)
	return to.IsNull() && (t.Register == "" || !mentions(t, v.src, t.Register))
}

// together sends the rounds in one go and tells each as it ends.
func (v *visit) together(ctx context.Context, items []*item) []*result {
	results := make([]*result, len(items))
	var steps []*step
	for i, it := range items {
		r, ended := v.kept(it)
		if ended {
			results[i] = r
			continue
		}
		s, failed := v.ready(ctx, it)
		if failed != nil {
			results[i] = v.keepEnd(it, it.mark(failed))
			if failed.whole {
				items, results = items[:i], results[:i+1]
				break
			}
			continue
		}
		steps = append(steps, s)
	}
	if len(steps) > 0 {
		v.final = steps[len(steps)-1].item
	}
	replies := v.batchCall(ctx, steps)
	for i, s := range steps {
		results[s.item.index] = v.keepEnd(s.item, s.item.mark(v.judged(s, replies[i])))
	}
	for i, it := range items {
		v.tellItem(it, results[i])
	}
	return results
}

// batchCall sends steps that go to the same target as one batch; a change of target
// begins another one.
func (v *visit) batchCall(ctx context.Context, steps []*step) []*result {
	results := make([]*result, 0, len(steps))
	for len(steps) > 0 {
		reply, known := v.foreseen(ctx, steps[0])
		if !known {
			break
		}
		results = append(results, v.settled(steps[0], reply, nil))
		steps = steps[1:]
	}
	for len(steps) > 0 {
		n := 1
		for n < len(steps) && sameTarget(steps[n].target, steps[0].target) {
			n++
		}
		results = append(results, v.batchOne(ctx, steps[:n])...)
		steps = steps[n:]
	}
	return results
}

func (v *visit) batchOne(ctx context.Context, steps []*step) []*result {
	results := make([]*result, len(steps))
	err := v.deliver(ctx, steps, func(i int, r modules.Reply) { results[i] = v.settled(steps[i], r, nil) })
	for i, s := range steps {
		if results[i] == nil {
			results[i] = v.settled(s, modules.Reply{}, orLost(err))
		}
	}
	return results
}

func orLost(err error) error {
	if err == nil {
		return errors.New("the host gave no answer to the call")
	}
	return err
}

func sameTarget(a, b transport.Target) bool { return reflect.DeepEqual(a, b) }
