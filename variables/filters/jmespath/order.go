package jmespath

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// compare orders numbers, or texts.
func compare(a, b values.Value) (int, error) {
	s, text1 := a.AsString()
	t, text2 := b.AsString()
	switch {
	case text1 && text2:
		return strings.Compare(s, t), nil
	case text1 || text2:
		return 0, jinja.TypeError(fmt.Sprintf("'<' not supported between instances of '%s' and '%s'", jinja.TypeName(a), jinja.TypeName(b)))
	}
	return rational(a).Cmp(rational(b)), nil
}

// extreme gives the first of the greatest (sign 1) or smallest (-1) elements.
func extreme(sign int) func([]values.Value) (values.Value, error) {
	return func(args []values.Value) (values.Value, error) {
		return pick(args[0].Items(), args[0].Items(), sign)
	}
}

func extremeBy(sign int) func([]values.Value) (values.Value, error) {
	return func(args []values.Value) (values.Value, error) {
		by, err := keysBy(args[0].Items(), referenceOf(args[1]))
		if err != nil {
			return values.Null, err
		}
		return pick(args[0].Items(), by, sign)
	}
}

func pick(items, by []values.Value, sign int) (values.Value, error) {
	if len(items) == 0 {
		return values.Null, nil
	}
	best := 0
	for i := range by {
		order, err := compare(by[i], by[best])
		if err != nil {
			return values.Null, err
		}
		if order*sign > 0 {
			best = i
		}
	}
	return items[best], nil
}

// keysBy computes what to order by: all numbers, or all strings.
func keysBy(items []values.Value, r *reference) ([]values.Value, error) {
	by := make([]values.Value, len(items))
	for i, item := range items {
		v, err := r.of(item)
		if err != nil {
			return nil, err
		}
		if !comparable(v) || i > 0 && typeOf(v) != typeOf(by[0]) {
			//lint:ignore ST1005 as Python's library says it
			return nil, fmt.Errorf("invalid type for value: %s, expected one of: ['number', 'string'], received: %q", values.Text(v), typeOf(v))
		}
		by[i] = v
	}
	return by, nil
}

func sorted(args []values.Value) (values.Value, error) {
	return sortedBy(args[0].Items(), args[0].Items())
}

func sortBy(args []values.Value) (values.Value, error) {
	by, err := keysBy(args[0].Items(), referenceOf(args[1]))
	if err != nil {
		return values.Null, err
	}
	return sortedBy(args[0].Items(), by)
}

func sortedBy(items, by []values.Value) (values.Value, error) {
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		c, _ := compare(by[i], by[j]) // the types were checked
		return c
	})
	out := make([]values.Value, len(items))
	for i, from := range order {
		out[i] = items[from]
	}
	return values.FromSlice(out), nil
}
