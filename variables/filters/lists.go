package filters

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

func splitDots(s string) []string { return strings.Split(s, ".") }

// flatten opens lists inside lists; nulls, and the texts None and null, are dropped.
func flatten(c *jinja.Call) (values.Value, error) {
	p := c.Params("levels", "skip_nulls")
	levels := -1
	if v, ok := p.Get("levels"); ok && !v.IsNull() {
		levels = p.Int("levels", -1)
	}
	items, err := c.Items()
	if err := first(p.Err(), err); err != nil {
		return values.Null, err
	}
	f := flattener{skipNulls: p.Bool("skip_nulls", true)}
	f.add(items, levels, 1000)
	return values.FromSlice(f.flat), first(p.Err(), c.Spend(len(f.flat)))
}

type flattener struct {
	flat      []values.Value
	skipNulls bool
}

func (f *flattener) add(items []values.Value, levels, depth int) {
	for _, item := range items {
		text, _ := item.AsString()
		switch {
		case f.skipNulls && (item.IsNull() || text == "None" || text == "null"):
		case item.Kind() == values.KindList && levels != 0 && depth > 0:
			f.add(item.Items(), levels-1, depth-1)
		default:
			f.flat = append(f.flat, item)
		}
	}
}

// columns gives the elements of the value and of each argument.
func columns(c *jinja.Call) ([][]values.Value, error) {
	var lists [][]values.Value
	for _, v := range append([]values.Value{c.Value}, c.Args...) {
		items, err := jinja.Iterate(v)
		if err != nil {
			return nil, err
		}
		lists = append(lists, items)
	}
	return lists, nil
}

func zipFilter(c *jinja.Call) (values.Value, error) {
	lists, err := columns(c)
	p := c.Keywords("strict")
	if err := first(p.Err(), err); err != nil {
		return values.Null, err
	}
	n := len(lists[0])
	for _, l := range lists {
		if p.Bool("strict", false) && len(l) != n {
			return values.Null, fmt.Errorf("zip: the lists are not of the same length")
		}
		n = min(n, len(l))
	}
	return rows(c, lists, n, values.Null)
}

func zipLongest(c *jinja.Call) (values.Value, error) {
	lists, err := columns(c)
	p := c.Keywords("fillvalue")
	if err := first(p.Err(), err); err != nil {
		return values.Null, err
	}
	n := 0
	for _, l := range lists {
		n = max(n, len(l))
	}
	return rows(c, lists, n, p.Value("fillvalue", values.Null))
}

func rows(c *jinja.Call, lists [][]values.Value, n int, fill values.Value) (values.Value, error) {
	zipped := make([]values.Value, n)
	for i := range zipped {
		row := make([]values.Value, len(lists))
		for j, l := range lists {
			row[j] = fill
			if i < len(l) {
				row[j] = l[i]
			}
		}
		zipped[i] = values.TupleOf(row...)
	}
	return values.FromSlice(zipped), c.Spend(n)
}

// product is every combination of one element of each list.
func product(c *jinja.Call) (values.Value, error) {
	lists, err := columns(c)
	p := c.Keywords("repeat")
	repeat := p.Int("repeat", 1)
	if err := first(p.Err(), err, c.Spend(max(repeat, 0))); err != nil {
		return values.Null, err
	}
	if repeat < 0 {
		return values.Null, fmt.Errorf("product: repeat cannot be negative")
	}
	lists = slices.Repeat(lists, repeat)
	tuples := [][]values.Value{nil}
	for _, l := range lists {
		if err := c.Spend(len(tuples) * len(l)); err != nil {
			return values.Null, err
		}
		var longer [][]values.Value
		for _, t := range tuples {
			for _, v := range l {
				longer = append(longer, append(slices.Clip(t), v))
			}
		}
		tuples = longer
	}
	return tupleList(tuples), nil
}

func tupleList(tuples [][]values.Value) values.Value {
	list := make([]values.Value, len(tuples))
	for i, t := range tuples {
		list[i] = values.TupleOf(t...)
	}
	return values.FromSlice(list)
}

// combinations are the ways to choose n elements, permutations also their orders.
func combinations(c *jinja.Call) (values.Value, error) { return selections(c, false) }

func permutations(c *jinja.Call) (values.Value, error) { return selections(c, true) }

func selections(c *jinja.Call, ordered bool) (values.Value, error) {
	p := c.Params("n")
	items, err := c.Items()
	n := p.Int("n", len(items))
	if _, ok := p.Get("n"); !ok && !ordered {
		err = first(err, fmt.Errorf("combinations needs the number of elements to choose"))
	}
	if err := first(p.Err(), err); err != nil {
		return values.Null, err
	}
	if n < 0 {
		return values.Null, fmt.Errorf("%s: the number of elements cannot be negative", c.Name)
	}
	s := selector{c: c, items: items, used: make([]bool, len(items)), ordered: ordered}
	if n <= len(items) {
		err = s.choose(n, 0, nil)
	}
	return tupleList(s.found), err
}

type selector struct {
	c       *jinja.Call
	items   []values.Value
	used    []bool
	ordered bool
	found   [][]values.Value
}

