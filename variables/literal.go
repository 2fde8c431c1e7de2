package variables

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
)

// maxLiteralDepth bounds nesting as Python's parser does.
const maxLiteralDepth = 100

// parseLiteral reads a Python literal (lists, tuples, dicts, strings, numbers, True,
// False, None), where true, false and null are understood too. A set becomes a list.
func parseLiteral(s string) (v values.Value, ok bool) {
	p := literalParser{s: s, json: true}
	return p.whole()
}

// parsePython is parseLiteral for exactly what Python reads.
func parsePython(s string) (v values.Value, ok bool) {
	if first := strings.TrimLeft(s, "\r\n"); strings.HasPrefix(first, " ") || strings.HasPrefix(first, "\t") {
		return values.Null, false
	}
	p := literalParser{s: s}
	return p.whole()
}

func (p *literalParser) whole() (values.Value, bool) {
	v, ok := p.value(0)
	if ok && p.take(',') {
		v, ok = p.openTuple(v)
	}
	if !ok {
		return values.Null, false
	}
	p.space()
	return v, p.at == len(p.s)
}

// openTuple reads the rest of a tuple without parentheses, which ends with its line.
func (p *literalParser) openTuple(first values.Value) (values.Value, bool) {
	items := []values.Value{first}
	for {
		rest := strings.TrimLeft(p.s[p.at:], " \t")
		if strings.TrimSpace(rest) == "" {
			return values.TupleOf(items...), true
		}
		v, ok := p.value(0)
		if !ok || rest[0] == '\n' {
			return values.Null, false
		}
		items = append(items, v)
		if !p.take(',') {
			return values.TupleOf(items...), true
		}
	}
}

type literalParser struct {
	s    string
	at   int
	json bool // true, false and null are understood too
}

func (p *literalParser) space() {
	for p.at < len(p.s) {
		switch c := p.s[p.at]; {
		case c == '#':
			for p.at < len(p.s) && p.s[p.at] != '\n' {
				p.at++
			}
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f':
			p.at++
		case c == '\\' && strings.HasPrefix(p.s[p.at:], "\\\n"):
			p.at += 2
		default:
			return
		}
	}
}

