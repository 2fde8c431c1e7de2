package playbooks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// loops reads loop and with_*, and gives the entries that are neither.
func (p *parser) loops(t *target, m *values.Map, unknown []entry) []entry {
	for key, v := range m.All() {
		if name, _ := key.AsString(); name == "loop" && !v.IsNull() {
			p.loop(t, &Loop{Pos: key.Pos(), Items: v})
		}
	}
	others := unknown[:0]
	for _, e := range unknown {
		lookup, ok := strings.CutPrefix(e.name, "with_")
		if !ok {
			others = append(others, e)
			continue
		}
		lookup = p.lookup(e, lookup)
		if e.value.IsNull() {
			p.mistake(e.pos, "you must specify a value when using "+e.name, "")
			continue
		}
		p.loop(t, &Loop{Pos: e.pos, Lookup: lookup, Items: e.value})
	}
	return others
}

// withoutCollection is the short name of a lookup.
func withoutCollection(lookup string) string {
	for _, collection := range []string{"ansible.builtin.", "ansible.legacy.", "community.general."} {
		lookup = strings.TrimPrefix(lookup, collection)
	}
	return lookup
}

// lookup gives the name of a lookup that a with_* uses, and refuses those that do not exist.
func (p *parser) lookup(e entry, written string) string {
	if p.l.options.OwnLookup != nil {
		if own, err := p.l.options.OwnLookup(written); own {
			if err != nil {
				p.mistake(e.pos, err.Error(), "")
			}
			return written
		}
	}
	short := withoutCollection(written)
	if known := p.l.options.Lookups; known != nil && !slices.Contains(known, short) {
		p.doubted = true
		p.mistake(e.pos, fmt.Sprintf("there is no lookup %q for %s", short, e.name), didYouMean(short, known))
	}
	return short
}

func (p *parser) loop(t *target, l *Loop) {
	if t.task.Loop != nil {
		p.mistake(l.Pos, "duplicate loop in task: "+cmp.Or(l.Lookup, "loop"), "a task has one loop")
		return
	}
	if l.Lookup == "" && l.Items.Kind() != values.KindList && !isTemplate(l.Items) {
		p.soft(t, Mistake{Pos: l.Items.Pos(), Msg: "loop takes a list, not " + describe(l.Items),
			Hint: `a variable is written loop: "{{ name }}"`})
	}
	t.task.Loop = l
	p.templates(t, l.Items)
}

// readLoopControl reads loop_control.
func readLoopControl(p *parser, t *target, k *Keyword, v values.Value) {
	m, ok := v.AsMap()
	if !ok {
		p.wants(v.Pos(), k.Name, "a mapping (its values may be templates)", v)
		return
	}
	c := &t.task.LoopControl
	fields := map[string]*values.Value{"loop_var": &c.LoopVar, "index_var": &c.IndexVar, "label": &c.Label, "pause": &c.Pause,
		"extended": &c.Extended, "extended_allitems": &c.ExtendedAllItems}
	for key, value := range m.All() {
		name, _ := key.AsString()
		switch field := fields[name]; {
		case name == "break_when":
			conditions(func(t *target) *[]values.Value { return &t.task.LoopControl.BreakWhen })(p, t, k, value)
		case field == nil:
			p.mistake(key.Pos(), quoted(name)+" is no keyword of loop_control", didYouMean(name, append(sortedKeys(fields), "break_when")))
		default:
			p.templates(t, value)
			*field = value
		}
	}
	for _, name := range []values.Value{c.LoopVar, c.IndexVar} {
		if s, ok := name.AsString(); ok && !hasTemplate(s) && !isVariableName(s) {
			p.soft(t, Mistake{Pos: name.Pos(), Msg: quoted(s) + " is not a valid variable name"})
		}
	}
}
