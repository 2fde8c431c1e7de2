package jinja

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// load compiles a template that another names; each name is compiled once a run.
func (r *run) load(name string) (*Template, error) {
	if t, ok := r.templates[name]; ok {
		return t, nil
	}
	loader := r.env.options.Loader
	if loader == nil {
		return nil, valueErrorf("cannot load the template %q: templates cannot load others here", name)
	}
	src, err := loader(name)
	if err != nil {
		return nil, err
	}
	t, err := r.env.Compile(src, values.Position{File: name, Line: 1, Col: 1})
	if err != nil {
		return nil, err
	}
	if r.templates == nil {
		r.templates = map[string]*Template{}
	}
	r.templates[name] = t
	return t, nil
}

// loadFirst loads the template that v names, or the first of a list that exists.
func (r *run) loadFirst(v values.Value) (*Template, error) {
	if err := need(v); err != nil {
		return nil, err
	}
	if name, ok := v.AsString(); ok {
		return r.load(name)
	}
	items, err := Iterate(v)
	if err != nil {
		return nil, typeErrorf("a template's name is a string or a list of strings, not %s", TypeName(v))
	}
	var names []string
	for _, item := range items {
		name, _ := item.AsString()
		names = append(names, name)
		t, err := r.load(name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return t, err
		}
	}
	return nil, &missingTemplate{names}
}

type missingTemplate struct{ names []string }

// Error says which were looked for.
func (e *missingTemplate) Error() string {
	return "none of the templates exists: " + strings.Join(e.names, ", ")
}

// Is makes it a missing file.
func (e *missingTemplate) Is(target error) bool { return target == fs.ErrNotExist }

// includeStmt is {% include name %}.
type includeStmt struct {
	name          expr
	ignoreMissing bool
	context       bool
	at            int
}

func (s *includeStmt) exec(f *frame, out *output) (signal, error) {
	v, err := s.name.eval(f)
	if err != nil {
		return ended, err
	}
	t, err := f.in.loadFirst(v)
	if s.ignoreMissing && errors.Is(err, fs.ErrNotExist) {
		return ended, nil
	}
	if err != nil {
		return ended, locate(f.in.t.source, s.at, err)
	}
	err = newInstance(t, f.in.run, contextOf(f, s.context)).render(out)
	return ended, locate(f.in.t.source, s.at, err)
}

func contextOf(f *frame, with bool) Scope {
	if with {
		return f
	}
	return nil
}

// importStmt is {% import name as target %}, or {% from name import a as b %}.
type importStmt struct {
	name    expr
	target  int // symbol; unused where names are given
	names   []importedName
	context bool
	at      int
}

type importedName struct {
	name string
	sym  int
}

func (s *importStmt) exec(f *frame, _ *output) (signal, error) {
	m, err := s.load(f)
	if err != nil {
		return ended, locate(f.in.t.source, s.at, err)
	}
	if s.names == nil {
		f.set(s.target, values.FromObject(m))
		return ended, nil
	}
	for _, n := range s.names {
		v, ok := m.vars[n.name]
		if !ok {
			v = undefined(n.name, "the template "+m.name+" does not export "+values.Repr(values.String(n.name)))
		}
		f.set(n.sym, v)
	}
	return ended, nil
}

func (s *importStmt) load(f *frame) (*module, error) {
	v, err := s.name.eval(f)
	if err != nil {
		return nil, err
	}
	t, err := f.in.loadFirst(v)
	if err != nil {
		return nil, err
	}
	in := newInstance(t, f.in.run, contextOf(f, s.context))
	if err := in.render(&output{run: f.in.run}); err != nil {
		return nil, err
	}
	return &module{t.pos.File, in.exports}, nil
}
