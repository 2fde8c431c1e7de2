package executor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// handlers are those of a play, and who waits for them.
type handlers struct {
	mu    sync.Mutex
	all   []*playbooks.Handler
	known map[*playbooks.Handler]bool
	waits map[*playbooks.Handler]map[*host]bool
	// names are those that were evaluated: as in Ansible a handler keeps its first one.
	names map[playbooks.Node]string
}

func newHandlers(list []*playbooks.Handler) *handlers {
	h := &handlers{known: map[*playbooks.Handler]bool{}, waits: map[*playbooks.Handler]map[*host]bool{}, names: map[playbooks.Node]string{}}
	h.add(list)
	return h
}

// add makes the handlers of an included role known.
func (hs *handlers) add(list []*playbooks.Handler) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	for _, h := range list {
		if !hs.known[h] {
			hs.known[h] = true
			hs.all = append(hs.all, h)
		}
	}
}

// list gives the handlers in the order they were defined.
func (hs *handlers) list() []*playbooks.Handler {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	return append([]*playbooks.Handler(nil), hs.all...)
}

func (hs *handlers) wait(h *playbooks.Handler, who *host) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	if hs.waits[h] == nil {
		hs.waits[h] = map[*host]bool{}
	}
	hs.waits[h][who] = true
}

// take gives those of hosts that wait for h; they wait no longer.
func (hs *handlers) take(h *playbooks.Handler, hosts hostSet) hostSet {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	waiting := hs.waits[h]
	some := hosts.where(func(one *host) bool { return waiting[one] })
	for _, one := range some {
		delete(waiting, one)
	}
	return some
}

// notify makes the host wait for the handlers that the task names. In a loop the rounds that
// were not skipped name them, all if one of them changed something.
func (v *visit) notify(ctx context.Context, res *result) error {
	scopes := []*variables.Scope{v.scope}
	if res.looped && slices.ContainsFunc(notified(v.task), isTemplate) {
		scopes = res.rounds
	}
	told := map[string]bool{}
	for _, scope := range scopes {
		for _, written := range notified(v.task) {
			names, err := scope.Render(written)
			if err != nil {
				return err
			}
			if err := v.notifyAll(ctx, names, told); err != nil {
				return err
			}
		}
	}
	return nil
}

func isTemplate(v values.Value) bool { return strings.Contains(values.Text(v), "{{") }

