package values

import (
	"fmt"
	"math"
	"strconv"
	"unicode/utf8"
)

// The codec is JSON with five escapes, so that what JSON cannot say survives too. An
// object with a single key that starts with "$" is one of them:
//
//	{"$omit": true}            the value of omit
//	{"$float": "nan"}          NaN and the infinities
//	{"$tuple": [..]}           a tuple
//	{"$map": [[k, v], ..]}     a map with keys that are not strings, or with a key that looks like an escape
//	{"$unsafe": v}, {"$secret": v}   a value with that mark
//
// Floats always carry a point or an exponent, integers never do; bytes that are not
// UTF-8 are written as the lone surrogates \udc80..\udcff, as Python's surrogateescape.

// maxDepth bounds nesting, so that hostile input cannot exhaust the stack.
const maxDepth = 500

// Encode writes v with its marks; Decode reads it back as it was, without positions.
// It gives an error for live objects.
func Encode(v Value) ([]byte, error) {
	e := encoder{marks: true}
	err := e.value(v, 0)
	return e.out, err
}

// JSON writes v as plain JSON for people and other programs: without marks, tuples as
// lists, keys as strings. Live objects are written as their printed form.
func JSON(v Value) []byte {
	e := encoder{}
	_ = e.value(v, 0) // a plain encoder prints what it cannot represent
	return e.out
}

// MarshalJSON is Encode, so that structs with values in them can be encoded.
func (v Value) MarshalJSON() ([]byte, error) { return Encode(v) }

// UnmarshalJSON is Decode.
func (v *Value) UnmarshalJSON(data []byte) error {
	decoded, err := Decode(data)
	*v = decoded
	return err
}

// NotData is why a live object, such as hostvars, cannot be encoded.
type NotData struct {
	// Type is what templates call the type of the object.
	Type string
}

// Error names the type.
func (e *NotData) Error() string { return "encode value: a " + e.Type + " is not data" }

type encoder struct {
	out   []byte
	marks bool
}

func (e *encoder) value(v Value, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("encode value: nested deeper than %d levels", maxDepth)
	}
	if e.marks && v.note != nil && (v.note.Unsafe || v.note.Secret) {
		return e.marked(v, depth)
	}
	switch d := v.data.(type) {
	case nil:
		e.text("null")
	case bool:
		e.out = strconv.AppendBool(e.out, d)
	case int64:
		e.out = strconv.AppendInt(e.out, d, 10)
	case longInt:
		e.out = append(e.out, d...)
	case float64:
		e.float(d)
	case string:
		e.out = appendString(e.out, d)
	case *List:
		return e.list(d, depth)
	case *Map:
		return e.mapping(d, depth)
	default:
		return e.special(v)
	}
	return nil
}

func (e *encoder) text(s string) { e.out = append(e.out, s...) }

func (e *encoder) marked(v Value, depth int) error {
	bare := v
	bare.note = nil
	name := "unsafe"
	if v.note.Secret {
		name = "secret"
		if v.note.Unsafe {
			bare.note = &Note{Unsafe: true}
		}
	}
	e.text(`{"$` + name + `":`)
	if err := e.value(bare, depth+1); err != nil {
		return err
	}
	e.text("}")
	return nil
}

func (e *encoder) float(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		name := FloatText(f)
		if e.marks {
			e.text(`{"$float":"` + name + `"}`)
			return
		}
		e.text(map[string]string{"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[name])
		return
	}
	e.text(FloatText(f))
}

func (e *encoder) special(v Value) error {
	if !e.marks {
		e.out = appendString(e.out, Text(v))
		return nil
	}
	if v.IsOmit() {
		e.text(`{"$omit":true}`)
		return nil
	}
	o, _ := v.AsObject()
	return &NotData{Type: o.TypeName()}
}

func (e *encoder) list(l *List, depth int) error {
	tuple := l.Tuple && e.marks
	if tuple {
		e.text(`{"$tuple":`)
	}
	e.text("[")
	for i, item := range l.Items {
		if i > 0 {
			e.text(",")
		}
		if err := e.value(item, depth+1); err != nil {
			return err
		}
	}
	e.text("]")
	if tuple {
		e.text("}")
	}
	return nil
}

func (e *encoder) mapping(m *Map, depth int) error {
	if e.marks && needsPairs(m) {
		return e.pairs(m, depth)
	}
	e.text("{")
	for i, key := range m.keys {
		if i > 0 {
			e.text(",")
		}
		e.out = appendString(e.out, jsonKey(key))
		e.text(":")
		if err := e.value(m.vals[i], depth+1); err != nil {
			return err
		}
	}
	e.text("}")
	return nil
}

func (e *encoder) pairs(m *Map, depth int) error {
	e.text(`{"$map":[`)
	for i, key := range m.keys {
		if i > 0 {
			e.text(",")
		}
		if err := e.value(ListOf(key, m.vals[i]), depth+2); err != nil {
			return err
		}
	}
	e.text("]}")
	return nil
}

func needsPairs(m *Map) bool {
	for _, key := range m.keys {
		s, ok := key.AsString()
		if !ok || key.Unsafe() || key.Secret() || (len(m.keys) == 1 && s != "" && s[0] == '$') {
			return true
		}
	}
	return false
}

// jsonKey prints a key as Python's json does: true, null, 1.
func jsonKey(key Value) string {
	if s, ok := key.AsString(); ok {
		return s
	}
	e := encoder{}
	_ = e.value(key, 0)
	return string(e.out)
}

const hexDigits = "0123456789abcdef"

func appendString(out []byte, s string) []byte {
	out = append(out, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if c >= utf8.RuneSelf && (r != utf8.RuneError || n > 1) {
			i += n
			continue
		}
		out = append(out, s[start:i]...)
		out = appendEscape(out, c)
		i++
		start = i
	}
	out = append(out, s[start:]...)
	return append(out, '"')
}

func appendEscape(out []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(out, '\\', c)
	case c == '\n':
		return append(out, '\\', 'n')
	case c == '\r':
		return append(out, '\\', 'r')
	case c == '\t':
		return append(out, '\\', 't')
	case c < ' ':
		return append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
	return append(out, '\\', 'u', 'd', 'c', hexDigits[c>>4], hexDigits[c&15])
}
