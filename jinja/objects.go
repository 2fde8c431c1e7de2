package jinja

import (
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Callable is an Object that templates can call.
type Callable interface {
	Call(c *Call) (values.Value, error)
}

// Attributer is an Object with attributes: {{ o.name }}.
type Attributer interface {
	Attr(name string) (v values.Value, ok bool, err error)
}

// Itemer is an Object with elements: {{ o[key] }}, and {{ key in o }}.
type Itemer interface {
	Item(key values.Value) (v values.Value, ok bool, err error)
}

// Iterable is an Object that loops and filters can go through.
type Iterable interface {
	Iterate() ([]values.Value, error)
}

// Mapping is an Object that stands for a map, such as the lazy hostvars; Map makes
// all of it, for the methods and filters that need all.
type Mapping interface {
	Map() (*values.Map, error)
}

// Function is a named Go function that templates can call.
type Function struct {
	Name string
	Fn   func(c *Call) (values.Value, error)
}

// Func makes a callable value.
func Func(name string, fn func(c *Call) (values.Value, error)) values.Value {
	return values.FromObject(&Function{Name: name, Fn: fn})
}

// TypeName is "function".
func (fn *Function) TypeName() string { return "function" }

// Repr shows the function's name.
func (fn *Function) Repr() string { return "<function " + fn.Name + ">" }

// Call calls it.
func (fn *Function) Call(c *Call) (values.Value, error) { return fn.Fn(c) }

// AsMap gives the map that v is, or that the Object v stands for.
func AsMap(v values.Value) (*values.Map, bool, error) {
	if m, ok := v.AsMap(); ok {
		return m, true, nil
	}
	if o, ok := v.AsObject(); ok {
		if mapping, ok := o.(Mapping); ok {
			m, err := mapping.Map()
			return m, true, err
		}
	}
	return nil, false, nil
}

// Iterate gives what a for loop over v goes through: the elements of a list, the keys
// of a map, the characters of a string. The caller must not change the slice.
func Iterate(v values.Value) ([]values.Value, error) {
	switch v.Kind() {
	case values.KindList:
		return v.Items(), nil
	case values.KindMap:
		m, _ := v.AsMap()
		return m.Keys(), nil
	case values.KindString:
		s, _ := v.AsString()
		return characters(s, v), nil
	case values.KindObject:
		return iterateObject(v)
	}
	return nil, notIterable(v)
}

func iterateObject(v values.Value) ([]values.Value, error) {
	if err := need(v); err != nil {
		return nil, err
	}
	o, _ := v.AsObject()
	switch o := o.(type) {
	case *Undefined:
		return nil, nil
	case Iterable:
		return o.Iterate()
	case Mapping:
		m, err := o.Map()
		if err != nil {
			return nil, err
		}
		return m.Keys(), nil
	}
	return nil, notIterable(v)
}

func notIterable(v values.Value) error {
	return typeErrorf("'%s' object is not iterable", TypeName(v))
}

func characters(s string, marks values.Value) []values.Value {
	runes := values.Runes(s)
	items := make([]values.Value, len(runes))
	for i := range runes {
		items[i] = values.String(values.FromRunes(runes[i : i+1])).Inherit(marks)
	}
	return items
}

// namespace is the value of namespace(): the one thing that {% set n.x = 1 %} changes.
type namespace struct{ vars *values.Map }

// TypeName is what type_debug and messages show.
func (n *namespace) TypeName() string { return "Namespace" }

// Repr is how it prints.
func (n *namespace) Repr() string {
	return "<Namespace " + values.Repr(values.FromMap(n.vars)) + ">"
}

// Attr gives its attributes.
func (n *namespace) Attr(name string) (values.Value, bool, error) {
	v, ok := n.vars.Get(name)
	return v, ok, nil
}

// module is an imported template.
type module struct {
	name string
	*exports
}

// TypeName is what type_debug and messages show.
func (m *module) TypeName() string { return "TemplateModule" }

// Repr is how it prints.
func (m *module) Repr() string { return "<TemplateModule " + m.name + ">" }

// Attr gives its attributes.
func (m *module) Attr(name string) (values.Value, bool, error) {
	v, ok := m.vars[name]
	return v, ok && !strings.HasPrefix(name, "_"), nil
}

// cycler is the value of cycler().
type cycler struct {
	items []values.Value
	at    int
}

// TypeName is what type_debug and messages show.
func (c *cycler) TypeName() string { return "Cycler" }

// Attr gives its attributes.
func (c *cycler) Attr(name string) (values.Value, bool, error) {
	switch name {
	case "current":
		return c.items[c.at], true, nil
	case "next":
		return Func(name, func(*Call) (values.Value, error) {
			v := c.items[c.at]
			c.at = (c.at + 1) % len(c.items)
			return v, nil
		}), true, nil
	case "reset":
		return Func(name, func(*Call) (values.Value, error) {
			c.at = 0
			return values.Null, nil
		}), true, nil
	}
	return values.Null, false, nil
}

// joiner is the value of joiner(): nothing when first called, then the separator.
type joiner struct {
	separator values.Value
	used      bool
}

// TypeName is what type_debug and messages show.
func (j *joiner) TypeName() string { return "Joiner" }

// Call runs it.
func (j *joiner) Call(*Call) (values.Value, error) {
	if !j.used {
		j.used = true
		return values.String(""), nil
	}
	return j.separator, nil
}

// Missing is the undefined value of an element that o does not have.
func Missing(o, key values.Value) values.Value { return values.FromObject(missingElement(o, key)) }

// Plain turns an Object that stands for a map or list into plain data; other values
// stay as they are, and other objects are an error.
func Plain(v values.Value) (values.Value, error) {
	if v.Kind() != values.KindObject {
		return v, nil
	}
	if o, _ := v.AsObject(); o != nil {
		if p, ok := o.(Plainer); ok {
			return p.Plain().Inherit(v), nil
		}
	}
	return plainData(v)
}

// Plainer is an object that has a plain value, which Ansible's encoders write for it.
type Plainer interface{ Plain() values.Value }

// PlainAll is Plain for everything inside v too. What has no object inside stays itself.
func PlainAll(v values.Value) (values.Value, error) {
	if !hasObjects(v, maxNesting) {
		return v, nil
	}
	return plainTo(v, maxNesting)
}

func hasObjects(v values.Value, depth int) bool {
	items := v.Items()
	switch m, isMap := v.AsMap(); {
	case isMap:
		items = m.Values()
	case v.Kind() == values.KindObject || depth == 0:
		return true
	}
	return slices.ContainsFunc(items, func(item values.Value) bool { return hasObjects(item, depth-1) })
}

func plainTo(v values.Value, depth int) (values.Value, error) {
	if depth == 0 {
		return v, limitErrorf("a value is nested more than %d levels deep", maxNesting)
	}
	v, err := Plain(v)
	if err != nil {
		return v, err
	}
	switch v.Kind() {
	case values.KindList:
		l, _ := v.AsList()
		items, err := mapItems(l.Items, func(item values.Value) (values.Value, error) { return plainTo(item, depth-1) })
		return values.FromList(&values.List{Items: items, Tuple: l.Tuple}).Inherit(v), err
	case values.KindMap:
		m, _ := v.AsMap()
		plain := values.NewMap(m.Len())
		for key, item := range m.All() {
			if item, err = plainTo(item, depth-1); err != nil {
				return v, err
			}
			plain.SetKey(key, item)
		}
		return values.FromMap(plain).Inherit(v), nil
	}
	return v, nil
}
