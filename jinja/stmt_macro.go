package jinja

import (
	"slices"

	"github.com/gdeploy/gdeploy/values"
)

// signature is what a macro or call block takes.
type signature struct {
	name     string
	params   []int // symbols
	defaults []expr
	body     []stmt
	// the symbols of the three names that a body may use
	varargs, kwargs, caller int
	// which of them it uses
	usesVarargs, usesKwargs, usesCaller bool
	at                                  int
}

// macroStmt is {% macro name(params) %}body{% endmacro %}.
type macroStmt struct {
	signature
	sym int
}

func (s *macroStmt) exec(f *frame, _ *output) (signal, error) {
	f.set(s.sym, values.FromObject(&macro{&s.signature, f}))
	return ended, nil
}

// callStmt is {% call(params) macro(args) %}body{% endcall %}.
type callStmt struct {
	signature
	call *callExpr
}

func (s *callStmt) exec(f *frame, out *output) (signal, error) {
	caller := values.FromObject(&macro{&s.signature, f})
	c := &Call{Ctx: f.in.ctx, frame: f, Kwargs: []Kwarg{{"caller", caller}}}
	v, err := s.call.call(f, c)
	if err == nil {
		err = Defined(v)
	}
	if err == nil {
		err = out.print(v)
	}
	return ended, locate(f.in.t.source, s.at, err)
}

// macro is a callable piece of template; it sees the names of where it was defined.
type macro struct {
	*signature
	frame *frame
}

// TypeName is what type_debug and messages show.
func (m *macro) TypeName() string { return "Macro" }

// Repr is how it prints.
func (m *macro) Repr() string { return "<Macro " + values.Repr(values.String(m.name)) + ">" }

// Attr gives what Jinja tells of a macro.
func (m *macro) Attr(name string) (values.Value, bool, error) {
	switch name {
	case "name":
		if m.name == "caller" {
			return values.Null, true, nil
		}
		return values.String(m.name), true, nil
	case "arguments":
		return values.TupleOf(values.Strings(m.paramNames()...).Items()...), true, nil
	case "catch_kwargs":
		return values.Bool(m.usesKwargs), true, nil
	case "catch_varargs":
		return values.Bool(m.usesVarargs), true, nil
	case "caller":
		return values.Bool(m.usesCaller), true, nil
	}
	return values.Null, false, nil
}

func (m *macro) paramNames() []string {
	names := make([]string, len(m.params))
	for i, sym := range m.params {
		names[i] = m.frame.in.t.symbols[sym]
	}
	return names
}

// Call renders the macro's body.
func (m *macro) Call(c *Call) (values.Value, error) {
	in := m.frame.in
	if err := in.enter(); err != nil {
		return values.Null, err
	}
	defer in.leave()
	inner := m.frame.inner()
	if err := m.bind(inner, c); err != nil {
		return values.Null, err
	}
	return capture(m.body, inner)
}

func (m *macro) bind(inner *frame, c *Call) error {
	kwargs := slices.Clone(c.Kwargs)
	given := min(len(c.Args), len(m.params))
	for i, sym := range m.params[:given] {
		inner.set(sym, c.Args[i])
	}
	if err := m.bindRest(inner, given, &kwargs); err != nil {
		return err
	}
	if err := m.bindCaller(inner, &kwargs); err != nil {
		return err
	}
	if extra := c.Args[given:]; m.usesVarargs {
		inner.set(m.varargs, values.TupleOf(extra...))
	} else if len(extra) > 0 {
		return typeErrorf("macro '%s' takes not more than %d argument(s)%s", m.name, len(m.params), among(m.paramNames()))
	}
	if m.usesKwargs {
		inner.set(m.kwargs, kwargsMap(kwargs))
	} else if len(kwargs) > 0 {
		return typeErrorf("macro '%s' takes no keyword argument '%s'%s", m.name, kwargs[0].Name, among(m.paramNames()))
	}
	return nil
}

// bindRest sets the parameters that were not given by place: by name, by default, or undefined.
func (m *macro) bindRest(inner *frame, given int, kwargs *[]Kwarg) error {
	firstDefault := len(m.params) - len(m.defaults)
	for i := given; i < len(m.params); i++ {
		name := m.frame.in.t.symbols[m.params[i]]
		v, ok := takeKwarg(kwargs, name)
		switch {
		case ok:
		case i >= firstDefault:
			var err error
			if v, err = m.defaults[i-firstDefault].eval(inner); err != nil {
				return err
			}
		default:
			v = undefined(name, "parameter '"+name+"' was not provided")
		}
		inner.set(m.params[i], v)
	}
	return nil
}

func (m *macro) bindCaller(inner *frame, kwargs *[]Kwarg) error {
	if !m.usesCaller || slices.Contains(m.params, m.caller) {
		return nil
	}
	v, ok := takeKwarg(kwargs, "caller")
	if !ok {
		v = undefined("caller", "no caller defined: use {% call %} to call the macro")
	}
	inner.set(m.caller, v)
	return nil
}

func takeKwarg(kwargs *[]Kwarg, name string) (values.Value, bool) {
	i := slices.IndexFunc(*kwargs, func(k Kwarg) bool { return k.Name == name })
	if i < 0 {
		return values.Null, false
	}
	v := (*kwargs)[i].Value
	*kwargs = slices.Delete(*kwargs, i, i+1)
	return v, true
}

func kwargsMap(kwargs []Kwarg) values.Value {
	m := values.NewMap(len(kwargs))
	for _, k := range kwargs {
		m.Set(k.Name, k.Value)
	}
	return values.FromMap(m)
}
