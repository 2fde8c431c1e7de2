package yaml

import (
	"encoding/json"
	"math"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
)

// loadJSON reads src as JSON with positions; ok is false where it is not JSON through
// and through, so that YAML must say what it is.
func loadJSON(src []byte, file string) (v values.Value, ok bool) {
	p := jsonParser{src: src, file: file, line: 1, col: 1}
	p.space()
	if v, ok = p.value(0); !ok {
		return values.Null, false
	}
	p.space()
	return v, p.at == len(src)
}

type jsonParser struct {
	src  []byte
	file string
	at   int
	// line and col tell where src[seen] is; columns count characters.
	line, col, seen int
}

func (p *jsonParser) pos() values.Position {
	p.col += utf8.RuneCount(p.src[p.seen:p.at])
	p.seen = p.at
	return values.Position{File: p.file, Line: p.line, Col: p.col}
}

func (p *jsonParser) space() {
	for p.at < len(p.src) {
		switch p.src[p.at] {
		case '\n':
			p.line, p.col, p.seen = p.line+1, 1, p.at+1
		case ' ', '\t', '\r':
		default:
			return
		}
		p.at++
	}
}

// take steps over c, where it is next.
func (p *jsonParser) take(c byte) bool {
	p.space()
	if p.at < len(p.src) && p.src[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *jsonParser) value(depth int) (values.Value, bool) {
	if depth > maxDepth || p.at >= len(p.src) {
		return values.Null, false
	}
	pos := p.pos()
	v, ok := p.bare(depth)
	return v.At(pos), ok
}

func (p *jsonParser) bare(depth int) (values.Value, bool) {
	switch p.src[p.at] {
	case '{':
		p.at++
		return p.object(depth)
	case '[':
		p.at++
		return p.array(depth)
	case '"':
		s, ok := p.str()
		return values.String(s), ok
	}
	start := p.at
	for p.at < len(p.src) && isWordByte(p.src[p.at]) {
		p.at++
	}
	return jsonWord(string(p.src[start:p.at]))
}

func isWordByte(c byte) bool {
	return c == '+' || c == '-' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// jsonWord reads what Python's json reads: NaN and Infinity too.
func jsonWord(s string) (values.Value, bool) {
	switch s {
	case "null":
		return values.Null, true
	case "true":
		return values.True, true
	case "false":
		return values.False, true
	case "NaN":
		return values.Float(math.NaN()), true
	case "Infinity":
		return values.Float(math.Inf(1)), true
	case "-Infinity":
		return values.Float(math.Inf(-1)), true
	}
	if !json.Valid([]byte(s)) || s == "" {
		return values.Null, false
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return values.Int(i), true
	}
	if n, ok := new(big.Int).SetString(s, 10); ok {
		return values.BigInt(n), true
	}
	f, _ := strconv.ParseFloat(s, 64) // too large is infinite, as in Python
	return values.Float(f), true
}

func (p *jsonParser) array(depth int) (values.Value, bool) {
	items := []values.Value{}
	if p.take(']') {
		return values.FromSlice(items), true
	}
	for {
		p.space()
		item, ok := p.value(depth + 1)
		if !ok {
			return values.Null, false
		}
		items = append(items, item)
		if p.take(']') {
			return values.FromSlice(items), true
		}
		if !p.take(',') {
			return values.Null, false
		}
	}
}

func (p *jsonParser) object(depth int) (values.Value, bool) {
	m := values.NewMap(4)
	if p.take('}') {
		return values.FromMap(m), true
	}
	for {
		if !p.entry(m, depth) {
			return values.Null, false
		}
		if p.take('}') {
			return p.special(m), true
		}
		if !p.take(',') {
			return values.Null, false
		}
	}
}

func (p *jsonParser) entry(m *values.Map, depth int) bool {
	p.space()
	if p.at >= len(p.src) || p.src[p.at] != '"' {
		return false
	}
	key, ok := p.value(depth + 1)
	if !ok || !p.take(':') {
		return false
	}
	p.space()
	v, ok := p.value(depth + 1)
	return ok && m.SetKey(key, v)
}

// special reads the two objects by which Ansible carries marks in JSON.
func (p *jsonParser) special(m *values.Map) values.Value {
	if v, ok := m.Get("__ansible_unsafe"); ok {
		return v.MarkUnsafe()
	}
	if v, ok := m.Get("__ansible_vault"); ok {
		text, _ := v.AsString()
		return values.FromObject(&Encrypted{Text: text, Pos: v.Pos()})
	}
	return values.FromMap(m)
}

// str reads a string; the library decodes those with escapes.
func (p *jsonParser) str() (string, bool) {
	start := p.at
	escaped := false
	for p.at++; p.at < len(p.src); p.at++ {
		switch c := p.src[p.at]; {
		case c == '"':
			p.at++
			raw := p.src[start:p.at]
			if !utf8.Valid(raw) {
				return "", false
			}
			if !escaped {
				return string(raw[1 : len(raw)-1]), true
			}
			var s string
			err := json.Unmarshal(raw, &s)
			return s, err == nil
		case c == '\\':
			escaped = true
			p.at++
		case c < ' ':
			return "", false
		}
	}
	return "", false
}
