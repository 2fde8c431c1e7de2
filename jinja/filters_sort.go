package jinja

import (
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Sorted sorts keys and gives the order of their indexes; equal keys keep theirs.
func Sorted(keys []values.Value, reverse bool) ([]int, error) {
	at := make([]int, len(keys))
	for i := range at {
		at[i] = i
	}
	var failed error
	compare := func(i, j int) int {
		if failed != nil {
			return 0
		}
		c, err := threeWay(keys[i], keys[j])
		if err != nil {
			failed = err
		}
		if reverse {
			return -c
		}
		return c
	}
	slices.SortStableFunc(at, compare)
	return at, failed
}

// threeWay orders any two values that Python's < knows.
func threeWay(a, b values.Value) (int, error) {
	if a.Kind() != values.KindObject && b.Kind() != values.KindObject {
		c, err := order("<", a, b)
		if c == unordered {
			c = 0
		}
		return c, err
	}
	less, err := ordered("<", a, b)
	if err != nil || less {
		return -1, err
	}
	more, err := ordered("<", b, a)
	if err != nil || !more {
		return 0, err
	}
	return 1, nil
}

func pickIndexes(items []values.Value, at []int) []values.Value {
	picked := make([]values.Value, len(at))
	for i, from := range at {
		picked[i] = items[from]
	}
	return picked
}

// getter computes something from an element.
type getter func(values.Value) (values.Value, error)

func mapItems(items []values.Value, get getter) ([]values.Value, error) {
	mapped := make([]values.Value, len(items))
	for i, item := range items {
		v, err := get(item)
		if err != nil {
			return nil, err
		}
		mapped[i] = v
	}
	return mapped, nil
}

// attributeGetter gives a.b.0 of an element; def, where not nil, stands for what is undefined.
func attributeGetter(attribute values.Value, def *values.Value) (getter, error) {
	if err := need(attribute); err != nil {
		return nil, err
	}
	parts := []values.Value{attribute}
	if path, ok := attribute.AsString(); ok {
		parts = parts[:0]
		for _, part := range strings.Split(path, ".") {
			parts = append(parts, pathKey(part))
		}
	}
	return func(v values.Value) (values.Value, error) {
		for _, part := range parts {
			o := v
			found, ok, err := Item(o, part)
			if err != nil {
				return v, err
			}
			if v = found; !ok {
				v = values.FromObject(missingElement(o, part))
			}
			if def != nil && IsUndefined(v) {
				v = *def
			}
		}
		return v, nil
	}, nil
}

func pathKey(part string) values.Value {
	for _, r := range part {
		if r < '0' || r > '9' {
			return values.String(part)
		}
	}
	if i, ok := ParseInt(part, 10); ok {
		return i
	}
	return values.String(part)
}

func foldCase(v values.Value) values.Value {
	if s, ok := v.AsString(); ok {
		return values.String(lower(s)).Inherit(v)
	}
	return v
}

// sortKeys gives what items are compared by.
func sortKeys(items []values.Value, attribute values.Value, caseSensitive bool) ([]values.Value, error) {
	keys := items
	if !attribute.IsNull() {
		get, err := attributeGetter(attribute, nil)
		if err != nil {
			return nil, err
		}
		if keys, err = mapItems(items, get); err != nil {
			return nil, err
		}
	}
	if caseSensitive {
		return keys, nil
	}
	return mapItems(keys, func(v values.Value) (values.Value, error) { return foldCase(v), nil })
}

func filterSort(c *Call) (values.Value, error) {
	p := c.Params("reverse", "case_sensitive", "attribute")
	items, err := c.Items()
	reverse, caseSensitive := p.Bool("reverse", false), p.Bool("case_sensitive", false)
	if err := firstError(err, p.Err()); err != nil {
		return values.Null, err
	}
	keys, err := multiKeys(items, p.Value("attribute", values.Null), caseSensitive)
	if err != nil {
		return values.Null, err
	}
	at, err := Sorted(keys, reverse)
	return values.FromSlice(pickIndexes(items, at)), err
}

// multiKeys is sortKeys with several attributes, as in "a,b.c". The keys are lists: what
// is equal is never asked for its order, so that two nulls can be sorted.
func multiKeys(items []values.Value, attribute values.Value, caseSensitive bool) ([]values.Value, error) {
	attributes := []values.Value{attribute}
	if list, ok := attribute.AsString(); ok {
		attributes = values.Strings(strings.Split(list, ",")...).Items()
	}
	keys := make([]values.Value, len(items))
	tuples := make([][]values.Value, len(items))
	for _, attribute := range attributes {
		column, err := sortKeys(items, attribute, caseSensitive)
		if err != nil {
			return nil, err
		}
		for i := range column {
			tuples[i] = append(tuples[i], column[i])
		}
	}
	for i := range tuples {
		keys[i] = values.FromSlice(tuples[i])
	}
	return keys, nil
}

func filterGroupby(c *Call) (values.Value, error) {
	p := c.Params("attribute", "default", "case_sensitive")
	attribute := p.Need("attribute")
	caseSensitive := p.Bool("case_sensitive", false)
	items, err := c.Items()
	if err := firstError(err, p.Err()); err != nil {
		return values.Null, err
	}
	var def *values.Value
	if v, ok := p.Get("default"); ok && !v.IsNull() {
		def = &v
	}
	get, err := attributeGetter(attribute, def)
	if err != nil {
		return values.Null, err
	}
	originals, err := mapItems(items, get)
	if err != nil {
		return values.Null, err
	}
	keys, err := sortKeys(originals, values.Null, caseSensitive)
	if err != nil {
		return values.Null, err
	}
	at, err := Sorted(keys, false)
	if err != nil {
		return values.Null, err
	}
	return groups(items, originals, keys, at), nil
}

// groups makes a pair of key and list for each run of equal keys.
func groups(items, originals, keys []values.Value, at []int) values.Value {
	var pairs []values.Value
	for start := 0; start < len(at); {
		end := start + 1
		for end < len(at) && values.Equal(keys[at[start]], keys[at[end]]) {
			end++
		}
		members := values.FromSlice(pickIndexes(items, at[start:end]))
		pairs = append(pairs, values.TupleOf(originals[at[start]], members))
		start = end
	}
	return values.FromSlice(pairs)
}

func filterDictsort(c *Call) (values.Value, error) {
	p := c.Params("case_sensitive", "by", "reverse")
	caseSensitive, reverse := p.Bool("case_sensitive", false), p.Bool("reverse", false)
	by := p.String("by", "key")
	m, ok, err := AsMap(c.Value)
	if err := firstError(err, p.Err()); err != nil {
		return values.Null, err
	}
	if !ok {
		return values.Null, typeErrorf("dictsort needs a dict, not %s", TypeName(c.Value))
	}
	column := m.Keys()
	switch by {
	case "key":
	case "value":
		column = m.Values()
	default:
		return values.Null, valueErrorf(`dictsort: by must be "key" or "value", not %q`, by)
	}
	keys, err := sortKeys(column, values.Null, caseSensitive)
	if err != nil {
		return values.Null, err
	}
	at, err := Sorted(keys, reverse)
	return values.FromSlice(pickIndexes(pairsOf(m), at)), err
}

// pairsOf gives the entries of a map as tuples.
func pairsOf(m *values.Map) []values.Value {
	pairs := make([]values.Value, 0, m.Len())
	for key, v := range m.All() {
		pairs = append(pairs, values.TupleOf(key, v))
	}
	return pairs
}

func filterItems(c *Call) (values.Value, error) {
	if IsUndefined(c.Value) {
		return values.ListOf(), nil
	}
	m, ok, err := AsMap(c.Value)
	if err != nil {
		return values.Null, err
	}
	if !ok {
		return values.Null, typeErrorf("items needs a mapping, not %s", TypeName(c.Value))
	}
	return values.FromSlice(pairsOf(m)), nil
}
