package executor

import (
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// pretty writes a value as Python's pprint does: keys in order, and in one line what fits
// into 80 columns. What is written begins in that column.
func pretty(v values.Value, column int) string {
	flat := values.Repr(sortedKeys(v))
	if column+len(flat) < 80 || v.Kind() != values.KindMap && v.Kind() != values.KindList {
		return flat
	}
	var parts []string
	open, shut := "[", "]"
	if m, ok := sortedKeys(v).AsMap(); ok {
		open, shut = "{", "}"
		for key, item := range m.All() {
			name := values.Repr(key) + ": "
			parts = append(parts, name+pretty(item, column+1+len(name)))
		}
	} else {
		for _, item := range v.Items() {
			parts = append(parts, pretty(item, column+1))
		}
	}
	return open + strings.Join(parts, ",\n"+strings.Repeat(" ", column+1)) + shut
}

// sortedKeys gives a value whose maps have their keys in order.
func sortedKeys(v values.Value) values.Value {
	switch v.Kind() {
	case values.KindMap:
		m, _ := v.AsMap()
		keys := m.Keys()
		slices.SortFunc(keys, func(a, b values.Value) int { return strings.Compare(values.Text(a), values.Text(b)) })
		ordered := values.NewMap(m.Len())
		for _, key := range keys {
			item, _ := m.GetKey(key)
			ordered.SetKey(key, sortedKeys(item))
		}
		return values.FromMap(ordered)
	case values.KindList:
		items := make([]values.Value, len(v.Items()))
		for i, item := range v.Items() {
			items[i] = sortedKeys(item)
		}
		return values.FromSlice(items)
	}
	return v
}
