package pyjson

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
)

type decoder struct {
	s     string
	at    int
	depth int
}

// Decode reads one JSON value; the order of keys stays, the last of equal keys counts.
func Decode(s string) (values.Value, error) {
	d := &decoder{s: s}
	d.blanks()
	v, err := d.value()
	if err != nil {
		return values.Null, err
	}
	if d.blanks(); d.at < len(d.s) {
		return values.Null, d.fail("extra data")
	}
	return v, nil
}

func (d *decoder) fail(what string) error {
	before := d.s[:min(d.at, len(d.s))]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Errorf("not JSON: %s at line %d column %d", what, line, column)
}

func (d *decoder) blanks() {
	for d.at < len(d.s) && strings.IndexByte(" \t\r\n", d.s[d.at]) >= 0 {
		d.at++
	}
}

func (d *decoder) take(c byte) bool {
	if d.at < len(d.s) && d.s[d.at] == c {
		d.at++
		return true
	}
	return false
}

var words = []struct {
	text  string
	value values.Value
}{
	{"null", values.Null}, {"true", values.True}, {"false", values.False},
	{"NaN", values.Float(math.NaN())}, {"Infinity", values.Float(math.Inf(1))}, {"-Infinity", values.Float(math.Inf(-1))},
}

func (d *decoder) value() (values.Value, error) {
	if d.depth++; d.depth > maxDepth {
		return values.Null, errTooDeep
	}
	defer func() { d.depth-- }()
	switch {
	case d.take('"'):
		s, err := d.str()
		return values.String(s), err
	case d.take('['):
		return d.list()
	case d.take('{'):
		return d.object()
	}
	for _, w := range words {
		if strings.HasPrefix(d.s[d.at:], w.text) {
			d.at += len(w.text)
			return w.value, nil
		}
	}
	return d.number()
}

func (d *decoder) list() (values.Value, error) {
	items := []values.Value{}
	if d.blanks(); d.take(']') {
		return values.FromSlice(items), nil
	}
	for {
		d.blanks()
		v, err := d.value()
		if err != nil {
			return values.Null, err
		}
		items = append(items, v)
		if d.blanks(); d.take(']') {
			return values.FromSlice(items), nil
		}
		if !d.take(',') {
			return values.Null, d.fail("expected ',' or ']'")
		}
	}
}

func (d *decoder) object() (values.Value, error) {
	m := values.NewMap(0)
	if d.blanks(); d.take('}') {
		return values.FromMap(m), nil
	}
	for {
		if err := d.entry(m); err != nil {
			return values.Null, err
		}
		if d.blanks(); d.take('}') {
			return values.FromMap(m), nil
		}
		if !d.take(',') {
			return values.Null, d.fail("expected ',' or '}'")
		}
	}
}

func (d *decoder) entry(m *values.Map) error {
	if d.blanks(); !d.take('"') {
		return d.fail("expected a key in double quotes")
	}
	key, err := d.str()
	if err != nil {
		return err
	}
	if d.blanks(); !d.take(':') {
		return d.fail("expected ':'")
	}
	d.blanks()
	v, err := d.value()
	if err == nil {
		m.Set(key, v)
	}
	return err
}

func (d *decoder) number() (values.Value, error) {
	start := d.at
	d.take('-')
	whole := d.digits()
	if whole == 0 || whole > 1 && d.s[d.at-whole] == '0' {
		d.at = start
		return values.Null, d.fail("expected a value")
	}
	integer := true
	if mark := d.at; d.take('.') {
		if d.digits() == 0 {
			d.at = mark
		} else {
			integer = false
		}
	}
	if mark := d.at; d.take('e') || d.take('E') {
		if !d.take('+') {
			d.take('-')
		}
		if d.digits() == 0 {
			d.at = mark
		} else {
			integer = false
		}
	}
	text := d.s[start:d.at]
	if !integer {
		f, _ := strconv.ParseFloat(text, 64)
		return values.Float(f), nil
	}
	if i, ok := new(big.Int).SetString(text, 10); ok && len(text) <= 4300 {
		return values.BigInt(i), nil
	}
	return values.Null, d.fail("an integer of more than 4300 digits")
}

func (d *decoder) digits() int {
	start := d.at
	for d.at < len(d.s) && d.s[d.at] >= '0' && d.s[d.at] <= '9' {
		d.at++
	}
	return d.at - start
}

// str reads the rest of a string behind its opening quote.
func (d *decoder) str() (string, error) {
	var b strings.Builder
	for d.at < len(d.s) {
		c := d.s[d.at]
		switch {
		case c == '"':
			d.at++
			return b.String(), nil
		case c == '\\':
			if err := d.escape(&b); err != nil {
				return "", err
			}
			continue
		case c < 0x20:
			return "", d.fail("a control character in a string")
		}
		b.WriteByte(c)
		d.at++
	}
	return "", d.fail("a string that is never closed")
}

const escapes = `"\/bfnrt`

func (d *decoder) escape(b *strings.Builder) error {
	if d.at+1 >= len(d.s) {
		return d.fail("a string that is never closed")
	}
	if i := strings.IndexByte(escapes, d.s[d.at+1]); i >= 0 {
		b.WriteByte("\"\\/\b\f\n\r\t"[i])
		d.at += 2
		return nil
	}
	r, ok := d.unicodeEscape()
	if !ok {
		return d.fail("an unknown escape")
	}
	if r >= 0xD800 && r < 0xDC00 {
		mark := d.at
		if low, ok := d.unicodeEscape(); ok && low >= 0xDC00 && low < 0xE000 {
			r = 0x10000 + (r-0xD800)<<10 + (low - 0xDC00)
		} else {
			d.at = mark
		}
	}
	b.WriteString(values.FromRunes([]rune{r}))
	return nil
}

func (d *decoder) unicodeEscape() (rune, bool) {
	if d.at+6 > len(d.s) || d.s[d.at] != '\\' || d.s[d.at+1] != 'u' {
		return 0, false
	}
	code, err := strconv.ParseUint(d.s[d.at+2:d.at+6], 16, 32)
	if err != nil {
		return 0, false
	}
	d.at += 6
	return rune(code), true
}
