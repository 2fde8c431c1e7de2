package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// JSON prints v as Python's json.dumps does with sorted keys and text as it is: in one
// line with ", " and ": ", or with indent spaces for each level.
func JSON(v values.Value, indent int) string {
	p := printer{indent: indent}
	p.value(v, 0)
	return p.out.String()
}

type printer struct {
	out    strings.Builder
	indent int
}

func (p *printer) value(v values.Value, depth int) {
	switch v.Kind() {
	case values.KindNull:
		p.out.WriteString("null")
	case values.KindBool:
		b, _ := v.AsBool()
		fmt.Fprint(&p.out, b)
	case values.KindInt:
		p.out.WriteString(values.Text(v))
	case values.KindFloat:
		f, _ := v.AsFloat()
		p.float(f)
	case values.KindList:
		p.list(v.Items(), depth)
	case values.KindMap:
		m, _ := v.AsMap()
		p.mapping(m, depth)
	default:
		p.text(values.Text(v))
	}
}

func (p *printer) float(f float64) {
	switch {
	case math.IsNaN(f):
		p.out.WriteString("NaN")
	case math.IsInf(f, 1):
		p.out.WriteString("Infinity")
	case math.IsInf(f, -1):
		p.out.WriteString("-Infinity")
	default:
		p.out.WriteString(values.FloatText(f))
	}
}

func (p *printer) list(items []values.Value, depth int) {
	if len(items) == 0 {
		p.out.WriteString("[]")
		return
	}
	p.out.WriteByte('[')
	for i, item := range items {
		p.between(i, depth+1)
		p.value(item, depth+1)
	}
	p.end(']', depth)
}

func (p *printer) mapping(m *values.Map, depth int) {
	if m.Len() == 0 {
		p.out.WriteString("{}")
		return
	}
	names := make([]string, 0, m.Len())
	byName := map[string]values.Value{}
	for key, v := range m.All() {
		name := keyText(key)
		names = append(names, name)
		byName[name] = v
	}
	slices.Sort(names)
	p.out.WriteByte('{')
	for i, name := range slices.Compact(names) {
		p.between(i, depth+1)
		p.text(name)
		p.out.WriteString(": ")
		p.value(byName[name], depth+1)
	}
	p.end('}', depth)
}

// keyText is a key as Python's json writes it: true, null, 1.
func keyText(key values.Value) string {
	if s, ok := key.AsString(); ok {
		return s
	}
	return JSON(key, 0)
}

func (p *printer) between(i, depth int) {
	if i > 0 {
		p.out.WriteByte(',')
		if p.indent == 0 {
			p.out.WriteByte(' ')
		}
	}
	p.newline(depth)
}

func (p *printer) end(bracket byte, depth int) {
	p.newline(depth)
	p.out.WriteByte(bracket)
}

func (p *printer) newline(depth int) {
	if p.indent > 0 {
		p.out.WriteByte('\n')
		p.out.WriteString(strings.Repeat(" ", p.indent*depth))
	}
}

var escapes = map[rune]string{'"': `\"`, '\\': `\\`, '\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`}

func (p *printer) text(s string) {
	p.out.WriteByte('"')
	for _, r := range values.Runes(s) {
		switch escape, special := escapes[r]; {
		case special:
			p.out.WriteString(escape)
		case r < ' ' || r >= 0xDC80 && r <= 0xDCFF:
			fmt.Fprintf(&p.out, `\u%04x`, r)
		default:
			p.out.WriteRune(r)
		}
	}
	p.out.WriteByte('"')
}
