package plugins

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// Error is what a plugin ended with.
type Error struct {
	// Kind is filter, test or lookup, Name the plugin's name and File where it is.
	Kind, Name, File string
	// Line is file:line of the place where it went wrong; empty where it is not known.
	Line string
	// Said is the last line that Python has on it, such as "KeyError: 'x'".
	Said string
	// Message is what the plugin itself tells the operator, by one of Ansible's errors; else empty.
	Message string
}

// Error gives the plugin's own message, or what Python says and where.
func (e *Error) Error() string {
	if e.Message != "" && e.Kind != lookupKind {
		return e.Message
	}
	where := e.Line
	if !strings.HasPrefix(where, e.File+":") {
		where = e.File
	}
	if e.Kind == lookupKind {
		return fmt.Sprintf("An unhandled exception occurred while running the lookup plugin '%s' (%s): %s", e.Name, where, e.Said)
	}
	return fmt.Sprintf("%s %s (%s): %s", e.Kind, e.Name, where, e.Said)
}

// Filter gives the filter of a name; nil where there is none of the user's own.
func (s *Set) Filter(name string) (jinja.Filter, error) {
	file, short, err := s.lookFor(filterKind, name)
	if err != nil || file == "" {
		return nil, err
	}
	return func(c *jinja.Call) (values.Value, error) {
		v, err := s.call(filterKind, file, short, c)
		if err != nil {
			return values.Null, err
		}
		return c.Pick(v)
	}, nil
}

// Test gives the test of a name; nil where there is none of the user's own.
func (s *Set) Test(name string) (jinja.Test, error) {
	file, short, err := s.lookFor(testKind, name)
	if err != nil || file == "" {
		return nil, err
	}
	return func(c *jinja.Call) (bool, error) {
		v, err := s.call(testKind, file, short, c)
		return v.Truthy(), err
	}, nil
}

// call runs a filter or test.
func (s *Set) call(kind, file, name string, c *jinja.Call) (values.Value, error) {
	kwargs := values.NewMap(len(c.Kwargs))
	for _, k := range c.Kwargs {
		kwargs.Set(k.Name, k.Value)
	}
	inputs := append([]values.Value{c.Value}, c.Args...)
	p := &plugin{set: s, kind: kind, file: file, name: name, wire: &wire{token: s.python.token}}
	frame := values.NewMap(7)
	p.put(frame, "value", c.Value)
	p.put(frame, "args", values.FromSlice(c.Args))
	p.put(frame, "kwargs", values.FromMap(kwargs))
	inputs = append(inputs, kwargs.Values()...)
	v, err := p.run(c.Ctx, frame, inputs, func(what string, q *values.Map) (values.Value, error) { return p.ofTemplate(c, what, q) })
	if u := sameUndefined(err, inputs); u != nil {
		return v, u
	}
	return v, err
}

// sameUndefined gives the error of the input that err says is undefined, which knows its place.
func sameUndefined(err error, inputs []values.Value) error {
	var undefined *jinja.UndefinedError
	if !errors.As(err, &undefined) {
		return nil
	}
	for _, v := range inputs {
		o, _ := v.AsObject()
		if u, ok := o.(*jinja.Undefined); ok && message(u) == undefined.Msg {
			return u.Err()
		}
	}
	return nil
}

// plugin is one call of a plugin.
type plugin struct {
	set              *Set
	kind, file, name string
	wire             *wire
	failed           error          // what could not be sent
	given            []values.Value // what the plugin asked for
}

// put adds a value to a frame.
func (p *plugin) put(frame *values.Map, key string, v values.Value) {
	v, err := p.wire.to(v)
	if p.failed == nil {
		p.failed = err
	}
	frame.Set(key, v)
}

// run sends the call and marks what comes back.
func (p *plugin) run(ctx context.Context, frame *values.Map, inputs []values.Value, answer answerer) (values.Value, error) {
	if p.failed != nil {
		return values.Null, p.failed
	}
	frame.Set("do", values.String(p.kind))
	frame.Set("file", values.String(p.file))
	frame.Set("name", values.String(p.name))
	got, err := p.set.python.call(ctx, p.set.options.Timeout, frame, answer)
	var ended *endedError
	if errors.As(err, &ended) {
		return values.Null, &Error{Kind: p.kind, Name: p.name, File: p.file, Said: ended.why}
	}
	if err != nil {
		return values.Null, err
	}
	if told, ok := got.Get("error"); ok {
		return values.Null, p.fault(told)
	}
	result, _ := got.Get("result")
	v, err := p.wire.from(result)
	return newMarks(append(inputs, p.given...)).put(v), err
}

