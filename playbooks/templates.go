package playbooks

import (
	"cmp"
	"errors"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// templates checks all templates in v.
func (p *parser) templates(t *target, v values.Value) {
	p.eachTemplate(v, 0, func(m Mistake) { p.soft(t, m) })
}

// lazyTemplates checks templates that are evaluated only when somebody uses them: what
// is wrong in them is told and not refused.
func (p *parser) lazyTemplates(v values.Value) {
	p.eachTemplate(v, 0, func(m Mistake) { p.warn(m.Pos, m.Msg) })
}

// conditionTemplates checks a bare expression. One with {{ }} around it works too.
func (p *parser) conditionTemplates(t *target, k *Keyword, c values.Value) {
	if isTemplate(c) {
		s, _ := c.AsString()
		if trimmed := strings.TrimSpace(s); strings.HasPrefix(trimmed, "{{") || strings.HasPrefix(trimmed, "{%") {
			p.warn(c.Pos(), k.Name+" is an expression already: leave the {{ }} out")
			p.templates(t, c)
			return
		}
	}
	if s, _ := c.AsString(); p.l.options.CheckTemplate == nil || c.Unsafe() || s == "" {
		return
	}
	for _, err := range p.check(c, true) {
		for _, m := range templateMistakes(err, c.Pos()) {
			p.soft(t, m)
		}
	}
}

// eachTemplate calls found for what is wrong in the templates of v. Aliases could make a
// value that holds itself many times over, so depth is bounded.
func (p *parser) eachTemplate(v values.Value, depth int, found func(Mistake)) {
	if p.l.options.CheckTemplate == nil || depth > 100 || v.Unsafe() {
		return
	}
	switch v.Kind() {
	case values.KindString:
		if !isTemplate(v) {
			return
		}
		for _, err := range p.check(v, false) {
			for _, m := range templateMistakes(err, v.Pos()) {
				found(m)
			}
		}
	case values.KindList:
		for _, item := range v.Items() {
			p.eachTemplate(item, depth+1, found)
		}
	case values.KindMap:
		m, _ := v.AsMap()
		for _, item := range m.All() {
			p.eachTemplate(item, depth+1, found)
		}
	}
}

// templateMistakes gives the errors of the template engine their places.
func templateMistakes(err error, pos values.Position) Mistakes {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all Mistakes
		for _, e := range joined.Unwrap() {
			all = append(all, templateMistakes(e, pos)...)
		}
		return all
	}
	var syntax *jinja.SyntaxError
	if !errors.As(err, &syntax) {
		return mistakesOf(err, pos)
	}
	hint := ""
	if strings.HasPrefix(syntax.Msg, `unexpected "="`) {
		hint = "two values are compared with =="
	}
	return Mistakes{{Pos: cmp.Or(syntax.Pos, pos), Msg: syntax.Msg, Hint: hint}}
}
