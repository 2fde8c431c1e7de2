package yaml

import (
	"github.com/gdeploy/gdeploy/values"
)

// canonical writes v with tags everywhere, as PyYAML's canonical form has it.
func (e *emitter) canonical(v values.Value) {
	switch v.Kind() {
	case values.KindList:
		e.tagged("!!seq", "[", "]", len(v.Items()), func() {
			for _, item := range v.Items() {
				e.newLine()
				e.canonical(item)
				e.indicator(",", false, false, false)
			}
		})
	case values.KindMap:
		m, _ := v.AsMap()
		e.tagged("!!map", "{", "}", m.Len(), func() {
			for _, key := range e.keys(m) {
				e.newLine()
				e.indicator("?", true, false, false)
				e.canonical(key)
				e.newLine()
				e.indicator(":", true, false, false)
				item, _ := m.GetKey(key)
				e.canonical(item)
				e.indicator(",", false, false, false)
			}
		})
	default:
		text, _ := scalarText(v)
		e.indicator(tagOf(v.Kind()), true, false, false)
		outer := e.indent
		e.indent = max(e.indent, 0) + e.layout.Indent
		e.double(text, true)
		e.indent = outer
	}
}

// tagged writes a collection of n entries between brackets.
func (e *emitter) tagged(tag, open, shut string, n int, entries func()) {
	e.indicator(tag, true, false, false)
	e.indicator(open, true, true, false)
	outer := e.indent
	e.indent = max(e.indent, 0) + e.layout.Indent
	entries()
	e.indent = outer
	if n > 0 {
		e.newLine()
	}
	e.indicator(shut, false, false, false)
}

func tagOf(kind values.Kind) string {
	switch kind {
	case values.KindNull:
		return "!!null"
	case values.KindBool:
		return "!!bool"
	case values.KindInt:
		return "!!int"
	case values.KindFloat:
		return "!!float"
	}
	return "!!str"
}
