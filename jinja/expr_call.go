package jinja

import (
	"github.com/gdeploy/gdeploy/values"
)

// arguments are those of a call, filter or test as written.
type arguments struct {
	positional []expr
	names      []string
	named      []expr
	star       expr // *args
	starstar   expr // **kwargs
}

func (a *arguments) bind(f *frame, c *Call) error {
	if a == nil {
		return nil
	}
	var err error
	if c.Args, err = evalAll(f, a.positional); err != nil {
		return err
	}
	for i, name := range a.names {
		v, err := a.named[i].eval(f)
		if err != nil {
			return err
		}
		c.Kwargs = append(c.Kwargs, Kwarg{name, v})
	}
	return a.unpack(f, c)
}

func (a *arguments) unpack(f *frame, c *Call) error {
	if a.star != nil {
		v, err := a.star.eval(f)
		if err != nil {
			return err
		}
		items, err := Iterate(v)
		if err != nil {
			return err
		}
		c.Args = append(c.Args, items...)
	}
	if a.starstar == nil {
		return nil
	}
	v, err := a.starstar.eval(f)
	if err != nil {
		return err
	}
	m, ok, err := AsMap(v)
	if !ok || err != nil {
		return typeErrorf("argument after ** must be a mapping, not %s", TypeName(v))
	}
	for key, v := range m.All() {
		name, ok := key.AsString()
		if !ok {
			return typeErrorf("keywords must be strings, not %s", TypeName(key))
		}
		c.Kwargs = append(c.Kwargs, Kwarg{name, v})
	}
	return nil
}

// callExpr is fn(args).
type callExpr struct {
	fn   expr
	args *arguments
	at   int
}

func (x *callExpr) eval(f *frame) (values.Value, error) {
	c := &Call{Ctx: f.in.ctx, frame: f}
	v, err := x.call(f, c)
	return v, locate(f.in.t.source, x.at, err)
}

func (x *callExpr) call(f *frame, c *Call) (values.Value, error) {
	if a, ok := x.fn.(*attrExpr); ok {
		return x.callAttribute(f, a, c)
	}
	fn, err := x.fn.eval(f)
	if err != nil {
		return fn, err
	}
	if err := need(fn); err != nil {
		return fn, err
	}
	if err := x.args.bind(f, c); err != nil {
		return fn, err
	}
	return callValue(fn, c)
}

// callAttribute calls o.name(args) without making a value of the method.
func (x *callExpr) callAttribute(f *frame, a *attrExpr, c *Call) (values.Value, error) {
	o, err := a.object.eval(f)
	if err != nil {
		return o, err
	}
	if o.Kind() != values.KindObject {
		if m := methodOf(o, a.name); m != nil {
			if err := x.args.bind(f, c); err != nil {
				return o, err
			}
			c.Name = a.name
			return callMethod(m, o, c)
		}
	}
	fn, ok, err := Attr(o, a.name)
	if err != nil {
		return fn, err
	}
	if !ok {
		fn = missing(f, o, values.String(a.name), a, a.at)
	}
	if err := need(fn); err != nil {
		return fn, err
	}
	if err := x.args.bind(f, c); err != nil {
		return fn, err
	}
	return callValue(fn, c)
}

func callValue(fn values.Value, c *Call) (values.Value, error) {
	if err := need(fn); err != nil {
		return fn, err
	}
	if o, ok := fn.AsObject(); ok {
		if callable, ok := o.(Callable); ok {
			if f, ok := o.(*Function); ok {
				c.Name = f.Name
			}
			return callable.Call(c)
		}
	}
	return values.Null, typeErrorf("'%s' object is not callable", TypeName(fn))
}

func callMethod(m Filter, o values.Value, c *Call) (values.Value, error) {
	c.Value = o
	v, err := m(c)
	if err != nil || c.picked {
		return v, err
	}
	return c.inherit(v), nil
}

// filterExpr is x | name(args).
type filterExpr struct {
	x    expr
	name string
	fn   Filter
	args *arguments
	at   int
}

func (x *filterExpr) eval(f *frame) (values.Value, error) {
	v, err := x.x.eval(f)
	if err != nil {
		return v, err
	}
	return x.apply(f, v)
}

func (x *filterExpr) apply(f *frame, v values.Value) (values.Value, error) {
	c := &Call{Name: x.name, Value: v, Ctx: f.in.ctx, frame: f}
	err := x.args.bind(f, c)
	if err == nil {
		v, err = applyFilter(x.fn, c)
	}
	return v, locate(f.in.t.source, x.at, err)
}

// testExpr is x is name(args).
type testExpr struct {
	x    expr
	name string
	fn   Test
	args *arguments
	at   int
}

func (x *testExpr) eval(f *frame) (values.Value, error) {
	v, err := x.x.eval(f)
	if err != nil {
		return v, err
	}
	c := &Call{Name: x.name, Value: v, Ctx: f.in.ctx, frame: f}
	if err := x.args.bind(f, c); err != nil {
		return values.Null, locate(f.in.t.source, x.at, err)
	}
	ok, err := x.fn(c)
	return values.Bool(ok), locate(f.in.t.source, x.at, err)
}
