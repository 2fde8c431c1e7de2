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
		return v.settled(s, reply, err)
	case modules.OnConnection:
		reply, err := v.onConnection(ctx, s)
		return v.settled(s, reply, err)
	}
	if reply, lost := v.lockLost(ctx, s); lost {
		return v.settled(s, reply, nil)
	}
	var reply modules.Reply
	err := v.send1(ctx, s, func() (err error) {
		reply, err = v.Hosts.Call(ctx, s.target, s.call, v.contents, v.progress)
		return err
	})
	return v.settled(s, reply, err)
}

// send1 journals what must be and then lets do have one of the slots.
func (v *visit) send1(ctx context.Context, s *step, do func() error) error {
	if s.spec.Check == modules.Skip && !s.call.Check {
		if err := v.Journal.Start(s.call.Step, v.where(s), s.call); err != nil {
			return fmt.Errorf("write the run's journal: %w", err)
		}
	}
	return v.slots.use(ctx, do)
}

// settled turns a reply, or why there is none, into the result, and keeps its facts.
func (v *visit) settled(s *step, reply modules.Reply, err error) *result {
	var gone *transport.Unreachable
	switch {
	case errors.As(err, &gone):
		return unreachableBy(err)
	case errors.Is(err, context.Canceled):
		return failedBy(errors.New("interrupted"))
	case err != nil:
		return failedBy(err)
	}
	if reply.ErrorKind == modules.KindTimeout && strings.HasPrefix(reply.Msg, modules.TookTooLong) {
		return v.tookTooLong(s)
	}
	r := fromReply(reply, s.diff)
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
	for _, name := range v.factOwners(s) {
		switch s.call.Module {
		case "set_fact":
			v.setFacts(s, name, r.facts)
		case "include_vars":
			v.Store.IncludeVars(name, r.facts)
		default:
			v.Store.SetFacts(name, r.facts)
		}
	}
}

func (v *visit) setFacts(s *step, host string, facts *values.Map) {
	args, _ := s.call.Args.AsMap()
	cacheable := false
	if c, ok := args.Get("cacheable"); ok {
		cacheable, _ = s.scope.Bool(c)
	}
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
		s, ended := v.prepare(ctx, it)
		if ended == nil {
			if err := v.pushTask(ctx, it); err != nil {
				ended = failedBy(err)
			}
		}
		if ended != nil {
			results[i] = it.mark(ended)
			continue
		}
		steps = append(steps, s)
	}
	replies := v.batchCall(ctx, steps)
	for i, s := range steps {
		results[s.item.index] = s.item.mark(v.judged(s, replies[i]))
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
	calls := make([]modules.Call, len(steps))
	for i, s := range steps {
		calls[i] = s.call
	}
	err := v.send1(ctx, steps[0], func() error {
		return v.Hosts.Batch(ctx, steps[0].target, calls, transport.BatchOptions{
			Content:  v.contents,
			Each:     func(i int, r modules.Reply) { results[i] = v.settled(steps[i], r, nil) },
			Progress: func(_ int, line string) { v.progress(line) },
		})
	})
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
