package values

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text prints v as Python's str() does: True, None, ['a'], 3.0; a string is itself.
func Text(v Value) string {
	if s, ok := v.data.(string); ok {
		return s
	}
	if o, ok := v.data.(interface{ Str() string }); ok {
		return o.Str()
	}
	var b strings.Builder
	writeRepr(&b, v)
	return b.String()
}

// Repr prints v as Python's repr() does; it differs from Text for strings, which it quotes.
func Repr(v Value) string {
	var b strings.Builder
	writeRepr(&b, v)
	return b.String()
}

func writeRepr(b *strings.Builder, v Value) {
	switch d := v.data.(type) {
	case nil:
		b.WriteString("None")
	case bool:
		b.WriteString(map[bool]string{true: "True", false: "False"}[d])
	case int64:
		b.WriteString(strconv.FormatInt(d, 10))
	case longInt:
		b.WriteString(string(d))
	case float64:
		b.WriteString(FloatText(d))
	case string:
		writeQuoted(b, d)
	case *List:
		writeListRepr(b, d)
	case *Map:
		writeMapRepr(b, d)
	case omitted:
		b.WriteString("<omit>")
	case interface{ Repr() string }:
		b.WriteString(d.Repr())
	case Object:
		b.WriteString("<" + d.TypeName() + ">")
	}
}

func writeListRepr(b *strings.Builder, l *List) {
	open, end := "[", "]"
	if l.Tuple {
		open, end = "(", ")"
		if len(l.Items) == 1 {
			end = ",)"
		}
	}
	b.WriteString(open)
	for i, item := range l.Items {
		if i > 0 {
			b.WriteString(", ")
		}
		writeRepr(b, item)
	}
	b.WriteString(end)
}

func writeMapRepr(b *strings.Builder, m *Map) {
	b.WriteString("{")
	for i, key := range m.keys {
		if i > 0 {
			b.WriteString(", ")
		}
		writeRepr(b, key)
		b.WriteString(": ")
		writeRepr(b, m.vals[i])
	}
	b.WriteString("}")
}

// FloatText prints f as Python does: the shortest digits that read back the same,
// always with a point or an exponent.
func FloatText(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if abs := math.Abs(f); abs != 0 && (abs < 1e-4 || abs >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// writeQuoted quotes as Python's repr: single quotes unless only they occur inside.
func writeQuoted(b *strings.Builder, s string) {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	b.WriteByte(quote)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		writeReprRune(b, r, s[i:i+n], quote)
		i += n
	}
	b.WriteByte(quote)
}

func writeReprRune(b *strings.Builder, r rune, raw string, quote byte) {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		b.WriteString(`\udc` + strconv.FormatInt(int64(raw[0]), 16))
	case r == rune(quote) || r == '\\':
		b.WriteByte('\\')
		b.WriteRune(r)
	case r == '\n':
		b.WriteString(`\n`)
	case r == '\r':
		b.WriteString(`\r`)
	case r == '\t':
		b.WriteString(`\t`)
	case r == ' ' || unicode.IsPrint(r):
		b.WriteRune(r)
	case r < 0x100:
		b.WriteString(`\x` + hex(r, 2))
	case r < 0x10000:
		b.WriteString(`\u` + hex(r, 4))
	default:
		b.WriteString(`\U` + hex(r, 8))
	}
}

func hex(r rune, width int) string {
	s := strconv.FormatInt(int64(r), 16)
	return strings.Repeat("0", width-len(s)) + s
}

// Equal is Python's ==: numbers compare by value across bool, int and float; maps
// compare without regard to order; a list never equals a tuple.
func Equal(a, b Value) bool {
	if x, ok := a.data.(int64); ok {
		if y, ok := b.data.(int64); ok {
			return x == y
		}
	}
	switch x := a.data.(type) {
	case bool, int64, longInt, float64:
		return isNumber(b) && number(x) == number(b.data)
	case nil:
		return b.data == nil
	case string:
		y, ok := b.data.(string)
		return ok && x == y
	case *List:
		y, ok := b.data.(*List)
		return ok && equalLists(x, y)
	case *Map:
		y, ok := b.data.(*Map)
		return ok && equalMaps(x, y)
	case omitted:
		return b.IsOmit()
	case Object:
		y, ok := b.data.(Object)
		return ok && x == y
	}
	return false
}

func equalLists(x, y *List) bool {
	if len(x.Items) != len(y.Items) || x.Tuple != y.Tuple {
		return false
	}
	for i := range x.Items {
		if !Equal(x.Items[i], y.Items[i]) {
			return false
		}
	}
	return true
}

func equalMaps(x, y *Map) bool {
	if x.Len() != y.Len() {
		return false
	}
	for key, v := range x.All() {
		w, ok := y.GetKey(key)
		if !ok || !Equal(v, w) {
			return false
		}
	}
	return true
}
