package jinja

import (
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

const pprintWidth = 80

func filterPprint(c *Call) (values.Value, error) {
	if err := firstError(c.Params().Err(), Defined(c.Value)); err != nil {
		return values.Null, err
	}
	var b strings.Builder
	pprint(&b, c.Value, 0, 0)
	return values.String(b.String()), c.Fits(b.Len())
}

// pprint prints v at a column with room for what follows, one element a line where it
// is too long.
func pprint(b *strings.Builder, v values.Value, column, after int) {
	sorted := sortedMaps(v)
	text := values.Repr(sorted)
	if values.Length(text) <= pprintWidth-column-after || !isContainer(v) {
		b.WriteString(text)
		return
	}
	if m, ok := sorted.AsMap(); ok {
		pprintMap(b, m, column, after)
		return
	}
	l, _ := sorted.AsList()
	open, end := "[", "]"
	if l.Tuple {
		open, end = "(", ")"
	}
	b.WriteString(open)
	for i, item := range l.Items {
		room := 1
		if i == len(l.Items)-1 {
			room = after + 1
		}
		pprint(b, item, column+1, room)
		if i < len(l.Items)-1 {
			b.WriteString(",\n" + strings.Repeat(" ", column+1))
		}
	}
	b.WriteString(end)
}

func pprintMap(b *strings.Builder, m *values.Map, column, after int) {
	b.WriteString("{")
	i := 0
	for key, item := range m.All() {
		room := 1
		if i == m.Len()-1 {
			room = after + 1
		}
		name := values.Repr(key) + ": "
		b.WriteString(name)
		pprint(b, item, column+1+values.Length(name), room)
		if i++; i < m.Len() {
			b.WriteString(",\n" + strings.Repeat(" ", column+1))
		}
	}
	b.WriteString("}")
}

// sortedMaps gives v with all maps ordered by key.
func sortedMaps(v values.Value) values.Value {
	if l, ok := v.AsList(); ok {
		items := make([]values.Value, len(l.Items))
		for i, item := range l.Items {
			items[i] = sortedMaps(item)
		}
		return values.FromList(&values.List{Items: items, Tuple: l.Tuple})
	}
	m, ok := v.AsMap()
	if !ok {
		return v
	}
	at, err := Sorted(m.Keys(), false)
	if err != nil {
		return v
	}
	ordered := values.NewMap(m.Len())
	for _, i := range at {
		ordered.SetKey(m.Keys()[i], sortedMaps(m.Values()[i]))
	}
	return values.FromMap(ordered)
}
