package jinja

import (
	"fmt"

	"github.com/gdeploy/gdeploy/values"
)

// blockStmt is {% block name %}body{% endblock %}.
type blockStmt struct {
	name             string
	body             []stmt
	scoped, required bool
	super, self      int // symbols
	at               int
}

// blockTable has the versions of each block, that of the youngest template first.
type blockTable struct{ entries map[string][]blockEntry }

type blockEntry struct {
	in   *instance
	stmt *blockStmt
}

func (b *blockTable) add(in *instance) {
	for name, s := range in.t.blocks {
		b.entries[name] = append(b.entries[name], blockEntry{in, s})
	}
}

func (in *instance) blockTable() *blockTable {
	if in.blocks == nil {
		in.blocks = &blockTable{entries: map[string][]blockEntry{}}
		in.blocks.add(in)
	}
	return in.blocks
}

func (s *blockStmt) exec(f *frame, out *output) (signal, error) {
	table := f.in.blockTable()
	entries := table.entries[s.name]
	if s.required && entries[0].stmt == s {
		return ended, locate(f.in.t.source, s.at, valueErrorf("the block %q must be filled by a template that extends this one", s.name))
	}
	var scope Scope
	if s.scoped {
		scope = blockScope{f}
	}
	return ended, table.render(s.name, 0, scope, out)
}

// render runs version i of a block; scope, where not nil, adds names to those that it sees.
func (b *blockTable) render(name string, i int, scope Scope, out *output) error {
	entry := b.entries[name][i]
	in := entry.in
	if scope != nil {
		scoped := *in
		scoped.scope, scoped.cache = scope, nil
		in = &scoped
	}
	if err := in.enter(); err != nil {
		return err
	}
	defer in.leave()
	f := &frame{in: in}
	f.set(entry.stmt.self, values.FromObject(&selfObject{b, out.run}))
	f.set(entry.stmt.super, b.super(name, i+1, scope, out.run))
	_, err := execAll(entry.stmt.body, f, out)
	return err
}

func (b *blockTable) super(name string, i int, scope Scope, r *run) values.Value {
	if i >= len(b.entries[name]) {
		return undefined("super", fmt.Sprintf("there is no parent block called %q", name))
	}
	return Func("super", func(*Call) (values.Value, error) {
		out := captured(r)
		if err := b.render(name, i, scope, out); err != nil {
			return values.Null, err
		}
		return out.joined()
	})
}

// selfObject is the name self: its attributes are the template's blocks.
type selfObject struct {
	table *blockTable
	run   *run
}

// TypeName is what type_debug and messages show.
func (s *selfObject) TypeName() string { return "TemplateReference" }

// Attr gives its attributes.
func (s *selfObject) Attr(name string) (values.Value, bool, error) {
	if len(s.table.entries[name]) == 0 {
		return values.Null, false, nil
	}
	return Func(name, func(*Call) (values.Value, error) {
		out := captured(s.run)
		if err := s.table.render(name, 0, nil, out); err != nil {
			return values.Null, err
		}
		return out.joined()
	}), true, nil
}

// extendsStmt is {% extends name %}.
type extendsStmt struct {
	name expr
	at   int
}

func (s *extendsStmt) exec(f *frame, _ *output) (signal, error) {
	if f.in.parent != nil {
		return ended, locate(f.in.t.source, s.at, valueErrorf("the template extends two others"))
	}
	v, err := s.name.eval(f)
	if err == nil {
		f.in.parent, err = f.in.loadFirst(v)
	}
	return ended, locate(f.in.t.source, s.at, err)
}

// render runs a whole template: its own text, or that of the template it extends.
func (in *instance) render(out *output) error {
	if err := in.enter(); err != nil {
		return err
	}
	defer in.leave()
	in.root = &frame{in: in, top: true}
	if in.t.usesSelf {
		in.root.vars = []binding{{in.t.selfSym, values.FromObject(&selfObject{in.blockTable(), in.run})}}
	}
	if err := in.body(out); err != nil || in.parent == nil {
		return locate(in.t.source, 0, err)
	}
	table := in.blockTable()
	parent := newInstance(in.parent, in.run, in.scope)
	parent.exports, parent.blocks = in.exports, table
	table.add(parent)
	return parent.render(out)
}

// body runs the statements; once the template extends another, its text is dropped
// and its blocks wait for the parent.
func (in *instance) body(out *output) error {
	dropped := &output{run: in.run}
	for _, s := range in.t.body {
		to := out
		if in.parent != nil {
			if _, isBlock := s.(*blockStmt); isBlock {
				continue
			}
			to = dropped
		}
		if _, err := s.exec(in.root, to); err != nil {
			return err
		}
	}
	return nil
}
