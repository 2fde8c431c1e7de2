package executor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// Conversation is a Terminal that the debugger can talk on: it shows text on standard
// output and reads a line, from whatever standard input is.
type Conversation interface {
	Converse(ctx context.Context, text string) (line string, err error)
}

// counts gives the counts of hosts before a task that the debugger may look at; nil for
// other tasks.
func (b *batch) counts(t *playbooks.Task, hosts hostSet) map[*host]HostStats {
	if !b.debugs() && keyword(b.src, t, func(k *playbooks.Keywords) values.Value { return k.Debugger }).IsNull() {
		return nil
	}
	before := map[*host]HostStats{}
	for _, h := range hosts {
		before[h] = b.stats.of(h.name)
	}
	return before
}

// debugged lets the operator look at how a task ended, host by host, where debugger or the
// strategy debug say so, and do it again with other arguments or variables.
func (b *batch) debugged(ctx context.Context, t *playbooks.Task, verdicts []verdict, before map[*host]HostStats, place Place, f frame, redo func(*visit) verdict) {
	if f.kind == Undoing || before == nil {
		return
	}
	for i, v := range verdicts {
		if v.host == nil || v.cut || !b.wantsDebugger(ctx, t, v, f) {
			continue
		}
		talk, ok := b.Terminal.(Conversation)
		if !ok {
			b.warn("", "there is no terminal for the debugger")
			return
		}
		d := &debugger{batch: b, task: t, host: v.host, place: place, frame: f, redo: redo, talk: talk, before: before[v.host], vars: values.NewMap(2)}
		verdicts[i] = d.session(ctx, v)
		if b.stopped() {
			return
		}
	}
}

// wantsDebugger reports that the task's end is one that the debugger waits for.
func (b *batch) wantsDebugger(ctx context.Context, t *playbooks.Task, v verdict, f frame) bool {
	failed := v.status == Failed && !v.ignored
	written := keyword(b.src, t, func(k *playbooks.Keywords) values.Value { return k.Debugger })
	on := ""
	if !written.IsNull() {
		on, _ = b.scope(ctx, t, v.host, f).Text(written)
	}
	switch on {
	case "always":
		return true
	case "never":
		return false
	case "on_failed":
		return failed || b.debugs() && v.status == Unreachable
	case "on_unreachable":
		return v.status == Unreachable || b.debugs() && failed
	case "on_skipped":
		return v.status == Skipped || b.debugs() && (failed || v.status == Unreachable)
	}
	return b.debugs() && (failed || v.status == Unreachable)
}

// debugs reports that every failure is looked at.
func (b *batch) debugs() bool {
	return b.Debugger || strings.TrimPrefix(cmp.Or(b.src.Strategy, b.Defaults.Strategy), "ansible.builtin.") == "debug"
}

// debugger is one look at how a task ended on a host.
type debugger struct {
	*batch
	task  *playbooks.Task
	host  *host
	place Place
	frame frame
	// redo does the task on the host once more.
	redo func(*visit) verdict
	talk Conversation
	// before are the counts of the host before the task.
	before HostStats
	// args replace those of the task, vars are the variables that were set.
	args *values.Map
	vars *values.Map
	// last is how the task ended last.
	last verdict
}

// session asks for commands until one of them goes on.
func (d *debugger) session(ctx context.Context, ended verdict) verdict {
	d.last = ended
	d.changing.Add(1)
	told := ""
	for {
		line, err := d.talk.Converse(ctx, told+fmt.Sprintf("[%s] TASK: %s (debug)> ", d.host.name, d.place.Name))
		if err != nil {
			line = "quit"
		}
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		told = ""
		switch word {
		case "":
		case "c", "continue":
			return d.last
		case "q", "quit", "EOF":
			d.leave()
			return d.last
		case "r", "redo":
			d.again(ctx)
			if !d.wantsDebugger(ctx, d.task, d.last, d.frame) {
				return d.last
			}
		case "u", "update_task":
			d.args = nil
		case "p", "pprint":
			told = d.print(ctx, strings.TrimSpace(rest)) + "\n"
		case "h", "help", "?":
			told = debuggerHelp
		default:
			told = d.do(ctx, strings.TrimSpace(line))
		}
	}
}

// again does the task once more, as if it had not been done before.
func (d *debugger) again(ctx context.Context) {
	d.stats.set(d.host.name, d.before)
	d.host.failure = failure{}
	v := d.visit(ctx, d.changed(), d.host, d.place, d.frame)
	v.scope = v.scope.With(d.vars)
	d.last = d.redo(v)
}

// leave ends the run as the operator's stop does.
func (d *debugger) leave() {
	d.quit.Store(true)
	d.interrupt()
}

