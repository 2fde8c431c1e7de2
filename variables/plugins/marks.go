package plugins

import (
	"github.com/gdeploy/gdeploy/values"
)

// marks gives the results of plugins the marks of what they were made from. Text that went in
// and came out as it was keeps its own; text that a plugin made has those of all that went in,
// since nobody knows what it was made of.
type marks struct {
	all  values.Value
	text map[string]values.Value
}

func newMarks(inputs []values.Value) *marks {
	m := &marks{all: values.Null, text: map[string]values.Value{}}
	for _, v := range inputs {
		m.collect(v)
	}
	return m
}

func (m *marks) collect(v values.Value) {
	m.all = m.all.Inherit(v)
	switch v.Kind() {
	case values.KindList:
		for _, item := range v.Items() {
			m.collect(item)
		}
	case values.KindMap:
		inner, _ := v.AsMap()
		for key, item := range inner.All() {
			m.collect(key)
			m.collect(item)
		}
	case values.KindString, values.KindInt, values.KindFloat:
		text := values.Text(v)
		m.text[text] = m.text[text].Inherit(v)
	}
}

// put marks a result.
func (m *marks) put(v values.Value) values.Value {
	if !m.all.Unsafe() && !m.all.Secret() || v.IsOmit() {
		return v
	}
	switch v.Kind() {
	case values.KindNull, values.KindBool:
		return v
	case values.KindList:
		l, _ := v.AsList()
		items := make([]values.Value, len(l.Items))
		for i, item := range l.Items {
			items[i] = m.put(item)
		}
		return values.FromList(&values.List{Items: items, Tuple: l.Tuple}).Inherit(v)
	case values.KindMap:
		inner, _ := v.AsMap()
		out := values.NewMap(inner.Len())
		for key, item := range inner.All() {
			out.SetKey(m.put(key), m.put(item))
		}
		return values.FromMap(out).Inherit(v)
	case values.KindString, values.KindInt, values.KindFloat:
		if own, ok := m.text[values.Text(v)]; ok {
			return v.Inherit(own)
		}
	}
	return v.Inherit(m.all)
}
