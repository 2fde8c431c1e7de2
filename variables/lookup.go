package variables

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Lookup finds data on the controller for lookup('name', ...), query and with_name.
// What it gives is marked unsafe by the caller.
type Lookup func(q *Query) ([]values.Value, error)

// Query is one use of a lookup.
type Query struct {
	Scope *Scope
	// Terms are the arguments behind the name, or the items of a with_; they are
	// rendered already.
	Terms []values.Value
	// Options are the keyword arguments.
	Options *values.Map
	// Store is the run's.
	Store *Store
}

// UnknownLookupError is a lookup that gdeploy does not have.
type UnknownLookupError struct {
	Name string
	// Hint is what to use instead; often empty.
	Hint string
}

// Error names the lookup.
func (e *UnknownLookupError) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("lookup plugin (%s) not found", e.Name)
	}
	return fmt.Sprintf("lookup plugin (%s) not found: %s", e.Name, e.Hint)
}

// HasLookup reports whether templates and with_ may use the lookup name.
func (s *Store) HasLookup(name string) bool { return s.lookup(name) != nil }

func (s *Store) lookup(name string) Lookup {
	for _, prefix := range []string{"ansible.builtin.", "ansible.legacy."} {
		name = strings.TrimPrefix(name, prefix)
	}
	return s.options.Lookups[name]
}

func (sc *Scope) runLookup(name string, terms []values.Value, options *values.Map) ([]values.Value, error) {
	run := sc.store.lookup(name)
	if run == nil {
		return nil, sc.store.unknownLookup(name)
	}
	return run(&Query{Scope: sc, Terms: terms, Options: options, Store: sc.store})
}

func (s *Store) unknownLookup(name string) error {
	names := make([]string, 0, len(s.options.Lookups))
	for known := range s.options.Lookups {
		names = append(names, known)
	}
	slices.Sort(names)
	hint := ""
	if near := nearest(name, names); len(near) > 0 {
		hint = "did you mean " + near[0] + "?"
	}
	return &UnknownLookupError{Name: name, Hint: hint}
}

// Loop gives the items of with_<lookup>; terms are as written. For loop: use Render.
func (sc *Scope) Loop(lookup string, terms values.Value) ([]values.Value, error) {
	rendered, err := sc.loopTerms(lookup, terms)
	if err != nil {
		return nil, sc.explainError(err)
	}
	items, err := sc.runLookup(lookup, rendered, values.NewMap(0))
	if err != nil {
		return nil, sc.explainError(err)
	}
	return values.FromSlice(items).MarkUnsafe().Items(), nil
}

// loopTerms renders the terms of a with_. Those of first_found that are made of
// something undefined are left out: it goes on to the next.
func (sc *Scope) loopTerms(lookup string, terms values.Value) ([]values.Value, error) {
	if lookup == "first_found" && terms.Kind() == values.KindList {
		var out []values.Value
		for _, term := range terms.Items() {
			v, err := sc.render(term, true)
			if _, undefined := undefinedIn(err); undefined {
				continue
			}
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	}
	if s, ok := terms.AsString(); ok {
		terms = values.String(strings.TrimSpace(s)).At(terms.Pos()).Inherit(terms)
	}
	v, err := sc.render(terms, true)
	if err != nil {
		return nil, err
	}
	if v.Kind() == values.KindList {
		return v.Items(), nil
	}
	return []values.Value{v}, nil
}

// warn tells the operator something that is not an error.
func (sc *Scope) warn(msg string) {
	if sc.store.options.Warn != nil {
		sc.store.options.Warn(msg)
	}
}
