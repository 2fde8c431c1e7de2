package filters

import (
	"fmt"
	"slices"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

func dict2items(c *jinja.Call) (values.Value, error) {
	p := c.Params("key_name", "value_name")
	key, value := p.String("key_name", "key"), p.String("value_name", "value")
	m, ok, err := jinja.AsMap(c.Value)
	if err := first(p.Err(), err); err != nil {
		return values.Null, err
	}
	if !ok {
		return values.Null, fmt.Errorf("dict2items requires a dictionary, got <class '%s'> instead.", jinja.TypeName(c.Value))
	}
	items := make([]values.Value, 0, m.Len())
	for k, v := range m.All() {
		items = append(items, values.MapOf(key, k, value, v))
	}
	return values.FromSlice(items), nil
}

func items2dict(c *jinja.Call) (values.Value, error) {
	p := c.Params("key_name", "value_name")
	key, value := p.String("key_name", "key"), p.String("value_name", "value")
	if c.Value.Kind() != values.KindList {
		return values.Null, fmt.Errorf("items2dict requires a list, got <class '%s'> instead.", jinja.TypeName(c.Value))
	}
	m := values.NewMap(0)
	for _, item := range c.Value.Items() {
		k, okKey := item.Get(key)
		v, okValue := item.Get(value)
		if !okKey || !okValue {
			return values.Null, fmt.Errorf("items2dict requires each dictionary in the list to contain the keys %q and %q, got %s instead", key, value, values.Repr(item))
		}
		if !m.SetKey(k, v) {
			return values.Null, fmt.Errorf("items2dict: a %s cannot be a key", jinja.TypeName(k))
		}
	}
	return values.FromMap(m), p.Err()
}

// listMerges say what combine makes of two lists under the same key.
var listMerges = map[string]func(low, high []values.Value) []values.Value{
	"replace":    func(_, high []values.Value) []values.Value { return high },
	"keep":       func(low, _ []values.Value) []values.Value { return low },
	"append":     func(low, high []values.Value) []values.Value { return slices.Concat(low, high) },
	"prepend":    func(low, high []values.Value) []values.Value { return slices.Concat(high, low) },
	"append_rp":  func(low, high []values.Value) []values.Value { return slices.Concat(without(low, high), high) },
	"prepend_rp": func(low, high []values.Value) []values.Value { return slices.Concat(high, without(low, high)) },
}

// without gives the items that are not among dropped.
func without(items, dropped []values.Value) []values.Value {
	return slices.DeleteFunc(slices.Clone(items), func(v values.Value) bool { return has(dropped, v) })
}

func has(items []values.Value, v values.Value) bool {
	return slices.ContainsFunc(items, func(item values.Value) bool { return values.Equal(item, v) })
}

// combine merges dicts; those further right win.
func combine(c *jinja.Call) (values.Value, error) {
	p := c.Keywords("recursive", "list_merge")
	name := p.String("list_merge", "replace")
	g := merger{recursive: p.Bool("recursive", false), lists: listMerges[name], name: name}
	if p.Err() != nil {
		return values.Null, p.Err()
	}
	if g.lists == nil {
		return values.Null, fmt.Errorf("'list_merge' argument can only be equal to 'replace', 'keep', 'append', 'prepend', 'append_rp' or 'prepend_rp', not %q", name)
	}
	var merged *values.Map
	for _, term := range flattenTerms(append([]values.Value{c.Value}, c.Args...)) {
		if err := jinja.Defined(term); err != nil {
			return values.Null, err
		}
		m, ok, err := jinja.AsMap(term)
		if err != nil {
			return values.Null, err
		}
		if !ok {
			return values.Null, fmt.Errorf("failed to combine variables, expected dicts but got %s", values.Repr(term))
		}
		if merged == nil {
			merged = m.Clone()
			continue
		}
		merged = g.merge(merged, m)
	}
	if merged == nil {
		merged = values.NewMap(0)
	}
	return values.FromMap(merged), nil
}

// flattenTerms opens lists of dicts, one level deep, and leaves nulls out.
func flattenTerms(terms []values.Value) []values.Value {
	var flat []values.Value
	for _, t := range terms {
		if t.Kind() == values.KindList {
			flat = append(flat, t.Items()...)
			continue
		}
		flat = append(flat, t)
	}
	return slices.DeleteFunc(flat, isNothing)
}

// isNothing tells null, and the words for it.
func isNothing(v values.Value) bool {
	text, _ := v.AsString()
	return v.IsNull() || text == "None" || text == "null"
}

type merger struct {
	recursive bool
	lists     func(low, high []values.Value) []values.Value
	name      string
}

func (g merger) merge(low, high *values.Map) *values.Map {
	if low.Len() == 0 || values.Equal(values.FromMap(low), values.FromMap(high)) {
		return high.Clone() // equal dicts are not merged: their lists do not double
	}
	merged := low.Clone()
	for key, v := range high.All() {
		before, ok := merged.GetKey(key)
		if ok {
			v = g.value(before, v)
		}
		merged.SetKey(key, v)
	}
	return merged
}

func (g merger) value(low, high values.Value) values.Value {
	lowMap, ok1 := low.AsMap()
	highMap, ok2 := high.AsMap()
	if ok1 && ok2 {
		if !g.recursive {
			return high
		}
		return values.FromMap(g.merge(lowMap, highMap)).Inherit(low, high)
	}
	bothLists := isList(low) && isList(high)
	if !bothLists || g.name == "replace" {
		return high
	}
	return values.FromSlice(g.lists(low.Items(), high.Items())).Inherit(low, high)
}

// isList tells lists from tuples, which combine does not merge.
func isList(v values.Value) bool {
	l, ok := v.AsList()
	return ok && !l.Tuple
}

// rekeyOnMember makes a dict of dicts, keyed by a member of each.
func rekeyOnMember(c *jinja.Call) (values.Value, error) {
	p := c.Params("key", "duplicates")
	p.Need("key")
	key, duplicates := p.String("key", ""), p.String("duplicates", "error")
	if p.Err() != nil {
		return values.Null, p.Err()
	}
	if duplicates != "error" && duplicates != "overwrite" {
		return values.Null, fmt.Errorf("rekey_on_member: duplicates must be error or overwrite, not %q", duplicates)
	}
	items := c.Value.Items()
	if m, ok, err := jinja.AsMap(c.Value); err != nil {
		return values.Null, err
	} else if ok {
		items = m.Values()
	} else if c.Value.Kind() != values.KindList {
		return values.Null, fmt.Errorf("rekey_on_member needs a list or dict, not %s", jinja.TypeName(c.Value))
	}
	keyed := values.NewMap(len(items))
	for _, item := range items {
		k, ok := item.Get(key)
		if !ok {
			return values.Null, fmt.Errorf("Key %s was not found in %s", key, values.Repr(item))
		}
		if _, seen := keyed.GetKey(k); seen && duplicates == "error" {
			return values.Null, fmt.Errorf("Key %s is not unique, cannot correctly turn into dict: use duplicates='overwrite' where the last one counts", values.Text(k))
		}
		keyed.SetKey(k, item)
	}
	return values.FromMap(keyed), nil
}

// subelements pairs each element with each member of a list inside it.
func subelements(c *jinja.Call) (values.Value, error) {
	p := c.Params("subelements", "skip_missing")
	path := p.Need("subelements")
	skip := p.Bool("skip_missing", false)
	if p.Err() != nil {
		return values.Null, p.Err()
	}
	elements := c.Value.Items()
	if m, ok, err := jinja.AsMap(c.Value); err != nil {
		return values.Null, err
	} else if ok {
		elements = m.Values()
	} else if c.Value.Kind() != values.KindList {
		return values.Null, fmt.Errorf("subelements needs a list of dicts or a nested dict, not %s", jinja.TypeName(c.Value))
	}
	keys, err := subelementPath(path)
	if err != nil {
		return values.Null, err
	}
	pairs := []values.Value{}
	for _, element := range elements {
		list, ok, err := descend(element, keys)
		if err != nil {
			return values.Null, err
		}
		if !ok && skip {
			continue
		}
		if !ok {
			return values.Null, fmt.Errorf("could not find '%s' key in iterated item %s; use skip_missing=true where that is fine", values.Text(path), values.Repr(element))
		}
		for _, item := range list {
			pairs = append(pairs, values.TupleOf(element, item))
		}
	}
	return values.FromSlice(pairs), c.Spend(len(pairs))
}

func subelementPath(path values.Value) ([]string, error) {
	if s, ok := path.AsString(); ok {
		return splitDots(s), nil
	}
	var keys []string
	for _, key := range path.Items() {
		keys = append(keys, values.Text(key))
	}
	if keys == nil {
		return nil, fmt.Errorf("subelements: the path must be a list or a string, not %s", jinja.TypeName(path))
	}
	return keys, nil
}

func descend(v values.Value, keys []string) ([]values.Value, bool, error) {
	for _, key := range keys {
		inner, ok := v.Get(key)
		if !ok {
			if _, isMap := v.AsMap(); !isMap {
				return nil, false, fmt.Errorf("the key should point to a dictionary, got %s", values.Repr(v))
			}
			return nil, false, nil
		}
		v = inner
	}
	if v.Kind() != values.KindList {
		return nil, false, fmt.Errorf("subelements: expected a list below %v, got %s", keys, values.Repr(v))
	}
	return v.Items(), true, nil
}