const debuggerHelp = `
p, pprint EXPR                print task, task.args, task_vars['NAME'], host, result._result
task.args['NAME'] = EXPR      change an argument of the task
task_vars['NAME'] = EXPR      change a variable
u, update_task                take the arguments from the playbook again
r, redo                       run the task again
c, continue                   go on
q, quit                       end the run

`

// changed is the task with the arguments that were set.
func (d *debugger) changed() *playbooks.Task {
	if d.args == nil {
		return d.task
	}
	t := *d.task
	t.Args = d.args
	return &t
}

// print gives what an expression is, as Python would show it.
func (d *debugger) print(ctx context.Context, expression string) string {
	switch expression {
	case "task":
		return "TASK: " + d.place.Name
	case "host":
		return d.host.name
	case "result":
		return "<the result of " + d.host.name + ">"
	case "task_vars":
		return pretty(d.allVars(ctx), 0)
	}
	v, err := d.evaluate(ctx, expression)
	if err != nil {
		return "***" + err.Error()
	}
	return pretty(v, 0)
}

// evaluate gives the value of an expression over the task, its variables and its result.
func (d *debugger) evaluate(ctx context.Context, expression string) (values.Value, error) {
	taskVars := values.Null
	if strings.Contains(expression, "task_vars") {
		taskVars = d.allVars(ctx)
	}
	names := values.NewMap(4)
	names.Set("task", d.describedTask())
	names.Set("task_vars", taskVars)
	names.Set("host", values.MapOf("name", values.String(d.host.name)))
	names.Set("result", values.MapOf("_result", d.last.result.registered().MarkUnsafe()))
	scope := d.Store.Scope(variables.Context{Ctx: ctx}).With(names)
	v, err := scope.Render(values.String("{{ [" + expression + "] }}"))
	var undefined *jinja.UndefinedError
	switch {
	case errors.As(err, &undefined):
		return v, fmt.Errorf("NameError:NameError(%q)", fmt.Sprintf("name '%s' is not defined", undefined.Name))
	case err != nil:
		return v, fmt.Errorf("Error:%w", err)
	case len(v.Items()) != 1:
		return v, fmt.Errorf("SyntaxError:%q is no expression", expression)
	}
	return v.Items()[0], nil
}

// allVars are the variables of the task on the host, as they were written.
func (d *debugger) allVars(ctx context.Context) values.Value {
	scope := d.scope(ctx, d.task, d.host, d.frame).With(d.vars)
	all := values.NewMap(64)
	for _, name := range scope.Names() {
		if v, ok, err := scope.Lookup(name); ok && err == nil && v.Kind() != values.KindObject {
			all.Set(name, v.MarkUnsafe())
		}
	}
	return values.FromMap(all)
}

func (d *debugger) describedTask() values.Value {
	args := values.NewMap(4)
	for key, v := range orEmpty(d.changed().Args).All() {
		if d.task.Spec != nil && values.Text(key) == d.task.Spec.FreeForm {
			key = values.String("_raw_params")
		}
		args.SetKey(key, v.MarkUnsafe())
	}
	name := ""
	if !d.task.Name.IsNull() {
		name = values.Text(d.task.Name)
	}
	return values.MapOf("name", values.String(name).MarkUnsafe(), "action", values.String(d.task.Action), "args", values.FromMap(args),
		"register", values.String(d.task.Register), "when", values.FromSlice(d.task.When).MarkUnsafe())
}

var assignment = regexp.MustCompile(`^(task\.args|task_vars)\[(.+?)\]\s*=\s*([^=].*)$`)

// do sets an argument or a variable; other lines are evaluated for their errors.
func (d *debugger) do(ctx context.Context, line string) string {
	set := assignment.FindStringSubmatch(line)
	if set == nil {
		if _, err := d.evaluate(ctx, line); err != nil {
			return "***" + err.Error() + "\n"
		}
		return ""
	}
	name, err := d.evaluate(ctx, set[2])
	if err != nil {
		return "***" + err.Error() + "\n"
	}
	v, err := d.evaluate(ctx, set[3])
	if err != nil {
		return "***" + err.Error() + "\n"
	}
	if set[1] == "task_vars" {
		d.vars.Set(values.Text(name), v)
		return ""
	}
	if d.task.Include != nil {
		return "***what an include takes cannot be changed here; task_vars can\n"
	}
	if d.args == nil {
		d.args = orEmpty(d.task.Args).Clone()
	}
	if d.task.Spec != nil && values.Text(name) == "_raw_params" {
		name = values.String(cmp.Or(d.task.Spec.FreeForm, "_raw_params"))
	}
	d.args.Set(values.Text(name), v)
	return ""
}
