package values

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"unicode/utf16"
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
	case *big.Int:
		e.out = d.Append(e.out, 10)
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
	return fmt.Errorf("encode value: a %s is not data", o.TypeName())
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

// Decode reads what Encode or any JSON writer wrote.
func Decode(data []byte) (Value, error) {
	d := decoder{in: data}
	v, err := d.value(0)
	if err == nil {
		d.space()
		if d.at < len(d.in) {
			err = errors.New("unexpected text after the value")
		}
	}
	if err != nil {
		return Null, fmt.Errorf("decode value at byte %d: %w", d.at, err)
	}
	return v, nil
}

type decoder struct {
	in []byte
	at int
}

var errEnd = errors.New("unexpected end")

func (d *decoder) space() {
	for d.at < len(d.in) {
		switch d.in[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

func (d *decoder) value(depth int) (Value, error) {
	if depth > maxDepth {
		return Null, fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	d.space()
	if d.at >= len(d.in) {
		return Null, errEnd
	}
	switch c := d.in[d.at]; c {
	case '{':
		return d.object(depth)
	case '[':
		return d.array(depth)
	case '"':
		s, err := d.str()
		return String(s), err
	default:
		return d.scalar()
	}
}

func (d *decoder) scalar() (Value, error) {
	start := d.at
	for d.at < len(d.in) && isScalarByte(d.in[d.at]) {
		d.at++
	}
	word := string(d.in[start:d.at])
	switch word {
	case "null":
		return Null, nil
	case "true":
		return True, nil
	case "false":
		return False, nil
	case "NaN":
		return Float(math.NaN()), nil
	case "Infinity", "-Infinity":
		return Float(math.Inf(map[bool]int{true: 1, false: -1}[word[0] == 'I'])), nil
	}
	return parseNumber(word)
}

func isScalarByte(c byte) bool {
	return c == '+' || c == '-' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func parseNumber(word string) (Value, error) {
	if i, err := strconv.ParseInt(word, 10, 64); err == nil {
		return Int(i), nil
	}
	if b, ok := new(big.Int).SetString(word, 10); ok {
		return BigInt(b), nil
	}
	f, err := strconv.ParseFloat(word, 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) || word == "" {
		return Null, fmt.Errorf("%q is no value", word)
	}
	return Float(f), nil
}

func (d *decoder) array(depth int) (Value, error) {
	d.at++
	items := []Value{}
	for first := true; ; first = false {
		done, err := d.next(']', first)
		if err != nil || done {
			return FromSlice(items), err
		}
		item, err := d.value(depth + 1)
		if err != nil {
			return Null, err
		}
		items = append(items, item)
	}
}

// next steps over the comma before an element, or over the closing bracket.
func (d *decoder) next(closing byte, first bool) (done bool, err error) {
	d.space()
	if d.at >= len(d.in) {
		return false, errEnd
	}
	if d.in[d.at] == closing {
		d.at++
		return true, nil
	}
	if first {
		return false, nil
	}
	if d.in[d.at] != ',' {
		return false, fmt.Errorf("want a comma or %q", closing)
	}
	d.at++
	d.space()
	return false, nil
}

func (d *decoder) object(depth int) (Value, error) {
	d.at++
	m := NewMap(4)
	for first := true; ; first = false {
		done, err := d.next('}', first)
		if err != nil {
			return Null, err
		}
		if done {
			return unescape(m)
		}
		if err := d.entry(m, depth); err != nil {
			return Null, err
		}
	}
}

func (d *decoder) entry(m *Map, depth int) error {
	if d.at >= len(d.in) || d.in[d.at] != '"' {
		return errors.New("want a key in double quotes")
	}
	key, err := d.str()
	if err != nil {
		return err
	}
	d.space()
	if d.at >= len(d.in) || d.in[d.at] != ':' {
		return errors.New("want a colon after the key")
	}
	d.at++
	v, err := d.value(depth + 1)
	if err != nil {
		return err
	}
	m.Set(key, v)
	return nil
}

// unescape turns an object that is one of the codec's escapes into what it stands for.
func unescape(m *Map) (Value, error) {
	if m.Len() != 1 {
		return FromMap(m), nil
	}
	key, _ := m.keys[0].AsString()
	v := m.vals[0]
	switch key {
	case "$omit":
		return Omit, nil
	case "$unsafe":
		return v.annotate(func(n *Note) { n.Unsafe = true }), nil
	case "$secret":
		return v.annotate(func(n *Note) { n.Secret = true }), nil
	case "$tuple":
		return TupleOf(v.Items()...), nil
	case "$float":
		s, _ := v.AsString()
		return parseNumber(s)
	case "$map":
		return fromPairs(v)
	}
	return FromMap(m), nil
}

func fromPairs(v Value) (Value, error) {
	m := NewMap(len(v.Items()))
	for _, pair := range v.Items() {
		kv := pair.Items()
		if len(kv) != 2 || !m.SetKey(kv[0], kv[1]) {
			return Null, errors.New(`"$map" wants pairs of a scalar key and a value`)
		}
	}
	return FromMap(m), nil
}

func (d *decoder) str() (string, error) {
	d.at++
	start := d.at
	for d.at < len(d.in) && d.in[d.at] != '"' && d.in[d.at] != '\\' {
		d.at++
	}
	if d.at < len(d.in) && d.in[d.at] == '"' {
		d.at++
		return string(d.in[start : d.at-1]), nil
	}
	out := append([]byte(nil), d.in[start:d.at]...)
	for d.at < len(d.in) {
		c := d.in[d.at]
		d.at++
		switch c {
		case '"':
			return string(out), nil
		case '\\':
			var err error
			if out, err = d.escape(out); err != nil {
				return "", err
			}
		default:
			out = append(out, c)
		}
	}
	return "", errEnd
}

var simpleEscapes = map[byte]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

func (d *decoder) escape(out []byte) ([]byte, error) {
	if d.at >= len(d.in) {
		return nil, errEnd
	}
	c := d.in[d.at]
	d.at++
	if plain, ok := simpleEscapes[c]; ok {
		return append(out, plain), nil
	}
	if c != 'u' {
		return nil, fmt.Errorf(`\%c is no escape`, c)
	}
	r, err := d.hex4()
	if err != nil {
		return nil, err
	}
	if r >= 0xdc80 && r <= 0xdcff {
		return append(out, byte(r)), nil
	}
	if utf16.IsSurrogate(r) && d.at+1 < len(d.in) && d.in[d.at] == '\\' && d.in[d.at+1] == 'u' {
		back := d.at
		d.at += 2
		low, err := d.hex4()
		if err != nil {
			return nil, err
		}
		if both := utf16.DecodeRune(r, low); both != utf8.RuneError {
			return utf8.AppendRune(out, both), nil
		}
		d.at = back
	}
	return utf8.AppendRune(out, r), nil
}

func (d *decoder) hex4() (rune, error) {
	if d.at+4 > len(d.in) {
		return 0, errEnd
	}
	n, err := strconv.ParseUint(string(d.in[d.at:d.at+4]), 16, 32)
	if err != nil {
		return 0, fmt.Errorf(`\u%s is no escape`, d.in[d.at:d.at+4])
	}
	d.at += 4
	return rune(n), nil
}
