package inventory

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
)

// literal gives the value of an INI assignment: what Python reads as a literal (1, 1.5,
// True, None, 'text', lists, tuples, dicts) is that; everything else, yes and 0644 and
// plain words included, is the text as it stands.
func literal(text string) values.Value {
	p := literalParser{in: strings.TrimLeft(text, " \t")}
	if p.in == "" || !strings.Contains("0123456789.+-'\"[({TFNbBrRuUs", p.in[:1]) {
		return values.String(text)
	}
	v, ok := p.tuple()
	if p.space(); !ok || p.at != len(p.in) {
		return values.String(text)
	}
	return v
}

// maxLiteralDepth bounds the nesting of a literal, as Python's parser does.
const maxLiteralDepth = 90

type literalParser struct {
	in    string
	at    int
	depth int
	open  int // brackets around: inside them line ends are space
}

// space steps over blanks and over a comment at the end.
func (p *literalParser) space() {
	for p.at < len(p.in) {
		switch c := p.in[p.at]; {
		case c == ' ' || c == '\t' || c == '\f' || p.open > 0 && (c == '\n' || c == '\r'):
			p.at++
		case c == '#':
			if end := strings.IndexByte(p.in[p.at:], '\n'); end >= 0 {
				p.at += end
			} else {
				p.at = len(p.in)
			}
			if p.open == 0 {
				return
			}
		default:
			return
		}
	}
}

func (p *literalParser) take(c byte) bool {
	if p.next(c) {
		p.at++
		return true
	}
	return false
}

// tuple reads a value, or several that commas separate: 1,2 needs no brackets.
func (p *literalParser) tuple() (values.Value, bool) {
	first, ok := p.value()
	if !ok || !p.take(',') {
		return first, ok
	}
	items := []values.Value{first}
	for p.space(); p.at < len(p.in) && p.in[p.at] != ')'; p.space() {
		item, ok := p.value()
		if !ok {
			return values.Null, false
		}
		items = append(items, item)
		if !p.take(',') {
			break
		}
	}
	return values.TupleOf(items...), true
}

func (p *literalParser) value() (v values.Value, ok bool) {
	if p.depth++; p.depth > maxLiteralDepth {
		return values.Null, false
	}
	defer func() { p.depth-- }()
	p.space()
	if p.at >= len(p.in) {
		return values.Null, false
	}
	switch c := p.in[p.at]; {
	case c == '[':
		items, ok := p.items(']')
		return values.FromSlice(items), ok
	case c == '(':
		return p.brackets()
	case c == '{':
		return p.braces()
	case c == '+' || c == '-':
		p.at++
		p.space()
		return p.number(c == '-')
	case c >= '0' && c <= '9' || c == '.':
		return p.number(false)
	}
	if strings.HasPrefix(p.in[p.at:], "set()") {
		p.at += len("set()")
		return values.FromSlice(nil), true
	}
	return p.wordOrText()
}

// items reads up to the closing bracket.
func (p *literalParser) items(closing byte) ([]values.Value, bool) {
	p.at++
	p.open++
	defer func() { p.open-- }()
	items := []values.Value{}
	for !p.take(closing) {
		item, ok := p.value()
		if !ok {
			return nil, false
		}
		items = append(items, item)
		if p.take(closing) {
			return items, true
		}
		if !p.take(',') {
			return nil, false
		}
	}
	return items, true
}

// brackets reads (), (1) which is 1, or a tuple.
func (p *literalParser) brackets() (values.Value, bool) {
	p.at++
	p.open++
	defer func() { p.open-- }()
	if p.take(')') {
		return values.TupleOf(), true
	}
	v, ok := p.tuple()
	return v, ok && p.take(')')
}

// braces reads a dict, or a set, which becomes a list.
func (p *literalParser) braces() (values.Value, bool) {
	p.at++
	p.open++
	defer func() { p.open-- }()
	m := values.NewMap(4)
	isSet := false
	for !p.take('}') {
		key, ok := p.value()
		if !ok {
			return values.Null, false
		}
		if m.Len() == 0 {
			isSet = !p.next(':')
		}
		v := values.Null
		if !isSet {
			if !p.take(':') {
				return values.Null, false
			}
			if v, ok = p.value(); !ok {
				return values.Null, false
			}
		}
		if !m.SetKey(key, v) || !p.next('}') && !p.take(',') {
			return values.Null, false
		}
	}
	if isSet {
		return values.FromSlice(m.Keys()), true
	}
	return values.FromMap(m), true
}

func (p *literalParser) next(c byte) bool {
	p.space()
	return p.at < len(p.in) && p.in[p.at] == c
}

var (
	pythonInt   = regexp.MustCompile(`^(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|[1-9](?:_?[0-9])*|0(?:_?0)*)`)
	pythonFloat = regexp.MustCompile(`^(?:[0-9](?:_?[0-9])*)?(?:\.(?:[0-9](?:_?[0-9])*)?)?(?:[eE][-+]?[0-9](?:_?[0-9])*)?`)
)

func (p *literalParser) number(negative bool) (values.Value, bool) {
	text := pythonFloat.FindString(p.in[p.at:])
	if whole := pythonInt.FindString(p.in[p.at:]); len(whole) >= len(text) && whole != "" {
		text = whole
	}
	end := p.at + len(text)
	if text == "" || text == "." || end < len(p.in) && isNameByte(p.in[end]) {
		return values.Null, false
	}
	p.at = end
	if n, ok := new(big.Int).SetString(strings.ReplaceAll(text, "_", ""), 0); ok && pythonInt.FindString(text) == text {
		if negative {
			n.Neg(n)
		}
		return values.BigInt(n), true
	}
	if !strings.ContainsAny(text, ".eE") {
		return values.Null, false // 0644
	}
	f, _ := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64)
	if negative {
		f = -f
	}
	return values.Float(f), true
}

func isNameByte(c byte) bool {
	return c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

var pythonWords = map[string]values.Value{"True": values.True, "False": values.False, "None": values.Null}

// wordOrText reads True, False, None, or strings, which join when they follow each other.
func (p *literalParser) wordOrText() (values.Value, bool) {
	for name, v := range pythonWords {
		rest, ok := strings.CutPrefix(p.in[p.at:], name)
		if ok && (rest == "" || !isNameByte(rest[0])) {
			p.at += len(name)
			return v, true
		}
	}
	var b strings.Builder
	kind := byte(0)
	for p.space(); ; p.space() {
		prefix, ok := p.textStart()
		if !ok {
			return values.String(b.String()), kind != 0
		}
		this := byte('s')
		if strings.ContainsAny(prefix, "bB") {
			this = 'b'
		}
		if kind != 0 && kind != this || !p.text(&b, strings.ContainsAny(prefix, "rR")) {
			return values.Null, false
		}
		kind = this
	}
}

var textPrefix = regexp.MustCompile(`^(?:[bB][rR]?|[rR][bB]?|[uU])?['"]`)

func (p *literalParser) textStart() (prefix string, ok bool) {
	found := textPrefix.FindString(p.in[p.at:])
	if found == "" {
		return "", false
	}
	prefix = found[:len(found)-1]
	p.at += len(prefix)
	return prefix, true
}
