package values

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

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
	if !isNumeral(word) {
		return Null, fmt.Errorf("%q is no value", word)
	}
	return parseNumber(word)
}

// isNumeral tells whether a word is a number as JSON writes them.
func isNumeral(word string) bool {
	rest := strings.TrimPrefix(word, "-")
	whole := digits(rest)
	if whole == 0 || whole > 1 && rest[0] == '0' {
		return false
	}
	rest = rest[whole:]
	if strings.HasPrefix(rest, ".") {
		n := digits(rest[1:])
		if n == 0 {
			return false
		}
		rest = rest[1+n:]
	}
	if rest == "" {
		return true
	}
	if rest[0] != 'e' && rest[0] != 'E' {
		return false
	}
	rest = rest[1:]
	if strings.HasPrefix(rest, "+") || strings.HasPrefix(rest, "-") {
		rest = rest[1:]
	}
	return rest != "" && digits(rest) == len(rest)
}

// digits counts the digits that s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func isScalarByte(c byte) bool {
	return c == '+' || c == '-' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func parseNumber(word string) (Value, error) {
	i, err := strconv.ParseInt(word, 10, 64)
	switch {
	case err == nil:
		return Int(i), nil
	case errors.Is(err, strconv.ErrRange):
		return Value{data: longInt(word)}, nil
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
	for d.at < len(d.in) && d.in[d.at] != '"' && d.in[d.at] != '\\' && d.in[d.at] >= ' ' {
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
		switch {
		case c == '"':
			return string(out), nil
		case c == '\\':
			var err error
			if out, err = d.escape(out); err != nil {
				return "", err
			}
		case c < ' ':
			return "", fmt.Errorf("a control character (%#x) in a string", c)
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
