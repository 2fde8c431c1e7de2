package yaml

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Layout is how Marshal lays a text out. The zero Layout is what ansible-inventory
// --yaml and PyYAML's block style print: two spaces, 80 columns, sorted keys.
type Layout struct {
	// Indent is spaces per level, 2 to 9; 0 is 2.
	Indent int
	// Width is where long lines fold, in columns; 0 is 80, negative is never.
	Width int
	// ASCII writes characters beyond ASCII as escapes.
	ASCII bool
	// KeepOrder leaves keys in their order instead of sorting them.
	KeepOrder bool
	// FlowLeaves writes lists and maps that hold only scalars on one line: [a, b].
	FlowLeaves bool
	// Flow writes everything like that.
	Flow bool
	// Style is a quote, ' or ", in which every scalar is written, or | for blocks where a text
	// can be one and double quotes elsewhere; 0 leaves each to what it needs. What is no text
	// gets the tag ! then, so that it is read back as what it was, as PyYAML has it.
	Style byte
	// Canonical writes everything with its tag, in double quotes and brackets.
	Canonical bool
	// Blocks writes texts of several lines as such, below a |, where that keeps them.
	Blocks bool
}

// Marshal writes v as YAML in the zero Layout.
func Marshal(v values.Value) []byte { return Layout{}.Marshal(v) }

// Marshal writes v as YAML. Lists and maps that occur more than once become anchors and
// aliases, as PyYAML does it; encrypted values are written with !vault.
func (l Layout) Marshal(v values.Value) []byte {
	l.Indent = cmp.Or(l.Indent, 2)
	if l.Width = cmp.Or(l.Width, 80); l.Width <= l.Indent*2 {
		l.Width = 1 << 30
	}
	e := emitter{layout: l, indent: -1, whitespace: true, indention: true, anchors: map[any]*anchor{}}
	if l.Canonical {
		e.indicator("---", true, false, false)
		e.newLine()
		e.canonical(v)
		e.indent = 0
		e.newLine()
		return e.out
	}
	e.findShared(v)
	e.node(v, inRoot)
	e.indent = 0
	e.newLine()
	return e.out
}

// emitter writes block style as libyaml does; out always holds what is printed so far.
type emitter struct {
	layout Layout
	out    []byte
	indent int // of the innermost block; -1 outside of all
	column int
	flow   int // brackets around
	// whitespace: the last character was a blank; indention: only blanks and
	// indicators stand on this line so far.
	whitespace, indention bool

	anchors map[any]*anchor
	count   int
}

// anchor is the name of a list, map or encrypted value that occurs more than once.
type anchor struct {
	name    string
	printed bool
}

// identity is what makes two occurrences the same thing; nil for scalars.
func identity(v values.Value) any {
	if l, ok := v.AsList(); ok {
		return l
	}
	if m, ok := v.AsMap(); ok {
		return m
	}
	if e, ok := encrypted(v); ok {
		return e
	}
	return nil
}

func encrypted(v values.Value) (*Encrypted, bool) {
	o, _ := v.AsObject()
	e, ok := o.(*Encrypted)
	return e, ok
}

// findShared names what occurs more than once, in the order of the second occurrences.
func (e *emitter) findShared(v values.Value) {
	id := identity(v)
	if id == nil {
		return
	}
	if a := e.anchors[id]; a != nil {
		if a.name == "" {
			e.count++
			a.name = fmt.Sprintf("id%03d", e.count)
		}
		return
	}
	e.anchors[id] = &anchor{}
	for _, item := range v.Items() {
		e.findShared(item)
	}
	if m, ok := v.AsMap(); ok {
		for _, key := range e.keys(m) {
			e.findShared(key)
			item, _ := m.GetKey(key)
			e.findShared(item)
		}
	}
}

func (e *emitter) keys(m *values.Map) []values.Value {
	if e.layout.KeepOrder {
		return m.Keys()
	}
	return SortedKeys(m)
}

// place is where a node stands, as far as its layout depends on it.
type place uint8

const (
	inRoot place = iota
	inList
	inMapping
	inKey
)

func (e *emitter) node(v values.Value, at place) {
	if a := e.anchors[identity(v)]; a != nil && a.name != "" {
		if a.printed {
			e.indicator("*"+a.name, true, false, false)
			return
		}
		a.printed = true
		e.indicator("&"+a.name, true, false, false)
	}
	if secret, ok := encrypted(v); ok {
		e.indicator("!vault", true, false, false)
		e.literal(secret.Text)
		return
	}
	switch flow := e.flow > 0 || e.onOneLine(v); {
	case v.Kind() == values.KindList && flow:
		e.flowList(v.Items())
	case v.Kind() == values.KindList:
		e.list(v.Items(), at)
	case v.Kind() == values.KindMap && flow:
		m, _ := v.AsMap()
		e.flowMapping(m)
	case v.Kind() == values.KindMap:
		m, _ := v.AsMap()
		e.mapping(m)
	default:
		e.scalar(v, at)
	}
}

// onOneLine tells collections that are empty or that the layout wants on one line.
func (e *emitter) onOneLine(v values.Value) bool {
	if e.layout.Flow {
		return true
	}
	if m, ok := v.AsMap(); ok {
		return e.leavesFlow() && allScalars(m.Values()) && allScalars(m.Keys()) || m.Len() == 0
	}
	return e.leavesFlow() && allScalars(v.Items()) || len(v.Items()) == 0
}

