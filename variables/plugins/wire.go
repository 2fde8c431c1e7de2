package plugins

import (
	"errors"
	"fmt"
	"time"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/filters"
)

// wire is the values of one call on their way to Python and back: python/wire.py tells how they
// are written. It keeps what only gdeploy can use, under numbers.
type wire struct {
	token string
	live  []values.Value
}

// maxNesting is how deep values may nest, as the codec has it.
const maxNesting = 400

func (w *wire) special(parts ...values.Value) values.Value {
	return values.TupleOf(append([]values.Value{values.String(w.token)}, parts...)...)
}

// to makes v something that the codec can write.
func (w *wire) to(v values.Value) (values.Value, error) { return w.toDepth(v, maxNesting) }

func (w *wire) toDepth(v values.Value, depth int) (values.Value, error) {
	if depth == 0 {
		return v, fmt.Errorf("a value is nested more than %d levels deep", maxNesting)
	}
	if l, ok := v.AsList(); ok {
		items := make([]values.Value, len(l.Items))
		for i, item := range l.Items {
			var err error
			if items[i], err = w.toDepth(item, depth-1); err != nil {
				return v, err
			}
		}
		return values.FromList(&values.List{Items: items, Tuple: l.Tuple}).Inherit(v), nil
	}
	if m, ok := v.AsMap(); ok {
		out := values.NewMap(m.Len())
		for key, item := range m.All() {
			item, err := w.toDepth(item, depth-1)
			if err != nil {
				return v, err
			}
			out.SetKey(key, item)
		}
		return values.FromMap(out).Inherit(v), nil
	}
	if o, ok := v.AsObject(); ok {
		return w.object(v, o, depth)
	}
	return v, nil
}

// object writes what is no plain value.
func (w *wire) object(v values.Value, o values.Object, depth int) (values.Value, error) {
	if t, ok := filters.Time(v); ok {
		return w.special(values.String("datetime"), values.String(t.Format("2006-01-02T15:04:05.999999"))), nil
	}
	switch o := o.(type) {
	case *jinja.Undefined:
		return w.special(values.String("undefined"), nameOrNull(o.Name), values.String(message(o))), nil
	case *set:
		items, err := w.toDepth(values.FromSlice(o.items), depth-1)
		return w.special(values.String("set"), items, values.Null), err
	case *foreign:
		return w.special(values.String("python"), values.Int(o.number)), nil
	case jinja.Mapping:
		return w.keep("live map", v), nil
	case jinja.Callable:
		return w.keep("live", v), nil
	case jinja.Iterable:
		items, err := o.Iterate()
		if err != nil {
			return v, err
		}
		return w.toDepth(values.FromSlice(items).Inherit(v), depth-1)
	}
	return w.keep("live", v), nil
}

// message is what using u says.
func message(u *jinja.Undefined) string {
	var undefined *jinja.UndefinedError
	if errors.As(u.Err(), &undefined) {
		return undefined.Msg
	}
	return ""
}

func nameOrNull(name string) values.Value {
	if name == "" {
		return values.Null
	}
	return values.String(name)
}

// keep gives Python a number for what only gdeploy can use.
func (w *wire) keep(how string, v values.Value) values.Value {
	w.live = append(w.live, v)
	return w.special(values.String(how), values.Int(int64(len(w.live)-1)), values.String(values.Text(v)))
}

// kept gives what stands for a number that Python sends.
func (w *wire) kept(number values.Value) (values.Value, bool) {
	n, ok := number.AsInt()
	if !ok || n < 0 || int(n) >= len(w.live) {
		return values.Null, false
	}
	return w.live[n], true
}

// from gives the value that Python wrote as v.
func (w *wire) from(v values.Value) (values.Value, error) {
	if l, ok := v.AsList(); ok {
		if l.Tuple && len(l.Items) > 1 && values.Text(l.Items[0]) == w.token {
			return w.fromSpecial(l.Items[1:])
		}
		items := make([]values.Value, len(l.Items))
		for i, item := range l.Items {
			var err error
			if items[i], err = w.from(item); err != nil {
				return v, err
			}
		}
		return values.FromList(&values.List{Items: items, Tuple: l.Tuple}).Inherit(v), nil
	}
	m, ok := v.AsMap()
	if !ok {
		return v, nil
	}
	out := values.NewMap(m.Len())
	for key, item := range m.All() {
		item, err := w.from(item)
		if err != nil {
			return v, err
		}
		out.SetKey(key, item)
	}
	return values.FromMap(out).Inherit(v), nil
}

func (w *wire) fromSpecial(parts []values.Value) (values.Value, error) {
	what, arg := values.Text(parts[0]), parts[1:]
	switch {
	case what == "set" && len(arg) == 2:
		items, err := w.from(arg[0])
		return values.FromObject(&set{items: items.Items(), repr: values.Text(arg[1])}), err
	case what == "undefined" && len(arg) == 2:
		u := &jinja.Undefined{}
		u.Name, _ = arg[0].AsString()
		u.Hint, _ = arg[1].AsString()
		return values.FromObject(u), nil
	case what == "datetime" && len(arg) == 1:
		return readTime(values.Text(arg[0]))
	case what == "live" && len(arg) == 1:
		if v, ok := w.kept(arg[0]); ok {
			return v, nil
		}
	case what == "python" && len(arg) == 4:
		n, _ := arg[0].AsInt()
		return values.FromObject(&foreign{number: n, kind: values.Text(arg[1]), text: values.Text(arg[2]), repr: values.Text(arg[3])}), nil
	}
	return values.Null, fmt.Errorf("the answer of a plugin cannot be read: %q", what)
}

func readTime(text string) (values.Value, error) {
	for _, layout := range []string{"2006-01-02T15:04:05.999999", "2006-01-02T15:04:05.999999Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return filters.Datetime(t), nil
		}
	}
	return values.Null, fmt.Errorf("the answer of a plugin cannot be read: %q is no time", text)
}

// set is a set of Python's.
type set struct {
	items []values.Value
	repr  string
}

// TypeName is "set".
func (*set) TypeName() string { return "set" }

// Truthy is false for an empty set.
func (s *set) Truthy() bool { return len(s.items) > 0 }

// Repr is how Python prints it.
func (s *set) Repr() string { return s.repr }

// Iterate gives the elements in Python's order.
func (s *set) Iterate() ([]values.Value, error) { return s.items, nil }

// Item tells whether a value is in it.
func (s *set) Item(key values.Value) (values.Value, bool, error) {
	for _, item := range s.items {
		if values.Equal(item, key) {
			return item, true, nil
		}
	}
	return values.Null, false, nil
}

// Plain is its elements as a list, which results and JSON show.
func (s *set) Plain() values.Value { return values.FromSlice(s.items) }

// foreign is an object of Python's that gdeploy can only print, and give back to plugins.
type foreign struct {
	number           int64
	kind, text, repr string
}

// TypeName is the name of its class.
func (f *foreign) TypeName() string { return f.kind }

// Truthy is true: what it stands for is not known here.
func (f *foreign) Truthy() bool { return true }

// Str prints it as Python's str() does.
func (f *foreign) Str() string { return f.text }

// Repr prints it as Python's repr() does.
func (f *foreign) Repr() string { return f.repr }

// Plain is its text.
func (f *foreign) Plain() values.Value { return values.String(f.text) }
