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
		items, err := sc.runLookup(name, "files", c.Args[1:], options)
		if err != nil {
			return sc.lookupFailed(name, err, onError, wantList)
		}
		if wantList {
			return values.FromSlice(items).MarkUnsafe(), nil
		}
		return joinItems(items), nil
	}
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
		case !ok && len(items) == 1:
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