func (p *literalParser) take(c byte) bool {
	p.space()
	if p.at < len(p.s) && p.s[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *literalParser) value(depth int) (values.Value, bool) {
	p.space()
	if p.at >= len(p.s) || depth > maxLiteralDepth {
		return values.Null, false
	}
	switch c := p.s[p.at]; {
	case c == '[':
		p.at++
		items, _, ok := p.items(']', depth)
		return values.FromSlice(items), ok
	case c == '(':
		return p.tuple(depth)
	case c == '{':
		return p.braces(depth)
	case c == '-' || c == '+' || c == '.' || c >= '0' && c <= '9':
		return p.number()
	case c == '\'' || c == '"' || p.prefixed():
		return p.strings()
	}
	return p.word()
}

// items reads up to end; comma reports whether there was one.
func (p *literalParser) items(end byte, depth int) (items []values.Value, comma, ok bool) {
	items = []values.Value{}
	for {
		if p.take(end) {
			return items, comma, true
		}
		if len(items) > 0 && !comma {
			return nil, false, false
		}
		v, ok := p.value(depth + 1)
		if !ok {
			return nil, false, false
		}
		items = append(items, v)
		if !p.take(',') {
			return items, comma || len(items) > 1, p.take(end)
		}
		comma = true
	}
}

func (p *literalParser) tuple(depth int) (values.Value, bool) {
	p.at++
	items, comma, ok := p.items(')', depth)
	if ok && len(items) == 1 && !comma {
		return items[0], true // only parentheses
	}
	return values.TupleOf(items...), ok
}

// braces reads a dict, or a set as a list of its distinct elements.
func (p *literalParser) braces(depth int) (values.Value, bool) {
	p.at++
	m := values.NewMap(0)
	if p.take('}') {
		return values.FromMap(m), true
	}
	first, ok := p.value(depth + 1)
	if !ok {
		return values.Null, false
	}
	if !p.take(':') {
		return p.set(first, depth)
	}
	for key := first; ; {
		v, ok := p.value(depth + 1)
		if !ok || !m.SetKey(key, v) {
			return values.Null, false
		}
		comma := p.take(',')
		if p.take('}') {
			return values.FromMap(m), true
		}
		if !comma {
			return values.Null, false
		}
		if key, ok = p.value(depth + 1); !ok || !p.take(':') {
			return values.Null, false
		}
	}
}

func (p *literalParser) set(first values.Value, depth int) (values.Value, bool) {
	distinct := values.NewMap(0)
	items := []values.Value{first}
	if p.take(',') {
		rest, _, ok := p.items('}', depth)
		if !ok {
			return values.Null, false
		}
		items = append(items, rest...)
	} else if !p.take('}') {
		return values.Null, false
	}
	for _, item := range items {
		if !distinct.SetKey(item, values.Null) {
			return values.Null, false
		}
	}
	return values.FromSlice(distinct.Keys()), true
}

var literalWords = map[string]values.Value{
	"True": values.True, "False": values.False, "None": values.Null,
	"true": values.True, "false": values.False, "null": values.Null,
}

func (p *literalParser) word() (values.Value, bool) {
	start := p.at
	for p.at < len(p.s) && (isLetter(p.s[p.at]) || p.s[p.at] >= '0' && p.s[p.at] <= '9') {
		p.at++
	}
	if strings.HasPrefix(p.s[start:], "set()") {
		p.at = start + len("set()")
		return values.FromSlice(nil), true
	}
	word := p.s[start:p.at]
	v, ok := literalWords[word]
	return v, ok && (p.json || word[0] < 'a')
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' }

func (p *literalParser) number() (values.Value, bool) {
	negative := false
	for p.at < len(p.s) && (p.s[p.at] == '-' || p.s[p.at] == '+') {
		if negative {
			return values.Null, false // Python reads one sign only
		}
		negative = p.s[p.at] == '-'
		p.at++
		p.space()
		if !negative {
			break
		}
	}
	start := p.at
	for p.at < len(p.s) && (isLetter(p.s[p.at]) || p.s[p.at] >= '0' && p.s[p.at] <= '9' || p.s[p.at] == '.' || p.signOfExponent(start)) {
		p.at++
	}
	v, ok := parseNumber(p.s[start:p.at])
	if !ok || !negative {
		return v, ok
	}
	if f, isFloat := v.AsFloat(); isFloat {
		return values.Float(-f), true
	}
	i, _ := v.AsBig()
	return values.BigInt(new(big.Int).Neg(i)), true
}

func (p *literalParser) signOfExponent(start int) bool {
	if c := p.s[p.at]; c != '-' && c != '+' || p.at == start {
		return false
	}
	before := p.s[p.at-1]
	return (before == 'e' || before == 'E') && !strings.HasPrefix(p.s[start:], "0x")
}

func parseNumber(s string) (values.Value, bool) {
	if s == "" || strings.HasSuffix(s, "_") || strings.HasPrefix(s, "_") || strings.Contains(s, "__") || len(s) > 4300 {
		return values.Null, false
	}
	digits := strings.ReplaceAll(s, "_", "")
	if i, ok := new(big.Int).SetString(s, 0); ok && !octalOfC(digits) {
		return values.BigInt(i), true
	}
	if strings.Trim(digits, "0") == "" {
		return values.Int(0), true
	}
	if strings.ContainsAny(digits, "xXoObBpPiInN") {
		return values.Null, false
	}
	if !strings.ContainsAny(digits, ".eE") {
		return values.Null, false
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil && f-f == 0 {
		return values.Null, false
	}
	return values.Float(f), true
}

// octalOfC is 0644, which is no number in Python.
func octalOfC(s string) bool { return len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9' }

// prefixed reports whether a string with a prefix starts here: r”, u”.
func (p *literalParser) prefixed() bool {
	c := p.s[p.at] | 0x20
	return (c == 'r' || c == 'u') && p.at+1 < len(p.s) && (p.s[p.at+1] == '\'' || p.s[p.at+1] == '"')
}

// strings reads one string literal or several side by side.
func (p *literalParser) strings() (values.Value, bool) {
	var b strings.Builder
	for {
		p.space()
		if p.at >= len(p.s) || p.s[p.at] != '\'' && p.s[p.at] != '"' && !p.prefixed() {
			return values.String(b.String()), true
		}
		raw := false
		if p.prefixed() {
			raw = p.s[p.at]|0x20 == 'r'
			p.at++
		}
		if !p.quoted(&b, raw) {
			return values.Null, false
		}
	}
}

func (p *literalParser) quoted(b *strings.Builder, raw bool) bool {
	quote := p.s[p.at : p.at+1]
	if strings.HasPrefix(p.s[p.at:], strings.Repeat(quote, 3)) {
		quote = strings.Repeat(quote, 3)
	}
	p.at += len(quote)
	for p.at < len(p.s) {
		switch c := p.s[p.at]; {
		case strings.HasPrefix(p.s[p.at:], quote):
			p.at += len(quote)
			return true
		case c == '\n' && len(quote) == 1:
			return false
		case c != '\\':
			b.WriteByte(c)
			p.at++
		case p.at+1 >= len(p.s):
			return false
		case raw:
			b.WriteString(p.s[p.at : p.at+2])
			p.at += 2
		default:
			if !p.escape(b) {
				return false
			}
		}
	}
	return false
}

var escapes = map[byte]string{
	'n': "\n", 't': "\t", 'r': "\r", '\\': `\`, '\'': "'", '"': `"`, 'a': "\a", 'b': "\b", 'f': "\f", 'v': "\v", '\n': "",
}

func (p *literalParser) escape(b *strings.Builder) bool {
	c := p.s[p.at+1]
	if text, ok := escapes[c]; ok {
		b.WriteString(text)
		p.at += 2
		return true
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	if digits > 0 {
		return p.codePoint(b, p.at+2, digits, 16)
	}
	if c >= '0' && c <= '7' {
		n := 1
		for n < 3 && p.at+1+n < len(p.s) && p.s[p.at+1+n] >= '0' && p.s[p.at+1+n] <= '7' {
			n++
		}
		return p.codePoint(b, p.at+1, n, 8)
	}
	if c == 'N' {
		return false // names of characters are not known here
	}
	b.WriteString(p.s[p.at : p.at+2])
	p.at += 2
	return true
}

func (p *literalParser) codePoint(b *strings.Builder, start, digits, base int) bool {
	if start+digits > len(p.s) {
		return false
	}
	n, err := strconv.ParseUint(p.s[start:start+digits], base, 32)
	if err != nil || n > utf8.MaxRune {
		return false
	}
	b.WriteString(values.FromRunes([]rune{rune(n)}))
	p.at = start + digits
	return true
}
