package inventory

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// document is what one source says, in the order in which it says it. Every format is
// read into it, so that hosts and groups are built in one place.
type document struct {
	file       string
	src        []byte
	statements []statement
	errs       []error
	warnings   []Warning
	script     bool        // a script printed it
	plugin     *values.Map // the source configures a plugin; nil where it is an inventory itself
}

// statement is one thing that a source says.
type statement struct {
	kind  statementKind
	pos   values.Position
	group string      // the group it is about
	names []string    // hosts, or the one child
	port  int         // of hosts; 0 is none
	vars  *values.Map // of hosts or of the group
}

type statementKind uint8

const (
	sayGroup    statementKind = iota // the group exists
	sayHosts                         // the group has these hosts, with variables
	sayChild                         // the group has this child, which exists or is declared elsewhere
	sayGroupVar                      // the group has these variables, and is declared elsewhere
	sayHostVar                       // the hosts, where they are known, have these variables
)

func (d *document) say(s statement) { d.statements = append(d.statements, s) }

func (d *document) fail(pos values.Position, format string, args ...any) {
	d.errs = append(d.errs, yaml.NewError(d.src, pos, fmt.Sprintf(format, args...)))
}

// builder carries one document into the graph.
type builder struct {
	*document
	graph *graph
	// waiting are groups that were named before their declaration, with those that want
	// them as children.
	waiting map[string]*waiting
	order   []string
}

type waiting struct {
	pos     values.Position
	parents []parent
	by      string // the section that named it
}

type parent struct {
	group *Group
	pos   values.Position
}

// build adds what the document says to the graph, or reports everything that is wrong with it.
func (d *document) build(g *graph) error {
	b := builder{document: d, graph: g, waiting: map[string]*waiting{}}
	for _, s := range d.statements {
		b.take(s)
	}
	for _, name := range b.order {
		if w := b.waiting[name]; w != nil {
			b.fail(w.pos, "%s names the group %q, which is declared nowhere%s", w.by, name, nearest(name, b.declared()))
		}
	}
	slices.SortStableFunc(d.errs, func(a, b error) int { return cmp.Compare(lineOf(a), lineOf(b)) })
	return errors.Join(d.errs...)
}

func lineOf(err error) int {
	var e *yaml.Error
	if errors.As(err, &e) {
		return e.Pos.Line
	}
	return 0
}

func (b *builder) take(s statement) {
	s.group = b.graph.named(s.group)
	if s.kind == sayChild {
		s.names = []string{b.graph.named(s.names[0])}
	}
	switch s.kind {
	case sayGroup:
		b.declare(s.group)
	case sayHosts:
		b.addHosts(s)
	case sayChild:
		b.addChild(s)
	case sayGroupVar:
		b.addVars(s)
	case sayHostVar:
		b.addHostVars(s)
	}
}

func (b *builder) declare(name string) *Group {
	group := b.graph.addGroup(name)
	if w := b.waiting[name]; w != nil {
		delete(b.waiting, name)
		for _, p := range w.parents {
			b.link(p, group)
		}
	}
	return group
}

func (b *builder) link(p parent, child *Group) {
	if err := b.graph.link(p.group, child); err != nil {
		b.fail(p.pos, "%s", err)
	}
}

func (b *builder) addHosts(s statement) {
	group := b.graph.addGroup(s.group)
	for _, name := range s.names {
		host := b.graph.addHost(name, s.port, b.file)
		b.graph.join(group, host)
		host.merge(s.vars)
	}
}

func (b *builder) addHostVars(s statement) {
	for _, name := range s.names {
		if host := b.graph.hosts[name]; host != nil {
			host.merge(s.vars)
		}
	}
}

func (host *Host) merge(vars *values.Map) {
	if vars == nil {
		return
	}
	for key, v := range vars.All() {
		host.vars.SetKey(key, v)
	}
}

func (b *builder) addChild(s statement) {
	p := parent{group: b.graph.addGroup(s.group), pos: s.pos}
	name := s.names[0]
	w := b.waiting[name]
	if child := b.graph.groups[name]; child != nil && w == nil {
		b.link(p, child)
		return
	}
	if w == nil {
		w = b.await(name, s, fmt.Sprintf("[%s:children]", s.group))
	}
	w.parents = append(w.parents, p)
}

func (b *builder) await(name string, s statement, by string) *waiting {
	w := &waiting{pos: s.pos, by: by}
	b.waiting[name] = w
	b.order = append(b.order, name)
	return w
}

func (b *builder) addVars(s statement) {
	group := b.graph.groups[s.group]
	if group == nil {
		group = b.graph.addGroup(s.group)
		if b.waiting[s.group] == nil {
			b.await(s.group, s, fmt.Sprintf("[%s:vars]", s.group))
		}
	}
	if s.vars == nil {
		return
	}
	for key, v := range s.vars.All() {
		if err := group.set(key, v); err != nil {
			b.fail(v.Pos(), "%s", err)
		}
	}
}

func (b *builder) declared() []string {
	return slices.DeleteFunc(b.graph.groupNames(), func(name string) bool { return b.waiting[name] != nil })
}

func (g *graph) groupNames() []string {
	names := make([]string, len(g.groupOrder))
	for i, group := range g.groupOrder {
		names[i] = group.Name
	}
	return names
}
