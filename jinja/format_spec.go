package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// maxPrecision bounds the digits behind a point.
const maxPrecision = 10_000

// spec is one conversion of a format string.
type spec struct {
	fill         string
	align        byte // < > ^ = or 0
	sign         byte // + blank or 0
	alternate    bool
	zero         bool
	grouping     byte // , _ or 0
	width        int
	precision    int
	hasPrecision bool
	verb         byte
}

// asciiRepr is Python's ascii(): repr with everything beyond ASCII escaped.
func asciiRepr(v values.Value) string {
	var b strings.Builder
	for _, r := range values.Repr(v) {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// percentVerb formats v for %verb.
func (s spec) percentVerb(verb rune, v values.Value) (string, error) {
	if s.precision > maxPrecision {
		return "", limitErrorf("the precision %d is above %d", s.precision, maxPrecision)
	}
	switch verb {
	case 's', 'r', 'a':
		text, err := textOf(v)
		switch {
		case err != nil || verb == 's':
		case verb == 'a':
			text = asciiRepr(v)
		default:
			text = values.Repr(v)
		}
		return s.padText(s.cutText(text), '>'), err
	case 'c':
		text, err := character(v)
		return s.padText(text, '>'), err
	case 'd', 'i', 'u':
		return s.percentDecimal(v)
	case 'o', 'x', 'X':
		i, ok := asInteger(v)
		if !ok {
			return "", typeErrorf("%%%c format: an integer is required, not %s", verb, TypeName(v))
		}
		return s.integer(i, byte(verb)), nil
	case 'e', 'E', 'f', 'F', 'g', 'G':
		f, ok := asFloat(v)
		if !ok {
			return "", typeErrorf("must be real number, not %s", TypeName(v))
		}
		return s.float(f, byte(verb)), nil
	}
	return "", valueErrorf("unsupported format character '%c'", verb)
}

func (s spec) percentDecimal(v values.Value) (string, error) {
	if i, ok := asInteger(v); ok {
		return s.integer(i, 'd'), nil
	}
	f, ok := v.AsFloat()
	if !ok {
		return "", typeErrorf("%%d format: a real number is required, not %s", TypeName(v))
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "", valueErrorf("cannot convert float %s to integer", values.FloatText(f))
	}
	i, _ := big.NewFloat(f).Int(nil)
	return s.integer(i, 'd'), nil
}

func character(v values.Value) (string, error) {
	if text, ok := v.AsString(); ok && values.Length(text) == 1 {
		return text, nil
	}
	i, ok := asSmall(v)
	if !ok || i < 0 || i > 0x10FFFF {
		return "", typeErrorf("%%c requires int or char")
	}
	return string(rune(i)), nil
}

func (s spec) cutText(text string) string {
	if !s.hasPrecision || values.Length(text) <= s.precision {
		return text
	}
	return values.FromRunes(values.Runes(text)[:max(s.precision, 0)])
}

func (s spec) padText(text string, align byte) string {
	if s.align != 0 {
		align = s.align
	}
	pad := s.width - values.Length(text)
	if pad <= 0 {
		return text
	}
	switch align {
	case '<':
		return text + strings.Repeat(s.fill, pad)
	case '^':
		return strings.Repeat(s.fill, pad/2) + text + strings.Repeat(s.fill, pad-pad/2)
	}
	return strings.Repeat(s.fill, pad) + text
}

// integer formats i in the base that verb names.
func (s spec) integer(i *big.Int, verb byte) string {
	base, prefix := 10, ""
	switch verb {
	case 'b':
		base, prefix = 2, "0b"
	case 'o':
		base, prefix = 8, "0o"
	case 'x', 'X':
		base, prefix = 16, "0"+string(verb)
	}
	digits := new(big.Int).Abs(i).Text(base)
	if verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if s.hasPrecision && len(digits) < s.precision {
		digits = strings.Repeat("0", s.precision-len(digits)) + digits
	}
	if !s.alternate {
		prefix = ""
	}
	every := 3
	if base != 10 {
		every = 4
	}
	return s.number(s.signOf(i.Sign() < 0)+prefix, digits, "", every)
}

func (s spec) signOf(negative bool) string {
	if negative {
		return "-"
	}
	if s.sign != 0 {
		return string(s.sign)
	}
	return ""
}

// number joins sign, digits and tail, grouped and padded.
func (s spec) number(sign, digits, tail string, every int) string {
	align, fill := s.align, s.fill
	if s.zero && align == 0 {
		align, fill = '=', "0"
	}
	room := s.width - len(sign) - len(tail)
	digits = s.group(digits, every, room, align == '=' && fill == "0")
	if align == '=' {
		pad := max(0, room-len(digits))
		return sign + strings.Repeat(fill, pad) + digits + tail
	}
	return s.padText(sign+digits+tail, '>')
}

// group puts separators between digits; zeros that pad are grouped too.
func (s spec) group(digits string, every, room int, zeros bool) string {
	if s.grouping == 0 || !isDigits(digits) {
		return digits
	}
	for zeros && grouped(len(digits), every) < room {
		digits = "0" + digits
	}
	var b strings.Builder
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%every == 0 {
			b.WriteByte(s.grouping)
		}
		b.WriteByte(digits[i])
	}
	return b.String()
}

func grouped(n, every int) int { return n + (n-1)/every }

func isDigits(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' && r < 'A' || r > 'f' })
}

// float formats f as verb says: e, f, g, % or their capitals, or 0 for the shortest text.
func (s spec) float(f float64, verb byte) string {
	sign := s.signOf(math.Signbit(f) && !math.IsNaN(f))
	f = math.Abs(f)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		text := strings.ToLower(strconv.FormatFloat(f, 'f', -1, 64))
		text = strings.TrimPrefix(text, "+")
		if verb >= 'A' && verb <= 'Z' {
			text = strings.ToUpper(text)
		}
		s.grouping = 0
		return s.number(sign, text, s.percentSign(verb), 3)
	}
	text := s.floatText(f, verb)
	whole, tail := text, ""
	if i := strings.IndexAny(text, ".eE"); i >= 0 {
		whole, tail = text[:i], text[i:]
	}
	return s.number(sign, whole, tail+s.percentSign(verb), 3)
}

