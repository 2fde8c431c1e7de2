package playbooks

import (
	"github.com/gdeploy/gdeploy/values"
)

// list reads a list of tasks and blocks that stands behind a keyword or is a file.
func (p *parser) list(what string, v values.Value, at place) []Node {
	items, ok := p.items(what, v)
	if !ok {
		return nil
	}
	nodes := make([]Node, 0, len(items))
	for _, item := range items {
		switch {
		case item.IsNull():
			p.warn(item.Pos(), "an empty entry in a list of tasks")
		case isBlock(item):
			nodes = append(nodes, p.block(item, at))
		default:
			if task := p.task(item, at, at.handler()); task != nil {
				nodes = append(nodes, p.expand(task, at))
			}
		}
	}
	return nodes
}

// handler is what a task of a file that a handler includes is read into, so that it may
// have the keywords of handlers; nil elsewhere.
func (at place) handler() *Handler {
	if at.handlers {
		return &Handler{Role: at.role}
	}
	return nil
}

func (p *parser) items(what string, v values.Value) ([]values.Value, bool) {
	if v.IsNull() {
		return nil, false
	}
	if v.Kind() != values.KindList {
		p.wants(v.Pos(), what, "a list of tasks", v)
		return nil, false
	}
	return v.Items(), true
}

// isBlock reports whether an entry of a task list is a block.
func isBlock(v values.Value) bool {
	m, ok := v.AsMap()
	return ok && (m.Has("block") || m.Has("rescue") || m.Has("always"))
}

// block reads a block with everything in it.
func (p *parser) block(v values.Value, at place) *Block {
	m, _ := v.AsMap()
	b := p.blockKeywords(v, m, at)
	inner := at.below(b)
	if v, ok := m.Get("block"); ok && v.IsNull() {
		p.mistake(b.Pos, "the block is empty", "give it tasks, or write block: []")
	}
	body, rescue, always, undo := section(m, "block"), section(m, "rescue"), section(m, "always"), section(m, "undo")
	within := inner
	within.rescued = within.rescued || rescue.Kind() == values.KindList
	b.Body = p.list("block", body, within)
	if len(b.Body) == 0 && len(body.Items()) == 0 {
		p.withoutBlock(b, "rescue", rescue)
		p.withoutBlock(b, "always", always)
	}
	b.Rescue = p.list("rescue", rescue, inner)
	b.Always = p.list("always", always, inner)
	b.Undo = p.list("undo", undo, inner)
	return b
}

// withoutBlock refuses what can follow only on tasks of a block.
func (p *parser) withoutBlock(b *Block, name string, list values.Value) {
	if len(list.Items()) > 0 {
		p.mistake(b.Pos, "'"+name+"' keyword cannot be used without 'block'", "write the tasks that it is for below block:")
	}
}

func section(m *values.Map, name string) values.Value {
	v, _ := m.Get(name)
	return v
}

// blockKeywords reads what a block says beside its tasks.
func (p *parser) blockKeywords(v values.Value, m *values.Map, at place) *Block {
	b := &Block{Keywords: Keywords{Pos: v.Pos()}, Parent: at.parent, Role: at.role}
	t := &target{what: "a block", on: OnBlock, at: at, words: &b.Keywords, block: b}
	for _, e := range p.words(t, m) {
		if _, isModule := p.action(e.name, at); isModule {
			p.mistake(e.pos, "a block cannot call a module ("+e.name+")", "make it a task of the block")
			continue
		}
		p.unknownKeyword(t, e)
	}
	if !m.Has("block") {
		for _, name := range []string{"rescue", "always"} {
			if m.Has(name) {
				p.mistake(v.Pos(), "'"+name+"' keyword cannot be used without 'block'", "put the tasks that may fail below block:")
				break
			}
		}
	}
	return b
}

// handlers reads a list of handlers. Blocks and imports in it are not handlers
// themselves: the tasks in them are.
func (p *parser) handlers(what string, v values.Value, at place) []*Handler {
	items, ok := p.items(what, v)
	if !ok {
		return nil
	}
	var all []*Handler
	for _, item := range items {
		switch {
		case item.IsNull():
			p.warn(item.Pos(), "an empty entry in a list of handlers")
		case isBlock(item):
			all = append(all, p.handlerBlock(item, at)...)
		default:
			all = append(all, p.handler(item, at)...)
		}
	}
	return all
}

func (p *parser) handlerBlock(v values.Value, at place) []*Handler {
	m, _ := v.AsMap()
	if at.inHandlerBlock || m.Has("rescue") || m.Has("always") {
		p.mistake(v.Pos(), "Using a block as a handler is not supported", "include_tasks as a handler can run a file with blocks")
		return nil
	}
	inner := at.below(p.blockKeywords(v, m, at))
	inner.inHandlerBlock = true
	return p.handlers("block", section(m, "block"), inner)
}

func (p *parser) handler(v values.Value, at place) []*Handler {
	h := &Handler{Role: at.role}
	task := p.task(v, at, h)
	if task == nil {
		return nil
	}
	switch task.Action {
	case "import_role", "include_role":
		p.mistake(task.Pos, "Using '"+task.Written+"' as a handler is not supported", "import_tasks and include_tasks can")
		return nil
	case "import_tasks":
		block, file, inner := p.importBlock(task, at)
		if block == nil {
			return nil
		}
		return p.handlers(file, p.load(file), inner)
	}
	h.Node = task
	return []*Handler{h}
}
