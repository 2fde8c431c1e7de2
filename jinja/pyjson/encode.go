// Package pyjson writes and reads JSON as Python's json module does: its spacing, its
// escapes, floats that keep their point, integers of any size, NaN and Infinity.
package pyjson

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
)

// Options are json.dumps's; the zero Options are its defaults but for SortKeys and
// ASCII, which callers say.
type Options struct {
	// Indent is put before each level; with Indented false all stands on one line.
	Indent   string
	Indented bool
	SortKeys bool
	// ASCII escapes everything else.
	ASCII bool
	// ItemSeparator and KeySeparator replace ", " (or "," when indented) and ": ".
	ItemSeparator, KeySeparator string
	// Default, where set, turns an Object into plain data.
	Default func(values.Value) (values.Value, error)
}

// maxDepth bounds nesting: data that contains itself has no end.
const maxDepth = 1000

type encoder struct {
	Options
	b     strings.Builder
	depth int
}

// Encode gives v as JSON.
func Encode(v values.Value, o Options) (string, error) {
	if o.KeySeparator == "" {
		o.KeySeparator = ": "
	}
	if o.ItemSeparator == "" {
		o.ItemSeparator = ", "
		if o.Indented {
			o.ItemSeparator = ","
		}
	}
	e := &encoder{Options: o}
	err := e.value(v)
	return e.b.String(), err
}

func (e *encoder) value(v values.Value) error {
	switch v.Kind() {
	case values.KindList:
		return e.list(v.Items())
	case values.KindMap:
		m, _ := v.AsMap()
		return e.object(m)
	case values.KindString:
		s, _ := v.AsString()
		e.str(s)
		return nil
	case values.KindObject, values.KindOmit:
		return e.other(v)
	}
	e.b.WriteString(scalar(v))
	return nil
}

func (e *encoder) other(v values.Value) error {
	if v.IsOmit() {
		e.str(values.Text(v)) // a parameter that was left out has no place in data
		return nil
	}
	if e.Default == nil {
		return fmt.Errorf("an object of type %s is not JSON serializable", v.Kind())
	}
	plain, err := e.Default(v)
	if err != nil {
		return err
	}
	if e.depth++; e.depth > maxDepth {
		return errTooDeep
	}
	defer func() { e.depth-- }()
	return e.value(plain)
}

var errTooDeep = fmt.Errorf("the data is nested more than %d levels deep", maxDepth)

// scalar writes null, bools and numbers.
func scalar(v values.Value) string {
	if v.IsNull() {
		return "null"
	}
	if b, ok := v.AsBool(); ok {
		return strconv.FormatBool(b)
	}
	f, ok := v.AsFloat()
	switch {
	case !ok:
		return values.Text(v)
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 1):
		return "Infinity"
	case math.IsInf(f, -1):
		return "-Infinity"
	}
	return values.FloatText(f)
}

func (e *encoder) list(items []values.Value) error {
	return e.container("[", "]", len(items), func(i int) error { return e.value(items[i]) })
}

func (e *encoder) container(open, end string, n int, element func(i int) error) error {
	e.b.WriteString(open)
	if n == 0 {
		e.b.WriteString(end)
		return nil
	}
	if e.depth++; e.depth > maxDepth {
		return errTooDeep
	}
	for i := range n {
		if i > 0 {
			e.b.WriteString(e.ItemSeparator)
		}
		e.newline()
		if err := element(i); err != nil {
			return err
		}
	}
	e.depth--
	e.newline()
	e.b.WriteString(end)
	return nil
}

func (e *encoder) newline() {
	if e.Indented {
		e.b.WriteByte('\n')
		for range e.depth {
			e.b.WriteString(e.Indent)
		}
	}
}

type entry struct {
	key   string
	value values.Value
}

func (e *encoder) object(m *values.Map) error {
	entries := make([]entry, 0, m.Len())
	kinds := map[bool]bool{}
	for key, v := range m.All() {
		text, err := keyText(key)
		if err != nil {
			return err
		}
		kinds[key.Kind() == values.KindString] = true
		entries = append(entries, entry{text, v})
	}
	if e.SortKeys {
		if len(kinds) > 1 {
			return fmt.Errorf("'<' not supported between keys of different types: the keys of a dict must all be strings to be sorted")
		}
		sort.SliceStable(entries, sortOrder(m, entries, kinds[true]))
	}
	return e.container("{", "}", len(entries), func(i int) error {
		e.str(entries[i].key)
		e.b.WriteString(e.KeySeparator)
		return e.value(entries[i].value)
	})
}

// sortOrder sorts strings as text, and numbers as numbers.
func sortOrder(m *values.Map, entries []entry, text bool) func(i, j int) bool {
	if text {
		return func(i, j int) bool { return entries[i].key < entries[j].key }
	}
	number := map[string]float64{}
	for _, key := range m.Keys() {
		if s, err := keyText(key); err == nil {
			number[s] = numeric(key)
		}
	}
	return func(i, j int) bool { return number[entries[i].key] < number[entries[j].key] }
}

func numeric(key values.Value) float64 {
	if b, ok := key.AsBool(); ok && b {
		return 1
	}
	f, _ := strconv.ParseFloat(values.Text(key), 64)
	return f
}

func keyText(key values.Value) (string, error) {
	switch key.Kind() {
	case values.KindString:
		s, _ := key.AsString()
		return s, nil
	case values.KindNull, values.KindBool, values.KindInt, values.KindFloat:
		return scalar(key), nil
	}
	return "", fmt.Errorf("keys must be str, int, float, bool or None, not %s", key.Kind())
}

var shortEscapes = map[rune]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`}

func (e *encoder) str(s string) {
	e.b.WriteByte('"')
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		invalid := r == utf8.RuneError && size == 1
		if invalid {
			r = 0xDC00 + rune(s[i])
		}
		e.rune(r, s[i:i+size], invalid)
		i += size
	}
	e.b.WriteByte('"')
}

func (e *encoder) rune(r rune, raw string, invalid bool) {
	if short, ok := shortEscapes[r]; ok {
		e.b.WriteString(short)
		return
	}
	switch {
	case r < 0x20 || r > 0x7e && e.ASCII && r <= 0xFFFF && r != 0x7f || invalid && e.ASCII:
		fmt.Fprintf(&e.b, `\u%04x`, r)
	case r > 0xFFFF && e.ASCII:
		r -= 0x10000
		fmt.Fprintf(&e.b, `\u%04x\u%04x`, 0xD800+r>>10, 0xDC00+r&0x3FF)
	default:
		e.b.WriteString(raw)
	}
}
