package variables

import (
	"errors"
	"fmt"
	"time"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/filters"
)

// function makes a function that templates call, for a scope.
type function func(sc *Scope) values.Value

// functions are those that Ansible adds to Jinja's. Variables of the same name hide them.
func functions() map[string]function {
	return map[string]function{
		"lookup": func(sc *Scope) values.Value { return jinja.Func("lookup", sc.lookupFunction(false)) },
		"query":  func(sc *Scope) values.Value { return jinja.Func("query", sc.lookupFunction(true)) },
		"q":      func(sc *Scope) values.Value { return jinja.Func("q", sc.lookupFunction(true)) },
		"now":    func(*Scope) values.Value { return jinja.Func("now", now) },
		"undef":  func(*Scope) values.Value { return jinja.Func("undef", undef) },
	}
}

// now is the controller's time, or its text where a format is given: now(utc, fmt).
func now(c *jinja.Call) (values.Value, error) {
	p := c.Params("utc", "fmt")
	t := time.Now()
	if p.Bool("utc", false) {
		t = t.UTC()
	}
	if format := p.Text("fmt", ""); format != "" {
		return values.String(filters.Strftime(t, format)), p.Err()
	}
	return filters.Datetime(t), p.Err()
}

// undef makes a value whose use is an error that says hint.
func undef(c *jinja.Call) (values.Value, error) {
	p := c.Params("hint")
	u := &jinja.Undefined{Name: "undef", Hint: p.Text("hint", "")}
	if u.Hint == "" {
		u.Hint = "Mandatory variable has not been overridden"
	}
	return values.FromObject(u), p.Err()
}

// lookupFunction is lookup(name, terms..., wantlist=, errors=, options...).
func (sc *Scope) lookupFunction(wantList bool) func(c *jinja.Call) (values.Value, error) {
	return func(c *jinja.Call) (values.Value, error) {
		if len(c.Args) == 0 {
			return values.Null, errors.New("lookup() needs the name of a lookup first, such as lookup('file', 'motd')")
		}
		name := values.Text(c.Args[0])
		onError, wantList := "strict", wantList
		options := values.NewMap(len(c.Kwargs))
		for _, k := range c.Kwargs {
			switch k.Name {
			case "wantlist":
				wantList = k.Value.Truthy()
			case "errors":
				onError = values.Text(k.Value)
			default:
				options.Set(k.Name, k.Value)
			}
		}
		terms, err := sc.lookupTerms(c.Args[1:])
		if err != nil {
			return values.Null, err
		}
		items, err := sc.runLookup(name, "files", terms, options)
		if err != nil {
			return sc.lookupFailed(name, err, onError, wantList)
		}
		if wantList {
			return values.FromSlice(items).MarkUnsafe(), nil
		}
		return joinItems(items), nil
	}
}

// lookupTerms renders the terms of a lookup, as Ansible does it once more: text that a
// template made may be a template itself, unless it came from outside. Nothing in them
// may be undefined.
func (sc *Scope) lookupTerms(args []values.Value) ([]values.Value, error) {
	terms := make([]values.Value, len(args))
	for i, arg := range args {
		if err := jinja.Defined(arg); err != nil {
			return nil, err
		}
		v, err := sc.render(untupled(arg), true)
		if err != nil {
			return nil, err
		}
		terms[i] = v
	}
	return terms, nil
}

// untupled gives v with lists in the place of tuples, at every depth.
func untupled(v values.Value) values.Value {
	if l, ok := v.AsList(); ok {
		items := make([]values.Value, len(l.Items))
		for i, item := range l.Items {
			items[i] = untupled(item)
		}
		return values.FromSlice(items).At(v.Pos()).Inherit(v)
	}
	m, ok := v.AsMap()
	if !ok {
		return v
	}
	out := values.NewMap(m.Len())
	for key, item := range m.All() {
		out.SetKey(key, untupled(item))
	}
	return values.FromMap(out).At(v.Pos()).Inherit(v)
}

func (sc *Scope) lookupFailed(name string, err error, onError string, wantList bool) (values.Value, error) {
	var undefined *jinja.UndefinedError
	var unknown *UnknownLookupError
	if errors.As(err, &undefined) || errors.As(err, &unknown) || onError != "ignore" && onError != "warn" {
		return values.Null, err
	}
	if onError == "warn" {
		sc.warn(fmt.Sprintf("lookup %q: %s", name, err))
	}
	if wantList {
		return values.FromSlice(nil), nil
	}
	return values.Null, nil
}

// joinItems is what lookup() gives: strings joined by commas, a single other value as
// it is, else the list.
func joinItems(items []values.Value) values.Value {
	joined := ""
	for i, item := range items {
		s, ok := item.AsString()
		switch {
		case len(items) == 1 && (!ok || item.Verbatim()):
			return item.MarkUnsafe()
		case !ok:
			return values.FromSlice(items).MarkUnsafe()
		case i > 0:
			joined += ","
		}
		joined += s
	}
	if len(items) == 0 {
		return values.FromSlice(nil).MarkUnsafe()
	}
	return values.String(joined).Inherit(items...).MarkUnsafe()
}
