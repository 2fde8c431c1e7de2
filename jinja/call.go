package jinja

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Call is one use of a filter, test, method or function.
type Call struct {
	// Name is the filter, test or function as the template names it.
	Name string
	// Value stands left of | or is; the object of a method.
	Value  values.Value
	Args   []values.Value
	Kwargs []Kwarg
	Ctx    context.Context

	frame  *frame
	picked bool
}

// Kwarg is an argument given by name.
type Kwarg struct {
	Name  string
	Value values.Value
}

// Environment is the environment of the template.
func (c *Call) Environment() *Environment { return c.frame.in.env }

// Scope has the variables that the template sees at the call.
func (c *Call) Scope() Scope { return c.frame }

// Names are the variables that the call may look up, as far as the Scope of the render can list
// them.
func (c *Call) Names() []string {
	if s, ok := c.frame.in.scope.(interface{ Names() []string }); ok {
		return s.Names()
	}
	return nil
}

// Pick returns v as one of the inputs, which keeps its own marks: without it a
// filter's result inherits the marks of all that went in.
func (c *Call) Pick(v values.Value) (values.Value, error) {
	c.picked = true
	return v, nil
}

// Spend counts n elements against the limit of loop rounds.
func (c *Call) Spend(n int) error { return c.frame.in.spend(n) }

// Fits checks the size in bytes of a string that is about to be made.
func (c *Call) Fits(size int) error { return c.frame.in.fits(size) }

// Text is the value as Python's str() prints it.
func (c *Call) Text() (string, error) { return textOf(c.Value) }

// Items are the elements of the value.
func (c *Call) Items() ([]values.Value, error) {
	items, err := Iterate(c.Value)
	if err != nil {
		return nil, err
	}
	return items, c.Spend(len(items))
}

// textOf is Python's str(v).
func textOf(v values.Value) (string, error) {
	if s, ok := v.AsString(); ok {
		return s, nil
	}
	if err := Defined(v); err != nil {
		return "", err
	}
	return textOfDefined(v), nil
}

// textOfDefined prints a value that passed Defined.
func textOfDefined(v values.Value) string {
	if IsUndefined(v) {
		return ""
	}
	return values.Text(v)
}

// Filter applies the filter name to v.
func (c *Call) Filter(name string, v values.Value, args []values.Value, kwargs []Kwarg) (values.Value, error) {
	fn, err := c.Environment().filter(name)
	if err != nil || fn == nil {
		return values.Null, firstError(err, unknownName(c.Environment(), "filter", name))
	}
	return applyFilter(fn, &Call{Name: name, Value: v, Args: args, Kwargs: kwargs, Ctx: c.Ctx, frame: c.frame})
}

// Test asks whether v is name(args...).
func (c *Call) Test(name string, v values.Value, args []values.Value, kwargs []Kwarg) (bool, error) {
	fn, err := c.Environment().test(name)
	if err != nil || fn == nil {
		return false, firstError(err, unknownName(c.Environment(), "test", name))
	}
	return fn(&Call{Name: name, Value: v, Args: args, Kwargs: kwargs, Ctx: c.Ctx, frame: c.frame})
}

// Invoke calls the callable value fn.
func (c *Call) Invoke(fn values.Value, args []values.Value, kwargs []Kwarg) (values.Value, error) {
	return callValue(fn, &Call{Args: args, Kwargs: kwargs, Ctx: c.Ctx, frame: c.frame})
}

func applyFilter(fn Filter, c *Call) (values.Value, error) {
	if err := need(c.Value); err != nil && !c.Environment().takesUndefined(c.Name) {
		return values.Null, err
	}
	v, err := fn(c)
	if err != nil || c.picked {
		return v, err
	}
	return c.inherit(v), nil
}

