package inventory

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// text reads a Python string from its quote on: '..', "..", and with three quotes.
func (p *literalParser) text(b *strings.Builder, raw bool) bool {
	quote := p.in[p.at : p.at+1]
	if triple := strings.Repeat(quote, 3); strings.HasPrefix(p.in[p.at:], triple) {
		quote = triple
	}
	p.at += len(quote)
	for p.at < len(p.in) {
		switch c := p.in[p.at]; {
		case strings.HasPrefix(p.in[p.at:], quote):
			p.at += len(quote)
			return true
		case c == '\n' && len(quote) == 1:
			return false
		case c == '\\' && p.at+1 < len(p.in):
			if !p.escape(b, raw) {
				return false
			}
		default:
			b.WriteByte(c)
			p.at++
		}
	}
	return false
}

var simpleEscapes = map[byte]string{
	'\n': "", '\\': "\\", '\'': "'", '"': "\"", 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
}

// escape reads one backslash sequence; one that Python does not know stays as it is.
func (p *literalParser) escape(b *strings.Builder, raw bool) bool {
	c := p.in[p.at+1]
	if raw {
		b.WriteString(p.in[p.at : p.at+2])
		p.at += 2
		return true
	}
	if plain, ok := simpleEscapes[c]; ok {
		b.WriteString(plain)
		p.at += 2
		return true
	}
	if c >= '0' && c <= '7' {
		end := p.at + 2
		for end < len(p.in) && end < p.at+4 && p.in[end] >= '0' && p.in[end] <= '7' {
			end++
		}
		return p.code(b, p.at+1, end, 8)
	}
	if width := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]; width > 0 {
		return p.code(b, p.at+2, p.at+2+width, 16)
	}
	if c == 'N' {
		return false // a character by its Unicode name
	}
	b.WriteByte('\\')
	p.at++
	return true
}

// code writes the character whose number stands in in[from:to].
func (p *literalParser) code(b *strings.Builder, from, to, base int) bool {
	if to > len(p.in) {
		return false
	}
	n, err := strconv.ParseUint(p.in[from:to], base, 32)
	if err != nil || n > utf8.MaxRune {
		return false
	}
	b.WriteRune(rune(n))
	p.at = to
	return true
}