// leavesFlow tells whether collections of scalars stand on one line: quoted ones do not.
func (e *emitter) leavesFlow() bool { return e.layout.FlowLeaves && e.layout.Style == 0 }

func allScalars(items []values.Value) bool {
	return !slices.ContainsFunc(items, func(v values.Value) bool { return identity(v) != nil })
}

func (e *emitter) list(items []values.Value, at place) {
	outer := e.indent
	if e.indent < 0 {
		e.indent = 0
	} else if at != inMapping || e.indention {
		e.indent += e.layout.Indent
	}
	for _, item := range items {
		e.newLine()
		e.indicator("-", true, false, true)
		e.node(item, inList)
	}
	e.indent = outer
}

func (e *emitter) mapping(m *values.Map) {
	outer := e.indent
	if e.indent < 0 {
		e.indent = 0
	} else {
		e.indent += e.layout.Indent
	}
	for _, key := range e.keys(m) {
		e.newLine()
		if isSimpleKey(key) {
			e.node(key, inKey)
			e.indicator(":", false, false, false)
		} else {
			e.indicator("?", true, false, true)
			e.node(key, inMapping)
			e.newLine()
			e.indicator(":", true, false, true)
		}
		v, _ := m.GetKey(key)
		e.node(v, inMapping)
	}
	e.indent = outer
}

// isSimpleKey tells keys that stand before a colon on one line from those that need a ?.
func isSimpleKey(key values.Value) bool {
	if identity(key) != nil {
		return len(key.Items()) == 0
	}
	text := values.Text(key)
	return len(text) <= 128 && !strings.ContainsAny(text, "\r\n\u0085\u2028\u2029")
}

func (e *emitter) flowList(items []values.Value) {
	outer := e.open("[")
	for i, item := range items {
		e.comma(i)
		e.node(item, inList)
	}
	e.close("]", outer)
}

func (e *emitter) flowMapping(m *values.Map) {
	outer := e.open("{")
	for i, key := range e.keys(m) {
		e.comma(i)
		if isSimpleKey(key) {
			e.node(key, inKey)
			e.indicator(":", false, false, false)
		} else {
			e.indicator("?", true, false, false)
			e.node(key, inMapping)
			if e.column > e.layout.Width {
				e.newLine()
			}
			e.indicator(":", true, false, false)
		}
		v, _ := m.GetKey(key)
		e.node(v, inMapping)
	}
	e.close("}", outer)
}

func (e *emitter) open(bracket string) (outer int) {
	outer = e.indent
	e.indicator(bracket, true, true, false)
	if e.indent < 0 {
		e.indent = e.layout.Indent
	} else {
		e.indent += e.layout.Indent
	}
	e.flow++
	return outer
}

func (e *emitter) close(bracket string, outer int) {
	e.flow--
	e.indent = outer
	e.indicator(bracket, false, false, false)
}

func (e *emitter) comma(i int) {
	if i > 0 {
		e.indicator(",", false, false, false)
	}
	if e.column > e.layout.Width {
		e.newLine()
	}
}

// indicator writes a piece of syntax, after a blank where it needs one.
func (e *emitter) indicator(s string, needsBlank, isBlank, keepsIndention bool) {
	if needsBlank && !e.whitespace {
		e.put(" ")
	}
	e.put(s)
	e.whitespace = isBlank
	e.indention = e.indention && keepsIndention
}

func (e *emitter) put(s string) {
	e.out = append(e.out, s...)
	e.column += len([]rune(s))
}

func (e *emitter) lineEnd() {
	e.out = append(e.out, '\n')
	e.column = 0
}

// newLine goes to the current indentation, on a new line where this one is used.
func (e *emitter) newLine() {
	indent := max(e.indent, 0)
	if !e.indention || e.column > indent || e.column == indent && !e.whitespace {
		e.lineEnd()
	}
	if e.column < indent {
		e.put(strings.Repeat(" ", indent-e.column))
	}
	e.whitespace, e.indention = true, true
}

// SortedKeys gives a map's keys as Python sorts them: texts by their characters, numbers
// by value; keys of several kinds, which Python cannot sort, stay in their order.
func SortedKeys(m *values.Map) []values.Value {
	keys := slices.Clone(m.Keys())
	texts, numbers := 0, 0
	for _, key := range keys {
		switch key.Kind() {
		case values.KindString:
			texts++
		case values.KindInt, values.KindFloat, values.KindBool:
			numbers++
		}
	}
	switch len(keys) {
	case texts:
		slices.SortStableFunc(keys, func(a, b values.Value) int { return strings.Compare(values.Text(a), values.Text(b)) })
	case numbers:
		slices.SortStableFunc(keys, func(a, b values.Value) int { return cmp.Compare(number(a), number(b)) })
	}
	return keys
}

func number(v values.Value) float64 {
	if f, ok := v.AsFloat(); ok {
		return f
	}
	if b, ok := v.AsBool(); ok {
		if b {
			return 1
		}
		return 0
	}
	big, _ := v.AsBig()
	f, _ := big.Float64()
	return f
}