// inherit gives a new result the marks of everything that the call got.
func (c *Call) inherit(v values.Value) values.Value {
	if len(c.Args) == 0 && len(c.Kwargs) == 0 {
		return inheritAll(v, c.Value)
	}
	from := append([]values.Value{c.Value}, c.Args...)
	for _, k := range c.Kwargs {
		from = append(from, k.Value)
	}
	return inheritAll(v, from...)
}

// Params binds the arguments of the call to parameter names, in Python's way.
type Params struct {
	names  []string
	values []values.Value
	given  []bool
	err    error
}

// Params binds the call's arguments to names. Mistakes are collected for Err.
func (c *Call) Params(names ...string) *Params {
	p := &Params{names: names, values: make([]values.Value, len(names)), given: make([]bool, len(names))}
	if len(c.Args) > len(names) {
		p.fail(typeErrorf("%s() takes at most %d arguments but %d were given%s", c.Name, len(names), len(c.Args), among(names)))
		return p
	}
	for i, v := range c.Args {
		p.values[i], p.given[i] = v, true
	}
	for _, k := range c.Kwargs {
		i := slices.Index(names, k.Name)
		switch {
		case i < 0:
			p.fail(typeErrorf("%s() got an unexpected keyword argument '%s'%s", c.Name, k.Name, among(names)))
		case p.given[i]:
			p.fail(typeErrorf("%s() got multiple values for argument '%s'", c.Name, k.Name))
		default:
			p.values[i], p.given[i] = k.Value, true
		}
	}
	return p
}

// Keywords binds only the arguments by name, for what takes any number by place.
func (c *Call) Keywords(names ...string) *Params {
	byName := &Call{Name: c.Name, Kwargs: c.Kwargs}
	return byName.Params(names...)
}

func among(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; it takes " + strings.Join(names, ", ")
}

func (p *Params) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// Err is the first mistake in the arguments.
func (p *Params) Err() error { return p.err }

// Get gives an argument and whether it was given.
func (p *Params) Get(name string) (values.Value, bool) {
	i := slices.Index(p.names, name)
	if i < 0 {
		panic(fmt.Sprintf("jinja: no parameter %q among %q", name, p.names))
	}
	return p.values[i], p.given[i]
}

// Value gives an argument, or def where it was not given.
func (p *Params) Value(name string, def values.Value) values.Value {
	if v, ok := p.Get(name); ok {
		return v
	}
	return def
}

// Need gives an argument that must be given and defined.
func (p *Params) Need(name string) values.Value {
	v, ok := p.Get(name)
	if !ok {
		p.fail(typeErrorf("missing required argument '%s'", name))
	}
	p.fail1(need(v))
	return v
}

func (p *Params) fail1(err error) {
	if err != nil {
		p.fail(err)
	}
}

// Int gives an integer argument, or def where it was not given.
func (p *Params) Int(name string, def int) int {
	v, ok := p.Get(name)
	if !ok {
		return def
	}
	i, ok := asSmall(v)
	if !ok || int64(int(i)) != i {
		p.fail1(need(v))
		p.fail(typeErrorf("argument '%s' must be an integer, not %s", name, TypeName(v)))
	}
	return int(i)
}

// String gives a string argument, or def where it was not given.
func (p *Params) String(name, def string) string {
	v, ok := p.Get(name)
	if !ok {
		return def
	}
	s, ok := v.AsString()
	if !ok {
		p.fail1(need(v))
		p.fail(typeErrorf("argument '%s' must be a string, not %s", name, TypeName(v)))
	}
	return s
}

// Text gives an argument as text, or def where it was not given.
func (p *Params) Text(name, def string) string {
	v, ok := p.Get(name)
	if !ok {
		return def
	}
	s, err := textOf(v)
	p.fail1(err)
	return s
}

// Bool gives the truth of an argument, or def where it was not given.
func (p *Params) Bool(name string, def bool) bool {
	v, ok := p.Get(name)
	if !ok {
		return def
	}
	b, err := Truth(v)
	p.fail1(err)
	return b
}
