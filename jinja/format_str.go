package jinja

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
)

func strFormat(c *Call) (values.Value, error) {
	f := &formatter{c: c, args: c.Args, kwargs: kwargsMap(c.Kwargs)}
	text, err := f.expand(self(c), 2)
	return values.String(text), err
}

func strFormatMap(c *Call) (values.Value, error) {
	p := c.Params("mapping")
	m, ok, err := AsMap(p.Need("mapping"))
	if err := firstError(p.Err(), err); err != nil {
		return values.Null, err
	}
	if !ok {
		return values.Null, typeErrorf("format_map needs a mapping")
	}
	f := &formatter{c: c, kwargs: values.FromMap(m)}
	text, err := f.expand(self(c), 2)
	return values.String(text), err
}

// formatter is one str.format.
type formatter struct {
	c      *Call
	args   []values.Value
	kwargs values.Value
	auto   int  // the next field without a number
	manual bool // a field had a number
}

// expand replaces the fields of text; their specs may have fields too, one level deep.
func (f *formatter) expand(text string, depth int) (string, error) {
	if depth == 0 {
		return "", ValueError("Max string recursion exceeded")
	}
	var b strings.Builder
	for text != "" {
		i := strings.IndexAny(text, "{}")
		if i < 0 {
			b.WriteString(text)
			break
		}
		b.WriteString(text[:i])
		c := text[i]
		text = text[i+1:]
		if text != "" && text[0] == c {
			b.WriteByte(c)
			text = text[1:]
			continue
		}
		if c == '}' {
			return "", ValueError("Single '}' encountered in format string")
		}
		end := fieldEnd(text)
		if end < 0 {
			return "", ValueError("Single '{' encountered in format string")
		}
		field, err := f.field(text[:end], depth)
		if err != nil {
			return "", err
		}
		b.WriteString(field)
		text = text[end+1:]
		if err := f.c.Fits(b.Len()); err != nil {
			return "", err
		}
	}
	return b.String(), nil
}