// notifyAll notifies each handler of a list of names, or the one of a name, that was not told yet.
func (v *visit) notifyAll(ctx context.Context, names values.Value, told map[string]bool) error {
	list := names.Items()
	if names.Kind() != values.KindList {
		list = []values.Value{names}
	}
	for _, one := range list {
		name := values.Text(one)
		if told[name] {
			continue
		}
		told[name] = true
		if err := v.notifyOne(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (v *visit) notifyOne(ctx context.Context, name string) error {
	found := false
	all := v.handlers.list()
	for i := len(all) - 1; i >= 0 && !found; i-- {
		if v.named(ctx, all[i], name) {
			first := v.firstOfList(ctx, all[:i+1], name)
			v.handlers.wait(first, v.host)
			v.tellNotified(ctx, first)
			found = true
		}
	}
	for _, h := range all {
		if v.listens(h, name) {
			v.handlers.wait(h, v.host)
			v.tellNotified(ctx, h)
			found = true
		}
	}
	if !found && v.Defaults.MissingHandlersPass {
		v.warn("", fmt.Sprintf("The requested handler '%s' was not found in either the main handlers list nor in the listening handlers list", name))
		return nil
	}
	if !found {
		return fmt.Errorf("The requested handler '%s' was not found in either the main handlers list nor in the listening handlers list", name)
	}
	return nil
}

func (v *visit) tellNotified(ctx context.Context, h *playbooks.Handler) {
	name := v.nameOf(ctx, h)
	if h.Role != nil {
		name = h.Role.Name + " : " + name
	}
	v.remark(2, "NOTIFIED HANDLER %s for %s", name, v.host.name)
}

// firstOfList gives the handler that name means in the list (of the play or of a role) of
// the last one of all: later lists win, but in one list the first does.
func (v *visit) firstOfList(ctx context.Context, all []*playbooks.Handler, name string) *playbooks.Handler {
	first := all[len(all)-1]
	for i := len(all) - 2; i >= 0 && all[i].Role == first.Role; i-- {
		if v.named(ctx, all[i], name) {
			first = all[i]
		}
	}
	return first
}

// named reports that name means the handler: its name, or "role : name".
func (v *visit) named(ctx context.Context, h *playbooks.Handler, name string) bool {
	own := v.nameOf(ctx, h)
	if own == "" {
		return false
	}
	if own == name {
		return true
	}
	role, rest, ok := strings.Cut(name, " : ")
	return ok && h.Role != nil && h.Role.Name == role && own == rest
}

// nameOf gives the name of a handler: a template is evaluated once, with what the whole play
// knows, and cannot be used where that is not enough. The task is what the handler does.
func (p *play) nameOf(ctx context.Context, h *playbooks.Handler) string {
	written := nodeName(h.Node)
	if written.IsNull() {
		return ""
	}
	text := values.Text(written)
	if !strings.Contains(text, "{{") {
		return text
	}
	if name, known := p.handlers.named(h.Node); known {
		return name
	}
	c := variables.Context{Ctx: ctx, Play: p.src, Prompts: p.prompts}
	switch n := h.Node.(type) {
	case *playbooks.Task:
		c.Task = n
	case *playbooks.Block:
		c.Block = n
	}
	name, err := p.Store.Scope(c).Text(written)
	if err != nil {
		name = ""
		if len(h.Listen) == 0 {
			p.warn("", fmt.Sprintf("nobody can notify the handler %q, since its name is made of what is not known for all hosts (%s): use listen", text, err))
		}
	}
	p.handlers.mu.Lock()
	defer p.handlers.mu.Unlock()
	p.handlers.names[h.Node] = name
	return name
}

// named gives the name that a handler with a template got.
func (hs *handlers) named(n playbooks.Node) (string, bool) {
	hs.mu.Lock()
	defer hs.mu.Unlock()
	name, known := hs.names[n]
	return name, known && name != ""
}

func nodeName(n playbooks.Node) values.Value {
	switch n := n.(type) {
	case *playbooks.Task:
		return n.Name
	case *playbooks.Block:
		return n.Name
	}
	return values.Null
}

func (v *visit) listens(h *playbooks.Handler, topic string) bool {
	for _, written := range h.Listen {
		text := values.Text(written)
		if strings.Contains(text, "{{") {
			text, _ = v.scope.Text(written)
		}
		if text == topic {
			return true
		}
	}
	return false
}

// flush runs the handlers that hosts wait for, each once, in the order they were defined.
// One that an earlier handler of the same flush notifies waits for the next flush.
func (b *batch) flush(ctx context.Context, hosts hostSet, f frame) passage {
	passed := passage{going: hosts}
	f.kind = Handling
	for i, h := range b.handlers.list() {
		if b.halted(ctx, f) {
			break
		}
		waiting := b.handlers.take(h, passed.going)
		if len(waiting) == 0 {
			continue
		}
		here := b.node(ctx, h.Node, waiting, f.child(i))
		passed.going = passed.going.without(waiting).and(here.going)
		passed.failed = passed.failed.and(here.failed)
	}
	return passed
}

// forced are failed hosts whose handlers run all the same.
func (b *batch) forced(failed hostSet) hostSet {
	force := b.ForceHandlers
	if !b.src.ForceHandlers.IsNull() {
		force, _ = b.plain().Bool(b.src.ForceHandlers)
	}
	if !force {
		return nil
	}
	return failed
}
