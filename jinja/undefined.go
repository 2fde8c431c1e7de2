package jinja

import (
	"fmt"

	"github.com/gdeploy/gdeploy/values"
)

// Undefined is the value of a name that does not exist. Asking whether it is defined
// and giving it a default work; every other use is an *UndefinedError.
type Undefined struct {
	// Name is the name, attribute or index that is missing.
	Name string
	// Hint says what is missing in a sentence; empty means "'Name' is undefined".
	Hint string
	// Path is the whole chain where it is known, such as nested.q.
	Path string
	// Pos is where the template used it.
	Pos values.Position
	// Empty marks the value of an inline if without else: it prints as nothing.
	Empty bool
}

// TypeName is what type_debug shows.
func (u *Undefined) TypeName() string { return "AnsibleUndefined" }

// Truthy is false; the engine asks Truth, which fails.
func (u *Undefined) Truthy() bool { return false }

// Err is the error that using u gives.
func (u *Undefined) Err() error {
	msg := u.Hint
	if msg == "" {
		msg = fmt.Sprintf("%s is undefined", values.Repr(values.String(u.Name)))
	}
	return &UndefinedError{Name: u.Name, Path: u.Path, Msg: msg, Pos: u.Pos}
}

// IsUndefined reports whether v is undefined.
func IsUndefined(v values.Value) bool {
	_, ok := asUndefined(v)
	return ok
}

func asUndefined(v values.Value) (*Undefined, bool) {
	o, ok := v.AsObject()
	if !ok {
		return nil, false
	}
	u, ok := o.(*Undefined)
	return u, ok
}

func undefined(name, hint string) values.Value {
	return values.FromObject(&Undefined{Name: name, Hint: hint})
}

// need fails where v itself is undefined and not just empty.
func need(v values.Value) error {
	if u, ok := asUndefined(v); ok && !u.Empty {
		return u.Err()
	}
	return nil
}

// Repr is what a list shows; printed alone it is nothing.
func (u *Undefined) Repr() string { return "Undefined" }

// chained is what an attribute of something undefined is.
func chained(v values.Value) values.Value {
	if u, _ := asUndefined(v); u.Empty {
		strict := *u
		strict.Empty = false
		return values.FromObject(&strict)
	}
	return v
}

// Truth is Python's truth of v; it fails where v is undefined.
func Truth(v values.Value) (bool, error) {
	if b, ok := v.AsBool(); ok {
		return b, nil
	}
	if err := need(v); err != nil {
		return false, err
	}
	return v.Truthy(), nil
}

// maxNesting is how deep lists and maps may nest before they count as endless.
const maxNesting = 1000

// Defined fails where v, or anything inside it, is undefined.
func Defined(v values.Value) error { return definedTo(v, maxNesting) }

func definedTo(v values.Value, depth int) error {
	switch v.Kind() {
	case values.KindObject:
		return need(v)
	case values.KindList:
		return allDefined(v.Items(), depth)
	case values.KindMap:
		m, _ := v.AsMap()
		return allDefined(m.Values(), depth)
	}
	return nil
}

func allDefined(items []values.Value, depth int) error {
	if depth == 0 {
		return limitErrorf("a value is nested more than %d levels deep", maxNesting)
	}
	for _, item := range items {
		if err := definedTo(item, depth-1); err != nil {
			return err
		}
	}
	return nil
}
