package jinja

import (
	"github.com/gdeploy/gdeploy/values"
)

// stmt is a statement of the syntax tree.
type stmt interface {
	exec(f *frame, out *output) (signal, error)
}

// signal says how a statement ended.
type signal uint8

const (
	ended signal = iota
	broken
	continued
)

func execAll(body []stmt, f *frame, out *output) (signal, error) {
	for _, s := range body {
		if sig, err := s.exec(f, out); sig != ended || err != nil {
			return sig, err
		}
	}
	return ended, nil
}

// capture runs body and gives what it prints.
func capture(body []stmt, f *frame) (values.Value, error) {
	out := captured(f.in.run)
	if _, err := execAll(body, f, out); err != nil {
		return values.Null, err
	}
	return out.joined()
}

// textStmt is literal text.
type textStmt struct{ text string }

func (s *textStmt) exec(_ *frame, out *output) (signal, error) { return ended, out.write(s.text) }

// printStmt is {{ x }}.
type printStmt struct {
	x  expr
	at int
}

func (s *printStmt) exec(f *frame, out *output) (signal, error) {
	v, err := s.x.eval(f)
	if err == nil {
		err = Defined(v)
	}
	if err == nil && IsUndefined(v) {
		v = values.String("")
	}
	if finalize := f.in.env.options.Finalize; err == nil && finalize != nil {
		v, err = finalize(v)
	}
	if err == nil {
		err = out.print(v)
	}
	return ended, locate(f.in.t.source, s.at, err)
}

// doStmt is {% do x %}.
type doStmt struct{ x expr }

func (s *doStmt) exec(f *frame, _ *output) (signal, error) {
	_, err := s.x.eval(f)
	return ended, err
}

// jumpStmt is {% break %} or {% continue %}.
type jumpStmt struct{ sig signal }

func (s *jumpStmt) exec(*frame, *output) (signal, error) { return s.sig, nil }

// ifStmt is {% if %} with its {% elif %} and {% else %}.
type ifStmt struct {
	tests  []expr
	bodies [][]stmt // one more than tests where there is an else
	at     int
}

func (s *ifStmt) exec(f *frame, out *output) (signal, error) {
	for i, test := range s.tests {
		ok, err := truthOf(f, test)
		if err != nil {
			return ended, locate(f.in.t.source, s.at, err)
		}
		if ok {
			return execAll(s.bodies[i], f, out)
		}
	}
	if len(s.bodies) > len(s.tests) {
		return execAll(s.bodies[len(s.tests)], f, out)
	}
	return ended, nil
}

// target is what a set or for assigns to.
type target interface {
	assign(f *frame, v values.Value) error
}

type nameTarget struct{ sym int }

func (t nameTarget) assign(f *frame, v values.Value) error {
	f.set(t.sym, v)
	return nil
}

type tupleTarget []target

func (t tupleTarget) assign(f *frame, v values.Value) error {
	items, err := Iterate(v)
	if err != nil {
		return err
	}
	if len(items) != len(t) {
		return valueErrorf("cannot unpack %d values into %d names", len(items), len(t))
	}
	for i := range t {
		if err := t[i].assign(f, items[i]); err != nil {
			return err
		}
	}
	return nil
}

type attrTarget struct {
	sym  int
	attr string
}

func (t attrTarget) assign(f *frame, v values.Value) error {
	o, _, err := f.lookup(t.sym)
	if err != nil {
		return err
	}
	object, _ := o.AsObject()
	n, ok := object.(*namespace)
	if !ok {
		name := f.in.t.symbols[t.sym]
		return typeErrorf("cannot set the attribute %q of %q: only those of namespace() can be set", t.attr, name)
	}
	n.vars.Set(t.attr, v)
	return nil
}

// setStmt is {% set target = x %}.
type setStmt struct {
	target target
	x      expr
	at     int
}

func (s *setStmt) exec(f *frame, _ *output) (signal, error) {
	v, err := s.x.eval(f)
	if err == nil {
		err = s.target.assign(f, v)
	}
	return ended, locate(f.in.t.source, s.at, err)
}

// setBlockStmt is {% set target | filter %}body{% endset %}.
type setBlockStmt struct {
	target  target
	filters []*filterExpr
	body    []stmt
	at      int
}

func (s *setBlockStmt) exec(f *frame, _ *output) (signal, error) {
	v, err := capture(s.body, f.inner())
	if err == nil {
		v, err = applyAll(s.filters, f, v)
	}
	if err == nil {
		err = s.target.assign(f, v)
	}
	return ended, locate(f.in.t.source, s.at, err)
}

func applyAll(filters []*filterExpr, f *frame, v values.Value) (values.Value, error) {
	for _, x := range filters {
		var err error
		if v, err = x.apply(f, v); err != nil {
			return v, err
		}
	}
	return v, nil
}

// filterStmt is {% filter name %}body{% endfilter %}.
type filterStmt struct {
	filters []*filterExpr
	body    []stmt
	at      int
}

func (s *filterStmt) exec(f *frame, out *output) (signal, error) {
	v, err := capture(s.body, f.inner())
	if err == nil {
		v, err = applyAll(s.filters, f, v)
	}
	if err == nil {
		err = Defined(v)
	}
	if err == nil {
		err = out.print(v)
	}
	return ended, locate(f.in.t.source, s.at, err)
}

// scopeStmt is a body with names of its own: {% with %}, {% autoescape false %}.
type scopeStmt struct {
	targets []target
	vals    []expr
	body    []stmt
	at      int
}

func (s *scopeStmt) exec(f *frame, out *output) (signal, error) {
	inner := f.inner()
	vals, err := evalAll(f, s.vals)
	if err != nil {
		return ended, err
	}
	for i, t := range s.targets {
		if err := t.assign(inner, vals[i]); err != nil {
			return ended, locate(f.in.t.source, s.at, err)
		}
	}
	return execAll(s.body, inner, out)
}
