package inventory

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// indentedJSON prints v as ansible-inventory does: four spaces, sorted keys, and
// encrypted and unsafe texts as the objects by which Ansible knows them again.
func indentedJSON(v values.Value) []byte {
	p := jsonPrinter{}
	p.value(v, "\n")
	return p.out
}

type jsonPrinter struct{ out []byte }

func (p *jsonPrinter) text(s string) { p.out = append(p.out, s...) }

// value prints v; end is the line end with the indentation around it.
func (p *jsonPrinter) value(v values.Value, end string) {
	if s, ok := v.AsString(); ok {
		if v.Unsafe() && looksLikeTemplate(s) {
			p.marked("__ansible_unsafe", s, end)
			return
		}
		p.quote(s)
		return
	}
	if m, ok := v.AsMap(); ok {
		p.mapping(m, end)
		return
	}
	if o, ok := v.AsObject(); ok {
		if e, ok := o.(*yaml.Encrypted); ok {
			p.marked("__ansible_vault", e.Text, end)
			return
		}
	}
	if v.Kind() == values.KindList {
		p.list(v.Items(), end)
		return
	}
	p.out = append(p.out, values.JSON(v)...)
}

// looksLikeTemplate tells the texts for which the mark makes a difference. All that
// scripts print is marked, and readers of the list want plain texts where they can be.
func looksLikeTemplate(s string) bool {
	return strings.Contains(s, "{{") || strings.Contains(s, "{%") || strings.Contains(s, "{#")
}

func (p *jsonPrinter) marked(name, s, end string) {
	p.text("{" + end + `    "` + name + `": `)
	p.quote(s)
	p.text(end + "}")
}

func (p *jsonPrinter) list(items []values.Value, end string) {
	if len(items) == 0 {
		p.text("[]")
		return
	}
	p.text("[")
	for i, item := range items {
		if i > 0 {
			p.text(",")
		}
		p.text(end + "    ")
		p.value(item, end+"    ")
	}
	p.text(end + "]")
}

func (p *jsonPrinter) mapping(m *values.Map, end string) {
	if m.Len() == 0 {
		p.text("{}")
		return
	}
	p.text("{")
	for i, key := range yaml.SortedKeys(m) {
		if i > 0 {
			p.text(",")
		}
		p.text(end + "    ")
		if s, ok := key.AsString(); ok {
			p.quote(s)
		} else {
			p.quote(string(values.JSON(key)))
		}
		p.text(": ")
		v, _ := m.GetKey(key)
		p.value(v, end+"    ")
	}
	p.text(end + "}")
}

var jsonEscapes = strings.NewReplacer(`"`, `\"`, `\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\b", `\b`, "\f", `\f`)

// quote writes a JSON string as Python does without ensure_ascii.
func (p *jsonPrinter) quote(s string) {
	p.out = append(p.out, '"')
	s = jsonEscapes.Replace(s)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case s[i] < ' ':
			p.out = fmt.Appendf(p.out, `\u%04x`, s[i])
		case r == utf8.RuneError && n == 1:
			p.out = fmt.Appendf(p.out, `\udc%02x`, s[i])
		default:
			p.text(s[i : i+n])
		}
		i += n
	}
	p.out = append(p.out, '"')
}
