package executor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// item is one round of a loop, or the only round of a task without one.
type item struct {
	scope  *variables.Scope
	looped bool
	index  int
	vars   *values.Map // item and its like; nil without a loop
	label  string
	// secrets are those that the round's parameters named.
	secrets noted
	err     error // what is wrong with its label
}

// mark puts the loop's variables into a result of the item.
func (it *item) mark(r *result) *result {
	if !it.looped || r.whole {
		return r
	}
	for key, v := range it.vars.All() {
		r.fields.SetKey(key, v)
	}
	if it.err != nil {
		r.failed = true
		r.setChanged(false)
		r.fields.Set("msg", values.String("Failed to template loop_control.label: "+it.err.Error()))
	}
	return r
}

// items gives the rounds of the task's loop, or the result that the task has without any.
func (v *visit) items(ctx context.Context) ([]*item, *result) {
	list, err := remember(v.play.run, "loop "+v.place.Path+"@"+v.host.name, v.loopValues)
	if err != nil {
		return nil, v.loopError(err)
	}
	if len(list) == 0 {
		r := skippedFor("skipped_reason", "No items in the list")
		r.looped = true
		r.fields.Set("results", values.FromSlice([]values.Value{}))
		return nil, r
	}
	return v.rounds(list)
}

func (v *visit) loopValues() ([]values.Value, error) {
	loop := v.task.Loop
	if loop.Lookup != "" {
		return v.scope.Loop(loop.Lookup, loop.Items)
	}
	list, err := v.scope.Render(loop.Items)
	if err != nil {
		return nil, err
	}
	if list.Kind() != values.KindList {
		return nil, fmt.Errorf("Invalid data passed to 'loop', it requires a list, got this instead: %s", values.Text(list))
	}
	return list.Items(), nil
}

// loopError lets a task be skipped whose list cannot be had but whose when is false.
func (v *visit) loopError(err error) *result {
	if yes, _, failed := v.scope.Condition(conditions(v.src, v.task)); failed == nil && !yes {
		return skippedFor("skip_reason", "Conditional result was False")
	}
	return failedBy(err)
}

func (v *visit) rounds(list []values.Value) ([]*item, *result) {
	control, err := v.loopControl()
	if err != nil {
		return nil, failedBy(err)
	}
	items := make([]*item, len(list))
	for i, value := range list {
		it := &item{looped: true, index: i, vars: control.vars(list, i)}
		it.scope = v.scope.With(it.vars)
		if it.label, it.err = control.label(it.scope, value); it.err != nil {
			it.label = "None"
		}
		items[i] = it
	}
	return items, nil
}

// loopControl is loop_control with its templates evaluated.
type loopControl struct {
	loopVar, indexVar  string
	labelText          values.Value
	extended, allItems bool
}

func (v *visit) loopControl() (c loopControl, err error) {
	written := v.task.LoopControl
	c.loopVar, c.labelText = "item", written.Label
	if !written.LoopVar.IsNull() {
		if c.loopVar, err = v.scope.Text(written.LoopVar); err != nil {
			return c, err
		}
	}
	if !written.IndexVar.IsNull() {
		if c.indexVar, err = v.scope.Text(written.IndexVar); err != nil {
			return c, err
		}
	}
	if c.extended, err = v.scope.Bool(written.Extended); err != nil {
		return c, err
	}
	c.allItems = true
	if !written.ExtendedAllItems.IsNull() {
		c.allItems, err = v.scope.Bool(written.ExtendedAllItems)
	}
	return c, err
}

func (c loopControl) vars(list []values.Value, i int) *values.Map {
	m := values.NewMap(4)
	m.Set("ansible_loop_var", values.String(c.loopVar))
	m.Set(c.loopVar, list[i])
	if c.indexVar != "" {
		m.Set("ansible_index_var", values.String(c.indexVar))
		m.Set(c.indexVar, values.Int(int64(i)))
	}
	if c.extended {
		m.Set("ansible_loop", c.position(list, i))
	}
	return m
}

func (c loopControl) position(list []values.Value, i int) values.Value {
	n := len(list)
	pos := values.MapOf(
		"length", values.Int(int64(n)),
		"index", values.Int(int64(i+1)), "index0", values.Int(int64(i)),
		"revindex", values.Int(int64(n-i)), "revindex0", values.Int(int64(n-i-1)),
		"first", values.Bool(i == 0), "last", values.Bool(i == n-1),
	)
	m, _ := pos.AsMap()
	if c.allItems {
		m.Set("allitems", values.FromSlice(list))
	}
	if i > 0 {
		m.Set("previtem", list[i-1])
	}
	if i < n-1 {
		m.Set("nextitem", list[i+1])
	}
	return pos
}

