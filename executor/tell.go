package executor

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// tell hands an event to the sink, masked, one after the other.
func (r *run) tell(e Event) {
	if isQuiet(e) {
		return
	}
	r.telling.Lock()
	defer r.telling.Unlock()
	r.Events.Record(Record{Time: time.Now(), Event: masked(e, r.Secrets)})
}

// warn tells the operator something once.
func (r *run) warn(host, text string) {
	r.mu.Lock()
	known := r.asked[host+"\x00"+text]
	r.asked[host+"\x00"+text] = true
	r.mu.Unlock()
	if !known {
		r.tell(Warning{Host: host, Text: text})
	}
}

// announce tells that a task begins, and gives its place.
func (b *batch) announce(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) Place {
	place := b.place(ctx, t, hosts, f)
	check, silent := b.checkMode(ctx, t, hosts, f), b.silent(f.path, hosts, f)
	switch f.kind {
	case Handling:
		b.tell(HandlerStarted{Task: place, Hosts: hosts.names(), Check: check, Replayed: silent})
	case Undoing:
		b.tell(UndoStarted{Task: place, Host: f.entry.host.name, Check: check, Replayed: silent})
	default:
		b.tell(TaskStarted{Task: place, Hosts: hosts.names(), Check: check, Replayed: silent})
	}
	return place
}

func (b *batch) place(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) Place {
	return Place{Path: f.path, Name: b.taskName(ctx, t, hosts, f), Action: t.Action, Written: t.Pos.String(), Kind: f.kind, Args: b.argsToTell(ctx, t, hosts, f)}
}

// checkMode reports that the task changes nothing, on the first of the hosts.
func (b *batch) checkMode(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) bool {
	written := keyword(b.src, t, func(k *playbooks.Keywords) values.Value { return k.CheckMode })
	if written.IsNull() || len(hosts) == 0 {
		return b.Check
	}
	yes, err := b.scope(ctx, t, hosts[0], f).Bool(written)
	return err == nil && yes
}

// argsToTell are the arguments of a task as they are written, where they are wanted.
func (b *batch) argsToTell(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) string {
	if !b.Defaults.TellArgs || len(hosts) == 0 {
		return ""
	}
	hidden, err := b.scope(ctx, t, hosts[0], f).Bool(or(keyword(b.src, t, func(k *playbooks.Keywords) values.Value { return k.NoLog }), b.Defaults.NoLog))
	if err != nil || hidden || t.Args == nil {
		return ""
	}
	var words []string
	for name, v := range t.Args.All() {
		words = append(words, cmp.Or(freeForm[t.Action+" "+values.Text(name)], values.Text(name))+"="+values.Text(v))
	}
	return strings.Join(words, ", ")
}

// freeForm are the parameters that are mostly written as free text, which Ansible shows
// under another name.
var freeForm = map[string]string{
	"command cmd": "_raw_params", "shell cmd": "_raw_params", "raw cmd": "_raw_params", "script cmd": "_raw_params",
	"include_tasks file": "_raw_params", "import_tasks file": "_raw_params",
}

// remark tells something to whoever asked for as many -v.
func (r *run) remark(level int, format string, args ...any) {
	if r.Verbosity >= level {
		r.tell(Note{Level: level, Text: fmt.Sprintf(format, args...)})
	}
}

// taskName is the task's name as people read it, evaluated for the first of the hosts.
func (b *batch) taskName(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) string {
	name := t.Written
	if t.Include != nil && t.Include.Kind == "role" {
		return b.includeName(ctx, t, hosts, f)
	}
	if text, ok := t.Name.AsString(); ok && text != "" { // as in Ansible, what is no text is no name
		name = text
	}
	if known, ok := b.handlers.named(t); ok {
		name = known
	} else if len(hosts) > 0 && strings.Contains(name, "{{") {
		name = b.evaluatedName(ctx, t, hosts[0], f)
	}
	if role := roleOf(t); role != nil {
		return role.Name + " : " + name
	}
	return name
}

// evaluatedName is what a name that is a template comes to; where that is no text, the module.
func (b *batch) evaluatedName(ctx context.Context, t *playbooks.Task, h *host, f frame) string {
	v, err := b.scope(ctx, t, h, f).Render(t.Name)
	if err != nil {
		return values.Text(t.Name)
	}
	text, _ := v.AsString()
	return cmp.Or(text, t.Written)
}

// includeName is what an include_role is called: its name, else that of the role as it was
// written.
func (b *batch) includeName(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) string {
	written := t.Name
	if written.IsNull() {
		return t.Written + " : " + values.Text(t.Include.Role)
	}
	if len(hosts) > 0 {
		if text, err := b.scope(ctx, t, hosts[0], f).Text(written); err == nil {
			return text
		}
	}
	return values.Text(written)
}

func (b *batch) tellPlay() {
	strategy := b.strategy()
	if b.rolls() {
		strategy = "rolling"
	}
	b.tell(PlayStarted{
		Path: b.path, Name: b.name, Strategy: strategy, Batch: b.number, Hosts: b.hosts.names(), Check: b.playCheckMode(),
		Replayed: b.before(b.path, b.hosts),
	})
	b.passedBy(b.path, b.hosts)
}

// playCheckMode reports that the play changes nothing.
func (p *play) playCheckMode() bool {
	yes, err := p.plain().Bool(or(p.src.CheckMode, p.Check))
	return err == nil && yes
}

// plain is the scope of what is evaluated once per play.
func (p *play) plain() *variables.Scope {
	return p.Store.Scope(variables.Context{Play: p.src, Prompts: p.prompts})
}

// identity is the run as a call to host carries it, with the lock that is held there.
func (p *play) identity(host string) modules.Run {
	id := p.Identity
	if p.held != nil {
		id.Lock = p.held.on(host)
	}
	return id
}

// stopped reports that the operator asked to stop.
func (r *run) stopped() bool {
	select {
	case <-r.Interrupt:
		return true
	default:
		return r.quit.Load()
	}
}
