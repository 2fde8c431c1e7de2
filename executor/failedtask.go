package executor

import (
	"cmp"
	"slices"
	"time"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// describe is the task as ansible_failed_task shows it: every keyword by its name, with what
// holds for the task, inherited or its own.
func (v *visit) describe() values.Value {
	t, m := v.task, values.NewMap(48)
	name := values.String("")
	if !t.Name.IsNull() {
		name = v.evaluated(t.Name)
	}
	m.Set("name", name)
	m.Set("action", values.String(t.Written))
	m.Set("args", v.saidArgs())
	m.Set("vars", mapOrEmpty(t.Vars))
	m.Set("register", textOrNull(t.Register))
	v.describeLoop(m)
	v.describeConditions(m)
	v.describeShared(m)
	m.Set("notify", listOrNull(notified(t)))
	m.Set("tags", values.Strings(playbooks.TagsOf(v.src, t)...))
	to, facts := delegate(t)
	m.Set("delegate_to", v.evaluated(to))
	m.Set("delegate_facts", v.evaluated(facts))
	seconds := orNumber(v.evaluated(t.Async), 0)
	m.Set("async", seconds)
	m.Set("async_val", seconds)
	m.Set("poll", orNumber(v.evaluated(t.Poll), int64(cmp.Or(v.Defaults.Poll, 15*time.Second)/time.Second)))
	return values.FromMap(m).MarkUnsafe()
}

// saidArgs are the parameters as they were evaluated, and with a loop as they were written.
func (v *visit) saidArgs() values.Value {
	args := v.said
	switch {
	case v.noLog:
		return values.FromMap(values.NewMap(0))
	case args.IsNull() && v.task.Loop == nil && v.task.Args != nil:
		args = v.evaluated(values.FromMap(v.task.Args)) // a resumed run has not evaluated them
	case args.IsNull():
		return asAnsibleHasIt(v.task.Action, mapOrEmpty(v.task.Args))
	}
	return asAnsibleHasIt(v.task.Action, args)
}

// asAnsibleHasIt names the free text of a command as Ansible does.
func asAnsibleHasIt(action string, args values.Value) values.Value {
	m, ok := args.AsMap()
	text, given := m.Get("cmd")
	if !ok || !given || !slices.Contains([]string{"command", "shell", "script", "raw"}, action) {
		return args
	}
	named := values.NewMap(m.Len() + 1)
	named.Set("_raw_params", text)
	if action == "shell" {
		named.Set("_uses_shell", values.True)
	}
	for key, value := range m.All() {
		if values.Text(key) != "cmd" {
			named.SetKey(key, value)
		}
	}
	return values.FromMap(named)
}

func (v *visit) describeLoop(m *values.Map) {
	loop, with := values.Null, values.Null
	if v.task.Loop != nil {
		loop, with = v.task.Loop.Items, textOrNull(v.task.Loop.Lookup)
	}
	m.Set("loop", loop)
	m.Set("loop_with", with)
	c := v.task.LoopControl
	if v.task.Loop == nil {
		m.Set("loop_control", values.Null)
		return
	}
	loopVar := c.LoopVar
	if loopVar.IsNull() {
		loopVar = values.String("item")
	}
	m.Set("loop_control", values.MapOf("loop_var", loopVar, "index_var", c.IndexVar, "label", c.Label, "pause", c.Pause, "extended", c.Extended))
}

func (v *visit) describeConditions(m *values.Map) {
	t := v.task
	m.Set("when", values.ListOf(conditions(v.src, t)...))
	m.Set("until", values.ListOf(t.Until...))
	m.Set("changed_when", values.ListOf(t.ChangedWhen...))
	m.Set("failed_when", values.ListOf(t.FailedWhen...))
	m.Set("retries", orNumber(v.evaluated(t.Retries), 3))
	m.Set("delay", orNumber(v.evaluated(t.Delay), 5))
}

// describeShared tells the keywords that plays, blocks and tasks share.
func (v *visit) describeShared(m *values.Map) {
	for _, k := range sharedKeywords {
		m.Set(k.name, v.evaluated(v.keyword(k.pick)))
	}
	unsaid := map[string]values.Value{
		"throttle": values.Int(0), "timeout": values.Int(0), "any_errors_fatal": values.False, "become": values.False,
		"no_log": values.False, "check_mode": values.Bool(v.Check), "diff": values.Bool(v.Diff),
	}
	for name, otherwise := range unsaid {
		if value, _ := m.Get(name); value.IsNull() {
			m.Set(name, otherwise) // the place in the mapping is known already
		}
	}
	var environment, collections []values.Value
	for _, k := range around(v.src, v.task) {
		for _, written := range k.Environment {
			environment = append(environment, v.evaluated(written))
		}
		if k.Collections != nil {
			collections = values.Strings(append(slices.Clone(k.Collections), "ansible.legacy")...).Items()
		}
	}
	m.Set("environment", values.ListOf(environment...))
	m.Set("collections", values.ListOf(collections...))
}

var sharedKeywords = []struct {
	name string
	pick func(*playbooks.Keywords) values.Value
}{
	{"become", func(k *playbooks.Keywords) values.Value { return k.Become }},
	{"become_user", func(k *playbooks.Keywords) values.Value { return k.BecomeUser }},
	{"become_method", func(k *playbooks.Keywords) values.Value { return k.BecomeMethod }},
	{"become_flags", func(k *playbooks.Keywords) values.Value { return k.BecomeFlags }},
	{"become_exe", func(k *playbooks.Keywords) values.Value { return k.BecomeExe }},
	{"connection", func(k *playbooks.Keywords) values.Value { return k.Connection }},
	{"remote_user", func(k *playbooks.Keywords) values.Value { return k.RemoteUser }},
	{"port", func(k *playbooks.Keywords) values.Value { return k.Port }},
	{"any_errors_fatal", func(k *playbooks.Keywords) values.Value { return k.AnyErrorsFatal }},
	{"ignore_errors", func(k *playbooks.Keywords) values.Value { return k.IgnoreErrors }},
	{"ignore_unreachable", func(k *playbooks.Keywords) values.Value { return k.IgnoreUnreachable }},
	{"check_mode", func(k *playbooks.Keywords) values.Value { return k.CheckMode }},
	{"diff", func(k *playbooks.Keywords) values.Value { return k.Diff }},
	{"no_log", func(k *playbooks.Keywords) values.Value { return k.NoLog }},
	{"run_once", func(k *playbooks.Keywords) values.Value { return k.RunOnce }},
	{"throttle", func(k *playbooks.Keywords) values.Value { return k.Throttle }},
	{"timeout", func(k *playbooks.Keywords) values.Value { return k.Timeout }},
	{"debugger", func(k *playbooks.Keywords) values.Value { return k.Debugger }},
}

// evaluated is what a keyword comes to, or as it was written where it cannot be evaluated, or
// where each item of a loop has its own.
func (v *visit) evaluated(written values.Value) values.Value {
	if written.IsNull() || v.task.Loop != nil {
		return written
	}
	if value, err := v.scope.Render(written); err == nil {
		return value
	}
	return written
}

func orNumber(v values.Value, otherwise int64) values.Value {
	if v.IsNull() {
		return values.Int(otherwise)
	}
	return v
}

func mapOrEmpty(m *values.Map) values.Value {
	if m == nil {
		return values.FromMap(values.NewMap(0))
	}
	return values.FromMap(m)
}

func textOrNull(s string) values.Value {
	if s == "" {
		return values.Null
	}
	return values.String(s)
}

func listOrNull(list []values.Value) values.Value {
	if list == nil {
		return values.Null
	}
	return values.ListOf(list...)
}
