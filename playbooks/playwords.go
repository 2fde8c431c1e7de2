package playbooks

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// readHosts reads the pattern of a play.
func readHosts(p *parser, t *target, k *Keyword, v values.Value) {
	items := []values.Value{v}
	switch v.Kind() {
	case values.KindList:
		items = v.Items()
	case values.KindString:
		if s, _ := v.AsString(); s == "" {
			items = nil
		}
	default:
		p.wants(v.Pos(), k.Name, "a pattern or a list of patterns", v)
		return
	}
	if len(items) == 0 {
		p.mistake(v.Pos(), "Hosts list cannot be empty", "hosts: all means every host of the inventory")
	}
	for _, item := range items {
		if kind := item.Kind(); kind == values.KindMap || kind == values.KindList || kind == values.KindNull {
			p.wants(item.Pos(), k.Name, "patterns", item)
		}
	}
	p.templates(t, v)
	t.play.Hosts = v
}

// strategies are those that gdeploy has.
var strategies = []string{"linear", "free", "host_pinned", "debug"}

func readStrategy(p *parser, t *target, _ *Keyword, v values.Value) {
	name, ok := p.evaluated(v, t.at, "strategy", "write the name")
	if !ok {
		return
	}
	name = strings.TrimPrefix(name, "ansible.builtin.")
	if !slices.Contains(strategies, name) {
		p.mistake(v.Pos(), "Invalid play strategy specified: "+name, cmp.Or(didYouMean(name, strategies), "one of "+strings.Join(strategies, ", ")))
	}
	t.play.Strategy = name
}

var orders = []string{"inventory", "reverse_inventory", "sorted", "reverse_sorted", "shuffle"}

func readOrder(p *parser, t *target, k *Keyword, v values.Value) {
	if name, _ := v.AsString(); !isTemplate(v) && !slices.Contains(orders, name) {
		p.mistake(v.Pos(), fmt.Sprintf("there is no order %q", values.Text(v)), cmp.Or(didYouMean(name, orders), "one of "+strings.Join(orders, ", ")))
	}
	p.templates(t, v)
	t.play.Order = v
}

func readSerial(p *parser, t *target, k *Keyword, v values.Value) {
	items := []values.Value{v}
	if v.Kind() == values.KindList {
		items = v.Items()
	}
	for _, item := range items {
		if !isTemplate(item) && !isBatch(item) {
			p.wants(item.Pos(), k.Name, `numbers or percentages ("30%")`, item)
		}
	}
	p.templates(t, v)
	t.play.Serial = v
}

func isBatch(v values.Value) bool {
	s, ok := v.AsString()
	if !ok {
		return v.Kind() == values.KindInt || v.Kind() == values.KindFloat
	}
	if percent, ok := strings.CutSuffix(s, "%"); ok {
		_, err := strconv.ParseFloat(percent, 64)
		return err == nil
	}
	return isInteger(v)
}

func readVarsFiles(p *parser, t *target, k *Keyword, v values.Value) {
	items := []values.Value{v}
	if v.Kind() == values.KindList {
		items = v.Items()
	}
	for _, item := range items {
		names := []values.Value{item}
		if item.Kind() == values.KindList {
			names = item.Items()
		}
		for _, name := range names {
			if name.Kind() != values.KindString {
				p.wants(name.Pos(), k.Name, "names of files, or lists of them of which the first that exists is read", name)
			}
		}
	}
	p.templates(t, v)
	t.play.VarsFiles = items
}

func readOnFailure(p *parser, t *target, k *Keyword, v values.Value) {
	if s, _ := v.AsString(); !isTemplate(v) && s != "undo" && s != "undo_host" {
		p.mistake(v.Pos(), fmt.Sprintf("on_failure takes undo or undo_host, not %s", describe(v)), didYouMean(s, []string{"undo", "undo_host"}))
	}
	p.templates(t, v)
	t.play.OnFailure = v
}

// readVarsPrompt reads the questions of a play.
func readVarsPrompt(p *parser, t *target, k *Keyword, v values.Value) {
	if v.Kind() != values.KindList {
		p.wants(v.Pos(), k.Name, "a list of {name, prompt, ...}", v)
		return
	}
	for _, item := range v.Items() {
		m, ok := item.AsMap()
		if !ok {
			p.wants(item.Pos(), k.Name, "a list of {name, prompt, ...}", item)
			continue
		}
		t.play.VarsPrompt = append(t.play.VarsPrompt, p.prompt(t, item.Pos(), m))
	}
}

func (p *parser) prompt(t *target, pos values.Position, m *values.Map) Prompt {
	prompt := Prompt{Pos: pos}
	var name values.Value
	p.fields(t, "vars_prompt", m, map[string]*values.Value{"name": &name, "prompt": &prompt.Prompt, "default": &prompt.Default,
		"private": &prompt.Private, "confirm": &prompt.Confirm, "encrypt": &prompt.Encrypt, "salt": &prompt.Salt,
		"salt_size": &prompt.SaltSize, "unsafe": &prompt.Unsafe})
	s, ok := name.AsString()
	if !ok {
		p.mistake(pos, "Invalid vars_prompt data structure, missing 'name' key", "")
		return prompt
	}
	p.variableName(name)
	prompt.Name = s
	return prompt
}

// fields reads a mapping whose values are kept as they were written.
func (p *parser) fields(t *target, what string, m *values.Map, fields map[string]*values.Value) {
	for key, v := range m.All() {
		name, _ := key.AsString()
		field := fields[name]
		if field == nil {
			p.mistake(key.Pos(), fmt.Sprintf("%q is no keyword of %s", values.Text(key), what), didYouMean(name, sortedKeys(fields)))
			continue
		}
		p.templates(t, v)
		*field = v
	}
}

// readLock reads lock: NAME, or a mapping.
func readLock(p *parser, t *target, k *Keyword, v values.Value) {
	lock := &Lock{Pos: v.Pos()}
	t.play.Lock = lock
	if v.Kind() == values.KindString {
		p.templates(t, v)
		lock.Name = v
		return
	}
	m, ok := v.AsMap()
	if !ok {
		p.wants(v.Pos(), k.Name, "a name, or a mapping with a name", v)
		return
	}
	var when values.Value
	p.fields(t, "lock", m, map[string]*values.Value{"name": &lock.Name, "also": &lock.Also, "path": &lock.Path, "wait": &lock.Wait,
		"reason": &lock.Reason, "take_over": &lock.TakeOver, "hold": &lock.Hold, "urgent": &lock.Urgent, "become": &lock.Become, "when": &when})
	if lock.Name.IsNull() {
		p.mistake(v.Pos(), "the lock needs a name", "all runs with the same name exclude each other: usually the application's")
	}
	if !when.IsNull() {
		conditions(func(*target) *[]values.Value { return &lock.When })(p, t, &Keyword{Name: "when", Takes: Conditions}, when)
	}
}