func (s spec) percentSign(verb byte) string {
	if verb == '%' {
		return "%"
	}
	return ""
}

func (s spec) floatText(f float64, verb byte) string {
	precision := 6
	if s.hasPrecision {
		precision = s.precision
	}
	switch verb {
	case 'e', 'E':
		return s.point(strconv.FormatFloat(f, verb, precision, 64))
	case 'f', 'F':
		return s.point(strconv.FormatFloat(f, 'f', precision, 64))
	case '%':
		return s.point(strconv.FormatFloat(f*100, 'f', precision, 64))
	case 'g', 'G':
		return s.general(f, precision, verb)
	}
	if !s.hasPrecision {
		return values.FloatText(f)
	}
	text := s.general(f, precision, 'g')
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}

// point adds the point that # asks for.
func (s spec) point(text string) string {
	if !s.alternate || strings.Contains(text, ".") {
		return text
	}
	if i := strings.IndexAny(text, "eE"); i >= 0 {
		return text[:i] + "." + text[i:]
	}
	return text + "."
}

// general is %g: the exponent decides between the two notations, zeros at the end go.
func (s spec) general(f float64, precision int, verb byte) string {
	precision = max(precision, 1)
	scientific := strconv.FormatFloat(f, 'e', precision-1, 64)
	mantissa, exponent, _ := strings.Cut(scientific, "e")
	e, _ := strconv.Atoi(exponent)
	text := mantissa
	if e >= -4 && e < precision {
		text, exponent = strconv.FormatFloat(f, 'f', precision-1-e, 64), ""
	}
	if strings.Contains(text, ".") && !s.alternate {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if exponent != "" {
		text += "e" + exponent
	}
	if verb == 'G' {
		text = strings.ToUpper(text)
	}
	return text
}