func (c loopControl) label(scope *variables.Scope, value values.Value) (string, error) {
	if c.labelText.IsNull() {
		return values.Text(variables.Listed(value)), nil
	}
	return scope.Text(c.labelText)
}

// loop does the rounds: sent together where none needs what another brought, and else one
// after the other. A round that fails does not stop those after it.
func (v *visit) loop(ctx context.Context, items []*item) *result {
	var results []*result
	if v.independent(items) {
		results = v.together(ctx, items)
	} else {
		results = v.oneByOne(ctx, items)
	}
	all := v.joined(results)
	for i, r := range results {
		if !r.skipped && !r.whole {
			all.rounds = append(all.rounds, items[i].scope)
		}
		if r.failed || r.unreachable {
			all.failures = append(all.failures, items[i].scope)
		}
	}
	return all
}

func (v *visit) oneByOne(ctx context.Context, items []*item) []*result {
	pause, _ := v.scope.Float(v.task.LoopControl.Pause)
	var results []*result
	for i, it := range items {
		if i > 0 {
			if v.stopped() && v.frame.kind != Undoing || !wait(ctx, time.Duration(pause*float64(time.Second))) {
				break
			}
			it.scope = v.batch.scope(ctx, v.task, v.host, v.frame).With(it.vars)
			if v.task.Register != "" && len(results) > 0 {
				it.scope = it.scope.With(oneVar(v.task.Register, results[i-1].registered()))
			}
		}
		r := v.single(ctx, it)
		results = append(results, r)
		if r.whole {
			break
		}
		v.tellItem(it, r)
		if r.unborn || v.breaks(it, r) {
			break
		}
	}
	return results
}

// breaks reports that break_when ends the loop after this round.
func (v *visit) breaks(it *item, r *result) bool {
	when := v.task.LoopControl.BreakWhen
	if len(when) == 0 {
		return false
	}
	scope := it.scope
	if v.task.Register != "" {
		scope = scope.With(oneVar(v.task.Register, r.registered()))
	}
	yes, _, err := scope.Condition(when)
	if err != nil {
		r.failed = true
		r.fields.Set("msg", values.String(err.Error()))
	}
	return err != nil || yes
}

// joined is the result of the whole loop.
func (v *visit) joined(results []*result) *result {
	all := newResult()
	all.looped, all.skipped = true, true
	list := make([]values.Value, len(results))
	for i, r := range results {
		if r.whole {
			return r
		}
		list[i] = r.registered()
		all.changed = all.changed || r.changed
		all.failed = all.failed || r.failed
		all.unreachable = all.unreachable || r.unreachable
		all.skipped = all.skipped && r.skipped
		all.unborn = all.unborn || r.unborn
		all.delegate, all.address = r.delegate, r.address
	}
	msg := "All items completed"
	switch {
	case all.failed:
		msg = "One or more items failed"
	case all.skipped:
		msg = "All items skipped"
	}
	all.fields.Set("results", values.FromSlice(list))
	all.fields.Set("changed", values.Bool(all.changed))
	all.fields.Set("msg", values.String(msg))
	return all
}

func (v *visit) tellItem(it *item, r *result) {
	if r.unborn {
		return
	}
	label, hidden := it.label, v.hides(it)
	if hidden {
		label = "None"
	}
	v.tell(ItemResult{
		Task: v.place, Host: v.host.name, Delegate: r.delegate, DelegateAddress: r.address,
		Index: it.index, Label: label, Status: r.status(), NoLog: hidden,
		Ignored: v.ignores(r), Result: v.shown(r, hidden), Warnings: r.warnings, Replayed: r.replayed,
	})
}

// wait lets time pass; it reports false where the run was stopped meanwhile.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func oneVar(name string, v values.Value) *values.Map {
	m := values.NewMap(1)
	m.Set(name, v)
	return m
}

// mentions reports that the text of a task uses a name.
func mentions(t *playbooks.Task, play *playbooks.Play, name string) bool {
	all := []values.Value{values.FromMap(orEmpty(t.Args)), values.FromMap(orEmpty(t.Vars)), t.ArgsTemplate}
	all = append(append(all, conditions(play, t)...), t.LoopControl.Label)
	for _, v := range all {
		if strings.Contains(values.Text(v), name) {
			return true
		}
	}
	return false
}

func orEmpty(m *values.Map) *values.Map {
	if m == nil {
		return values.NewMap(0)
	}
	return m
}