// fault makes an error of what Python tells of an exception.
func (p *plugin) fault(told values.Value) error {
	text := func(key string) string {
		v, _ := told.Get(key)
		return values.Text(v)
	}
	if p.set.options.Verbosity >= 3 && p.set.options.Print != nil {
		p.set.options.Print(text("trace"))
	}
	e := &Error{Kind: p.kind, Name: p.name, File: p.file, Line: text("line"), Said: text("last")}
	switch text("kind") {
	case "undefined":
		return &jinja.UndefinedError{Msg: text("message")}
	case "ansible":
		e.Message = text("message")
	}
	return e
}

// errorKey tells Python which exception an error is.
func errorKey(err error) string {
	var undefined *jinja.UndefinedError
	if errors.As(err, &undefined) {
		return "undefined"
	}
	return "error"
}

// ofTemplate answers what filters and tests ask, by the template that calls them.
func (p *plugin) ofTemplate(c *jinja.Call, what string, q *values.Map) (values.Value, error) {
	name, _ := q.Get("name")
	switch what {
	case "variable", "raw":
		v, ok, err := c.Scope().Lookup(values.Text(name))
		return p.perhaps(v, ok, err)
	case "names":
		return values.Strings(c.Names()...), nil
	case "has":
		kind, _ := q.Get("kind")
		if values.Text(kind) == filterKind {
			return values.Bool(c.Environment().HasFilter(values.Text(name))), nil
		}
		return values.Bool(c.Environment().HasTest(values.Text(name))), nil
	case filterKind, testKind:
		return p.back(c, what, values.Text(name), q)
	}
	return p.ofLive(what, q)
}

// back calls a filter or test for a plugin.
func (p *plugin) back(c *jinja.Call, kind, name string, q *values.Map) (values.Value, error) {
	value, _ := q.Get("value")
	given, _ := q.Get("args")
	named, _ := q.Get("kwargs")
	value, err := p.wire.from(value)
	args, err2 := p.wire.from(given)
	kwargs, err3 := p.wire.from(named)
	if err := errors.Join(err, err2, err3); err != nil {
		return values.Null, err
	}
	var list []jinja.Kwarg
	if m, ok := kwargs.AsMap(); ok {
		for key, v := range m.All() {
			list = append(list, jinja.Kwarg{Name: values.Text(key), Value: v})
		}
	}
	if kind == testKind {
		ok, err := c.Test(name, value, args.Items(), list)
		return values.Bool(ok), err
	}
	v, err := c.Filter(name, value, args.Items(), list)
	if err != nil {
		return v, err
	}
	return p.hand(v)
}

// perhaps answers with a list: of one value, or of none.
func (p *plugin) perhaps(v values.Value, ok bool, err error) (values.Value, error) {
	if err != nil || !ok {
		return values.FromSlice(nil), err
	}
	v, err = p.hand(v)
	return values.ListOf(v), err
}

// hand gives the plugin a value that it asked for. Its result may be made of that.
func (p *plugin) hand(v values.Value) (values.Value, error) {
	p.given = append(p.given, v)
	return p.wire.to(v)
}

// ofLive answers what is asked of a map of gdeploy's, such as hostvars.
func (p *plugin) ofLive(what string, q *values.Map) (values.Value, error) {
	of, _ := q.Get("of")
	v, ok := p.wire.kept(of)
	if !ok || what != "item" && what != "keys" {
		return values.Null, fmt.Errorf("a %s plugin cannot ask gdeploy for %q", p.kind, what)
	}
	o, _ := v.AsObject()
	if key, _ := q.Get("key"); what == "item" {
		if itemer, ok := o.(jinja.Itemer); ok {
			v, has, err := itemer.Item(key)
			return p.perhaps(v, has, err)
		}
	}
	m, _, err := jinja.AsMap(v)
	if err != nil {
		return values.Null, err
	}
	if key, _ := q.Get("key"); what == "item" {
		v, ok := m.GetKey(key)
		return p.perhaps(v, ok, nil)
	}
	return values.FromSlice(m.Keys()), nil
}