// choose takes n more elements, in order of their indexes.
func (s *selector) choose(n, from int, chosen []values.Value) error {
	if err := s.c.Spend(1); err != nil {
		return err
	}
	if n == 0 {
		s.found = append(s.found, slices.Clone(chosen))
		return nil
	}
	if s.ordered {
		from = 0
	}
	for i := from; i < len(s.items); i++ {
		if s.used[i] {
			continue
		}
		s.used[i] = true
		err := s.choose(n-1, i+1, append(chosen, s.items[i]))
		s.used[i] = false
		if err != nil {
			return err
		}
	}
	return nil
}

// unique keeps the first of equal elements; unless case_sensitive is set, text that
// differs in case only is equal.
func unique(c *jinja.Call) (values.Value, error) {
	p := c.Params("case_sensitive", "attribute")
	items, err := c.Items()
	if err := first(p.Err(), err); err != nil {
		return values.Null, err
	}
	keys := items
	if attribute := p.Value("attribute", values.Null); !attribute.IsNull() {
		mapped, err := c.Filter("map", c.Value, nil, []jinja.Kwarg{{Name: "attribute", Value: attribute}})
		if err != nil {
			return values.Null, err
		}
		keys = mapped.Items()
	}
	return uniqueBy(c, items, keys, p.Bool("case_sensitive", false))
}

// uniqueBy compares without case only where all keys can be keys of a dict, as in Ansible.
func uniqueBy(c *jinja.Call, items, keys []values.Value, caseSensitive bool) (values.Value, error) {
	caseSensitive = caseSensitive || !slices.ContainsFunc(keys, isText) || slices.ContainsFunc(keys, unhashable)
	seen := newSet()
	kept := []values.Value{}
	for i, key := range keys {
		if err := jinja.Defined(key); err != nil {
			return values.Null, err
		}
		if s, ok := key.AsString(); ok && !caseSensitive {
			key = values.String(strings.ToLower(s))
		}
		if seen.add(key) {
			kept = append(kept, items[i])
		}
	}
	return values.FromSlice(kept), c.Spend(len(items))
}

func isText(v values.Value) bool { return v.Kind() == values.KindString }

func unhashable(v values.Value) bool { return !values.NewMap(1).SetKey(v, values.Null) }

// set holds values of any kind: hashable ones in a map, the others in a list.
type set struct {
	hashable *values.Map
	others   []values.Value
}

func newSet() *set { return &set{hashable: values.NewMap(0)} }

func setOf(items []values.Value) *set {
	s := newSet()
	for _, v := range items {
		s.add(v)
	}
	return s
}

func (s *set) has(v values.Value) bool {
	if _, ok := s.hashable.GetKey(v); ok {
		return true
	}
	return has(s.others, v)
}

// add puts v in and reports whether it was new.
func (s *set) add(v values.Value) bool {
	if s.has(v) {
		return false
	}
	if !s.hashable.SetKey(v, values.Null) {
		s.others = append(s.others, v)
	}
	return true
}

// twoLists reads the value and the one argument of the set filters and tests.
func twoLists(c *jinja.Call) (a, b []values.Value, err error) {
	p := c.Params("b")
	other := p.Need("b")
	if p.Err() != nil {
		return nil, nil, p.Err()
	}
	if a, err = jinja.Iterate(c.Value); err != nil {
		return nil, nil, err
	}
	b, err = jinja.Iterate(other)
	return a, b, first(err, c.Spend(len(a)+len(b)))
}

// kept gives the different elements of items for which keep says yes.
func kept(items []values.Value, keep func(values.Value) bool) []values.Value {
	seen := newSet()
	out := []values.Value{}
	for _, v := range items {
		if keep(v) && seen.add(v) {
			out = append(out, v)
		}
	}
	return out
}

func intersect(c *jinja.Call) (values.Value, error) {
	a, b, err := twoLists(c)
	in := setOf(b)
	return values.FromSlice(kept(a, in.has)), err
}

func difference(c *jinja.Call) (values.Value, error) {
	a, b, err := twoLists(c)
	in := setOf(b)
	return values.FromSlice(kept(a, func(v values.Value) bool { return !in.has(v) })), err
}

func union(c *jinja.Call) (values.Value, error) {
	a, b, err := joinable(c)
	return values.FromSlice(kept(slices.Concat(a, b), func(values.Value) bool { return true })), err
}

// joinable is twoLists where only lists can be joined.
func joinable(c *jinja.Call) (a, b []values.Value, err error) {
	a, b, err = twoLists(c)
	if err == nil && c.Value.Kind() != values.KindList {
		err = fmt.Errorf("%s needs lists, not %s", c.Name, jinja.TypeName(c.Value))
	}
	return a, b, err
}

func symmetricDifference(c *jinja.Call) (values.Value, error) {
	a, b, err := joinable(c)
	inA, inB := setOf(a), setOf(b)
	only := kept(slices.Concat(a, b), func(v values.Value) bool { return inA.has(v) != inB.has(v) })
	return values.FromSlice(only), err
}