// fieldEnd finds the brace that closes a field, or -1.
func fieldEnd(s string) int {
	depth := 1
	for i := range len(s) {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

func (f *formatter) field(field string, depth int) (string, error) {
	name, rest := field, ""
	if i := nameEnd(field); i >= 0 {
		name, rest = field[:i], field[i:]
	}
	v, err := f.value(name)
	if err == nil {
		err = need(v)
	}
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(rest, "!") {
		if v, rest, err = conversion(v, rest[1:]); err != nil {
			return "", err
		}
	}
	format, err := f.expand(strings.TrimPrefix(rest, ":"), depth-1)
	if rest == "" || rest == ":" {
		format, err = "", nil
	}
	if err != nil {
		return "", err
	}
	return f.format(v, format)
}

// nameEnd finds the ! or : behind a field's name, which may have [keys].
func nameEnd(s string) int {
	bracket := false
	for i := range len(s) {
		switch c := s[i]; {
		case c == '[':
			bracket = true
		case c == ']':
			bracket = false
		case !bracket && (c == '!' || c == ':'):
			return i
		}
	}
	return -1
}

func conversion(v values.Value, rest string) (values.Value, string, error) {
	if rest == "" {
		return v, "", ValueError("end of string while looking for conversion specifier")
	}
	text, err := textOf(v)
	switch rest[0] {
	case 's':
	case 'r':
		text = values.Repr(v)
	case 'a':
		text = asciiRepr(v)
	default:
		return v, "", valueErrorf("Unknown conversion specifier %q", rest[:1])
	}
	if tail := rest[1:]; tail != "" && tail[0] != ':' {
		return v, "", ValueError("expected ':' after conversion specifier")
	}
	return values.String(text), rest[1:], err
}

// value finds what a field names: a number or name, then .attributes and [keys].
func (f *formatter) value(name string) (values.Value, error) {
	head, rest := name, ""
	if i := strings.IndexAny(name, ".["); i >= 0 {
		head, rest = name[:i], name[i:]
	}
	v, err := f.first(head)
	for err == nil && rest != "" {
		v, rest, err = step(v, rest)
	}
	return v, err
}

func (f *formatter) first(head string) (values.Value, error) {
	n, err := strconv.Atoi(head)
	if head == "" {
		n, err = f.auto, nil
		f.auto++
	} else if err == nil {
		f.manual = true
	}
	if err != nil {
		v, ok := f.kwargs.Get(head)
		if !ok {
			return v, valueErrorf("format: there is no argument %q", head)
		}
		return v, nil
	}
	if f.manual && f.auto > 0 {
		return values.Null, ValueError("cannot switch between automatic field numbering and manual field specification")
	}
	if n < 0 || n >= len(f.args) {
		return values.Null, valueErrorf("Replacement index %d out of range for positional args tuple", n)
	}
	return f.args[n], nil
}

func step(v values.Value, rest string) (values.Value, string, error) {
	var found values.Value
	var ok bool
	var err error
	key := rest[1:]
	if rest[0] == '.' {
		rest = ""
		if i := strings.IndexAny(key, ".["); i >= 0 {
			key, rest = key[:i], key[i:]
		}
		found, ok, err = attribute(v, key)
	} else {
		i := strings.IndexByte(key, ']')
		if i < 0 {
			return v, "", ValueError("Missing ']' in format string")
		}
		key, rest = key[:i], key[i+1:]
		found, ok, err = element(v, pathKey(key))
	}
	if err == nil && !ok {
		err = missingElement(v, pathKey(key)).Err()
	}
	return found, rest, err
}

// format is Python's format(v, spec).
func (f *formatter) format(v values.Value, format string) (string, error) {
	if format == "" {
		return textOf(v)
	}
	s, err := parseSpec(format)
	if err != nil {
		return "", err
	}
	if err := f.c.Fits(s.width); err != nil {
		return "", err
	}
	if s.precision > maxPrecision {
		return "", limitErrorf("the precision %d is above %d", s.precision, maxPrecision)
	}
	switch v.Kind() {
	case values.KindString:
		return s.formatText(v)
	case values.KindFloat:
		return s.formatFloat(v)
	case values.KindInt, values.KindBool:
		return s.formatInt(v)
	}
	return "", typeErrorf("unsupported format string passed to %s.__format__", TypeName(v))
}

func (s spec) formatText(v values.Value) (string, error) {
	text, _ := v.AsString()
	if s.verb != 0 && s.verb != 's' || s.sign != 0 || s.grouping != 0 || s.alternate || s.align == '=' {
		return "", valueErrorf("the format is not allowed for a string")
	}
	if s.zero && s.align == 0 {
		s.fill = "0"
	}
	return s.padText(s.cutText(text), '<'), nil
}

func (s spec) formatFloat(v values.Value) (string, error) {
	f, _ := asFloat(v)
	switch s.verb {
	case 0, 'e', 'E', 'f', 'F', 'g', 'G', '%':
		return s.float(f, s.verb), nil
	case 'n':
		return s.float(f, 'g'), nil
	}
	return "", valueErrorf("Unknown format code '%c' for object of type 'float'", s.verb)
}

func (s spec) formatInt(v values.Value) (string, error) {
	i, _ := asInteger(v)
	switch s.verb {
	case 'e', 'E', 'f', 'F', 'g', 'G', '%':
		return s.formatFloat(v)
	case 'c':
		text, err := character(v)
		return s.padText(text, '<'), err
	case 0, 'd', 'n', 'b', 'o', 'x', 'X':
		if s.hasPrecision {
			return "", ValueError("Precision not allowed in integer format specifier")
		}
		if s.verb == 0 || s.verb == 'n' {
			s.verb = 'd'
		}
		return s.integer(i, s.verb), nil
	}
	return "", valueErrorf("Unknown format code '%c' for object of type 'int'", s.verb)
}

// parseSpec reads [[fill]align][sign][#][0][width][grouping][.precision][type].
func parseSpec(format string) (spec, error) {
	s := spec{fill: " "}
	_, size := utf8.DecodeRuneInString(format)
	switch {
	case len(format) > size && strings.IndexByte("<>=^", format[size]) >= 0:
		s.fill, s.align, format = format[:size], format[size], format[size+1:]
	case strings.IndexByte("<>=^", format[0]) >= 0:
		s.align, format = format[0], format[1:]
	}
	if format != "" && strings.IndexByte("+- ", format[0]) >= 0 {
		if format[0] != '-' {
			s.sign = format[0]
		}
		format = format[1:]
	}
	format = cutFlag(format, "#", &s.alternate)
	format = cutFlag(format, "0", &s.zero)
	if s.zero && s.align != 0 && s.fill == " " {
		s.fill = "0"
	}
	var err error
	if s.width, format, _, err = cutNumber(format); err != nil {
		return s, err
	}
	if format != "" && (format[0] == ',' || format[0] == '_') {
		s.grouping, format = format[0], format[1:]
	}
	if strings.HasPrefix(format, ".") {
		if s.precision, format, s.hasPrecision, err = cutNumber(format[1:]); err != nil || !s.hasPrecision {
			return s, ValueError("Format specifier missing precision")
		}
	}
	if len(format) > 1 {
		return s, ValueError("Invalid format specifier")
	}
	if format != "" {
		s.verb = format[0]
	}
	return s, nil
}

func cutFlag(s, flag string, set *bool) string {
	rest, ok := strings.CutPrefix(s, flag)
	*set = ok
	return rest
}

func cutNumber(s string) (int, string, bool, error) {
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
	if n == 0 {
		return 0, s, false, nil
	}
	v, err := strconv.Atoi(s[:n])
	if err != nil || v > 1<<31 {
		return 0, s, false, ValueError("Too many decimal digits in format string")
	}
	return v, s[n:], true, nil
}
