// Package values holds the one value type that inventories, variables, templates,
// module arguments, results and facts share, and the one codec that carries it
// over the wire, into the journal and into fact caches.
//
// A Value is null, a bool, an integer of any size, a float, a string, a list, an
// ordered map, or a live Object (a function, an undefined name, the lazy hostvars)
// that only the template engine looks into. A value may carry a Note: where it was
// written, whether it is secret, and whether it came from outside and so must never
// be read as a template.
package values

import ()

// Kind tells what a Value is.
type Kind uint8

// The kinds of values.
const (
	KindNull Kind = iota
	KindBool
	KindInt
	KindFloat
	KindString
	KindList
	KindMap
	KindObject
	KindOmit
)

var kindNames = [...]string{"null", "bool", "int", "float", "string", "list", "map", "object", "omit"}

// String gives the kind's name as error messages show it.
func (k Kind) String() string { return kindNames[k] }

// Value is one value with its note. The zero Value is null.
//
// Scalars are immutable; lists and maps are references, as in Python, so that
// {{ l.append(1) }} is seen by every holder of l.
type Value struct {
	data any // nil, bool, int64, longInt, float64, string, *List, *Map, omitted, Object
	note *Note
}

// Object is a live value that is not plain data. It cannot be encoded.
type Object interface {
	// TypeName is the name that error messages use, such as "function".
	TypeName() string
}

// List is a mutable sequence. A tuple prints as (1, 2) and is a list otherwise.
type List struct {
	Items []Value
	Tuple bool
}

type omitted struct{}

// Null is the null value, True and False the bools, and Omit the value of the
// variable omit: a parameter set to it counts as not given.
var (
	Null  = Value{}
	True  = Value{data: true}
	False = Value{data: false}
	Omit  = Value{data: omitted{}}
)

// Bool wraps b.
func Bool(b bool) Value { return Value{data: b} }

// Int wraps i.
func Int(i int64) Value { return Value{data: i} }

// Float wraps f.
func Float(f float64) Value { return Value{data: f} }

// String wraps s, which may hold bytes that are not UTF-8.
func String(s string) Value { return Value{data: s} }

// Strings makes a list of strings.
func Strings(items ...string) Value {
	list := make([]Value, len(items))
	for i, s := range items {
		list[i] = String(s)
	}
	return FromSlice(list)
}

// ListOf makes a list of its arguments.
func ListOf(items ...Value) Value { return FromSlice(items) }

// FromSlice makes a list that owns items.
func FromSlice(items []Value) Value { return Value{data: &List{Items: items}} }

// TupleOf makes a tuple of its arguments.
func TupleOf(items ...Value) Value { return Value{data: &List{Items: items, Tuple: true}} }

// FromList wraps l without copying it.
func FromList(l *List) Value { return Value{data: l} }

// FromMap wraps m without copying it.
func FromMap(m *Map) Value { return Value{data: m} }

// FromObject wraps o.
func FromObject(o Object) Value { return Value{data: o} }

// Kind tells what v is.
func (v Value) Kind() Kind {
	switch v.data.(type) {
	case nil:
		return KindNull
	case bool:
		return KindBool
	case int64, longInt:
		return KindInt
	case float64:
		return KindFloat
	case string:
		return KindString
	case *List:
		return KindList
	case *Map:
		return KindMap
	case omitted:
		return KindOmit
	}
	return KindObject
}

// IsNull reports whether v is null.
func (v Value) IsNull() bool { return v.data == nil }

// IsOmit reports whether v is the value of the variable omit.
func (v Value) IsOmit() bool { _, ok := v.data.(omitted); return ok }

// AsBool gives the bool that v is.
func (v Value) AsBool() (b, ok bool) { b, ok = v.data.(bool); return }

// AsInt gives the integer that v is, where it fits 64 bits.
func (v Value) AsInt() (i int64, ok bool) { i, ok = v.data.(int64); return }

// AsFloat gives the float that v is; integers are not floats.
func (v Value) AsFloat() (f float64, ok bool) { f, ok = v.data.(float64); return }

// AsString gives the string that v is.
func (v Value) AsString() (s string, ok bool) { s, ok = v.data.(string); return }

// AsList gives the list that v is.
func (v Value) AsList() (l *List, ok bool) { l, ok = v.data.(*List); return }

// AsMap gives the map that v is.
func (v Value) AsMap() (m *Map, ok bool) { m, ok = v.data.(*Map); return }

// AsObject gives the live object that v is.
func (v Value) AsObject() (o Object, ok bool) { o, ok = v.data.(Object); return }

// Items gives the elements of a list, and nil for anything else.
func (v Value) Items() []Value {
	if l, ok := v.data.(*List); ok {
		return l.Items
	}
	return nil
}

// Get gives the value of a string key of a map; ok is false where v is no map or
// has no such key.
func (v Value) Get(key string) (Value, bool) {
	if m, ok := v.data.(*Map); ok {
		return m.Get(key)
	}
	return Null, false
}

// Truthy is Python's truth: null, false, zero and whatever is empty are false.
// Objects are true unless they say otherwise by a method Truthy() bool.
func (v Value) Truthy() bool {
	switch d := v.data.(type) {
	case nil:
		return false
	case bool:
		return d
	case int64:
		return d != 0
	case longInt:
		return true
	case float64:
		return d != 0
	case string:
		return d != ""
	case *List:
		return len(d.Items) > 0
	case *Map:
		return d.Len() > 0
	case interface{ Truthy() bool }:
		return d.Truthy()
	}
	return true
}
