package jinja

import (
	"fmt"

	"github.com/gdeploy/gdeploy/values"
)

// expr is an expression of the syntax tree.
type expr interface {
	eval(f *frame) (values.Value, error)
}

// literalExpr is a constant.
type literalExpr struct{ v values.Value }

func (x *literalExpr) eval(*frame) (values.Value, error) { return x.v, nil }

// nameExpr reads a variable.
type nameExpr struct {
	sym int
	at  int
}

func (x *nameExpr) eval(f *frame) (values.Value, error) {
	v, ok, err := f.lookup(x.sym)
	if err != nil {
		return v, locate(f.in.t.source, x.at, err)
	}
	if !ok {
		pos := f.in.t.position(x.at)
		return values.FromObject(&Undefined{Name: f.in.t.symbols[x.sym], Pos: pos}), nil
	}
	return v, nil
}

// listExpr is [a, b] or, as a tuple, (a, b).
type listExpr struct {
	items []expr
	tuple bool
}

func (x *listExpr) eval(f *frame) (values.Value, error) {
	items, err := evalAll(f, x.items)
	if err != nil {
		return values.Null, err
	}
	return values.FromList(&values.List{Items: items, Tuple: x.tuple}), nil
}

func evalAll(f *frame, exprs []expr) ([]values.Value, error) {
	items := make([]values.Value, len(exprs))
	for i, e := range exprs {
		v, err := e.eval(f)
		if err != nil {
			return nil, err
		}
		items[i] = v
	}
	return items, nil
}

// mapExpr is {a: b}.
type mapExpr struct {
	keys, vals []expr
	at         int
}

func (x *mapExpr) eval(f *frame) (values.Value, error) {
	m := values.NewMap(len(x.keys))
	for i := range x.keys {
		key, err := x.keys[i].eval(f)
		if err != nil {
			return values.Null, err
		}
		v, err := x.vals[i].eval(f)
		if err != nil {
			return values.Null, err
		}
		if err := setKey(m, key, v); err != nil {
			return values.Null, locate(f.in.t.source, x.at, err)
		}
	}
	return values.FromMap(m), nil
}

// setKey sets a key, which must be hashable.
func setKey(m *values.Map, key, v values.Value) error {
	if err := need(key); err != nil {
		return err
	}
	if !m.SetKey(key, v) {
		return typeErrorf("unhashable type: '%s': use a string as the key", TypeName(key))
	}
	return nil
}

// condExpr is a if test else b.
type condExpr struct {
	test, yes, no expr
	at            int
}

func (x *condExpr) eval(f *frame) (values.Value, error) {
	ok, err := truthOf(f, x.test)
	if err != nil {
		return values.Null, locate(f.in.t.source, x.at, err)
	}
	if ok {
		return x.yes.eval(f)
	}
	if x.no != nil {
		return x.no.eval(f)
	}
	pos := f.in.t.position(x.at)
	return values.FromObject(&Undefined{
		Name:  "if",
		Hint:  fmt.Sprintf("the inline if-expression on line %d evaluated to false and no else section was defined.", f.in.t.lineOf(x.at)),
		Pos:   pos,
		Empty: true,
	}), nil
}

func truthOf(f *frame, x expr) (bool, error) {
	v, err := x.eval(f)
	if err != nil {
		return false, err
	}
	return Truth(v)
}

// logicExpr is a and b, or a or b: the operand that decided is the value.
type logicExpr struct {
	left, right expr
	or          bool
}

func (x *logicExpr) eval(f *frame) (values.Value, error) {
	v, err := x.left.eval(f)
	if err != nil {
		return v, err
	}
	ok, err := Truth(v)
	if err != nil {
		return v, err
	}
	if ok == x.or {
		return v, nil
	}
	return x.right.eval(f)
}

// notExpr is not a.
type notExpr struct{ x expr }

func (x *notExpr) eval(f *frame) (values.Value, error) {
	ok, err := truthOf(f, x.x)
	return values.Bool(!ok), err
}

// unaryExpr is -a or +a.
type unaryExpr struct {
	op string
	x  expr
	at int
}

func (x *unaryExpr) eval(f *frame) (values.Value, error) {
	v, err := x.x.eval(f)
	if err != nil {
		return v, err
	}
	r, err := negate(x.op, v)
	return r.Inherit(v), locate(f.in.t.source, x.at, err)
}

// binaryExpr is a + b and its like.
type binaryExpr struct {
	op          string
	left, right expr
	at          int
}

func (x *binaryExpr) eval(f *frame) (values.Value, error) {
	a, err := x.left.eval(f)
	if err != nil {
		return a, err
	}
	b, err := x.right.eval(f)
	if err != nil {
		return b, err
	}
	v, err := f.in.binary(x.op, a, b)
	if err != nil {
		return v, locate(f.in.t.source, x.at, err)
	}
	return v, nil
}

// concatExpr is a ~ b ~ c.
type concatExpr struct {
	parts []expr
	at    int
}

func (x *concatExpr) eval(f *frame) (values.Value, error) {
	out := output{run: f.in.run}
	for _, part := range x.parts {
		v, err := part.eval(f)
		if err == nil {
			err = Defined(v)
		}
		if err == nil {
			err = out.print(v)
		}
		if err != nil {
			return v, locate(f.in.t.source, x.at, err)
		}
	}
	out.printed -= out.text.Len()
	return out.value(), nil
}

// compareExpr is a < b <= c.
type compareExpr struct {
	first expr
	rest  []comparison
}

type comparison struct {
	op string
	x  expr
	at int
}

func (x *compareExpr) eval(f *frame) (values.Value, error) {
	a, err := x.first.eval(f)
	if err != nil {
		return a, err
	}
	for _, c := range x.rest {
		b, err := c.x.eval(f)
		if err != nil {
			return b, err
		}
		ok, err := compare(c.op, a, b)
		if err != nil {
			return values.Null, locate(f.in.t.source, c.at, err)
		}
		if !ok {
			return values.False, nil
		}
		a = b
	}
	return values.True, nil
}
