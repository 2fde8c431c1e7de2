package facts

import (
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// parseINI reads sections of "key = value" or "key: value" as Python's ConfigParser does:
// keys lose their case, lines that are indented go on with the value before, [DEFAULT]
// belongs to each section. It is not ok where a line is none of that or a name
// comes twice.
func parseINI(text string) (v values.Value, ok bool) {
	p := ini{sections: values.NewMap(4), defaults: values.NewMap(0)}
	for line := range strings.SplitSeq(text, "\n") {
		if !p.line(strings.TrimRight(line, " \t\r")) {
			return values.Null, false
		}
	}
	found := values.NewMap(p.sections.Len())
	for name, section := range p.sections.All() {
		inner, _ := section.AsMap()
		merged := p.merged(inner)
		if merged == nil {
			return values.Null, false
		}
		found.SetKey(name, values.FromMap(merged))
	}
	return values.FromMap(found), true
}

type ini struct {
	sections, defaults *values.Map
	section            *values.Map
	key                string
	indent             int
}

func (p *ini) line(line string) bool {
	text := strings.TrimLeft(line, " \t")
	indent := len(line) - len(text)
	switch {
	case text == "" || text[0] == '#' || text[0] == ';':
		return true
	case p.key != "" && indent > p.indent:
		before, _ := p.section.Get(p.key)
		p.section.Set(p.key, values.String(values.Text(before)+"\n"+text))
		return true
	case text[0] == '[' && strings.HasSuffix(text, "]"):
		return p.open(text[1 : len(text)-1])
	}
	at := strings.IndexAny(text, "=:")
	if at < 1 || p.section == nil {
		return false
	}
	p.key, p.indent = strings.ToLower(strings.TrimSpace(text[:at])), indent
	if p.section.Has(p.key) {
		return false
	}
	p.section.Set(p.key, values.String(strings.TrimSpace(text[at+1:])))
	return true
}

func (p *ini) open(name string) bool {
	p.key = ""
	if name == "DEFAULT" {
		p.section = p.defaults
		return true
	}
	p.section = values.NewMap(4)
	if p.sections.Has(name) {
		return false
	}
	p.sections.Set(name, values.FromMap(p.section))
	return true
}

// merged is a section with the defaults that it does not have itself, and with %(name)s
// and %% put in.
func (p *ini) merged(section *values.Map) *values.Map {
	all := section.Clone()
	for key, v := range p.defaults.All() {
		if !all.Has(values.Text(key)) {
			all.SetKey(key, v)
		}
	}
	filled := values.NewMap(all.Len())
	for key, v := range all.All() {
		text, ok := interpolated(values.Text(v), all, 10)
		if !ok {
			return nil
		}
		filled.SetKey(key, values.String(text))
	}
	return filled
}

func interpolated(text string, all *values.Map, depth int) (string, bool) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "%")
		b.WriteString(before)
		if !found {
			return b.String(), depth > 0
		}
		if rest, ok := strings.CutPrefix(after, "%"); ok {
			b.WriteByte('%')
			text = rest
			continue
		}
		name, rest, ok := strings.Cut(strings.TrimPrefix(after, "("), ")s")
		v, known := all.Get(strings.ToLower(name))
		if !ok || !known || !strings.HasPrefix(after, "(") || depth == 0 {
			return "", false
		}
		inner, ok := interpolated(values.Text(v), all, depth-1)
		if !ok {
			return "", false
		}
		b.WriteString(inner)
		text = rest
	}
}
