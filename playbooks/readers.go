package playbooks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// value makes the reader of a keyword whose value is kept as it was written.
func value(field func(*target) *values.Value) reader {
	return func(p *parser, t *target, k *Keyword, v values.Value) {
		p.literal(t, k, v)
		p.templates(t, v)
		*field(t) = v
	}
}

// word makes the reader of a keyword that all nodes share.
func word(field func(*Keywords) *values.Value) reader {
	return func(p *parser, t *target, k *Keyword, v values.Value) {
		p.literal(t, k, v)
		switch {
		case k.Name != "name": // Ansible shows a name that it cannot evaluate as it is
			p.templates(t, v)
		case !v.Truthy(), t.task != nil && v.Kind() != values.KindString:
			return // and a play by its hosts, a task by its module, where the name is no text
		}
		*field(t.words) = v
	}
}

// conditions makes the reader of a keyword that takes one expression or several.
func conditions(field func(*target) *[]values.Value) reader {
	return func(p *parser, t *target, k *Keyword, v values.Value) {
		all := []values.Value{v}
		if v.Kind() == values.KindList {
			all = v.Items()
		}
		if len(all) == 0 {
			return
		}
		for _, c := range all {
			p.condition(t, k, c)
		}
		*field(t) = all
	}
}

func (p *parser) condition(t *target, k *Keyword, c values.Value) {
	switch c.Kind() {
	case values.KindMap, values.KindList:
		p.wants(c.Pos(), k.Name, "an expression or a list of expressions", c)
	case values.KindString:
		p.conditionTemplates(t, k, c)
	}
}

func readTags(p *parser, t *target, k *Keyword, v values.Value) {
	t.words.Tags = p.names(k.Name, v)
}

func readCollections(p *parser, t *target, k *Keyword, v values.Value) {
	t.words.Collections = p.names(k.Name, v)
}

// names reads a list of names, or one string with commas between them.
func (p *parser) names(keyword string, v values.Value) []string {
	names := []string{}
	switch v.Kind() {
	case values.KindString:
		for name := range strings.SplitSeq(values.Text(v), ",") {
			names = append(names, strings.TrimSpace(name))
		}
		return names
	case values.KindList:
	default:
		p.wants(v.Pos(), keyword, "a list of names", v)
		return nil
	}
	for _, item := range v.Items() {
		if k := item.Kind(); k == values.KindMap || k == values.KindList || k == values.KindNull {
			p.wants(item.Pos(), keyword, "names", item)
			continue
		}
		names = append(names, values.Text(item)) // as in Ansible, a comma is part of it here
	}
	return names
}

func readNotify(p *parser, t *target, k *Keyword, v values.Value) {
	list := p.texts(t, k, v)
	if t.task != nil {
		t.task.Notify = list
		return
	}
	t.block.Notify = list
}

func readListen(p *parser, t *target, k *Keyword, v values.Value) {
	t.handler.Listen = p.texts(t, k, v)
}

// texts reads a string, or a list of strings; each may hold templates.
func (p *parser) texts(t *target, k *Keyword, v values.Value) []values.Value {
	items := []values.Value{v}
	if v.Kind() == values.KindList {
		items = v.Items()
	}
	for _, item := range items {
		if item.Kind() == values.KindMap || item.Kind() == values.KindList || item.IsNull() {
			p.wants(item.Pos(), k.Name, "a string or a list of strings", item)
		}
	}
	p.templates(t, v)
	return items
}

func readVars(p *parser, t *target, k *Keyword, v values.Value) {
	t.words.Vars = p.vars(k.Name, v)
}

// vars reads a mapping of variables. As they are evaluated only when they are used, what
// is wrong in their templates is no reason to refuse.
func (p *parser) vars(keyword string, v values.Value) *values.Map {
	if v.Kind() == values.KindList {
		return p.varsList(keyword, v)
	}
	m, ok := v.AsMap()
	if !ok {
		p.wants(v.Pos(), keyword, "a mapping of variables", v)
		return nil
	}
	for key := range m.All() {
		p.variableName(key)
	}
	p.lazyTemplates(v)
	return m
}

// varsList reads the old form: a list of mappings, of which later ones win.
func (p *parser) varsList(keyword string, v values.Value) *values.Map {
	all := values.NewMap(len(v.Items()))
	for _, item := range v.Items() {
		m, ok := item.AsMap()
		if !ok {
			p.wants(item.Pos(), keyword, "a mapping of variables", item)
			continue
		}
		for key, value := range p.vars(keyword, values.FromMap(m).At(item.Pos())).All() {
			all.SetKey(key, value)
		}
	}
	return all
}

// variableName refuses what cannot be the name of a variable.
func (p *parser) variableName(key values.Value) {
	name, ok := key.AsString()
	switch {
	case !ok:
		p.mistake(key.Pos(), "the name of a variable must be a string, not "+describe(key), "put it into quotes")
	case !isVariableName(name):
		hint := "letters, digits and _, with no digit first"
		if pythonWords[name] {
			hint = "the word is reserved"
		}
		p.mistake(key.Pos(), quoted(name)+" is not a valid variable name", hint)
	}
}

// isVariableName reports whether name can be a variable, as Python decides it.
func isVariableName(name string) bool {
	if name == "" || name[0] >= '0' && name[0] <= '9' || pythonWords[name] {
		return false
	}
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

var pythonWords = func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(`False None True and as assert async await break class continue def del elif else except
		finally for from global if import in is lambda nonlocal not or pass raise return try while with yield`) {
		words[word] = true
	}
	return words
}()

func readEnvironment(p *parser, t *target, k *Keyword, v values.Value) {
	t.words.Environment = p.mappings(t, k, v)
	p.templates(t, v)
}

// mappings reads a mapping, a template that gives one, or a list of these.
func (p *parser) mappings(_ *target, k *Keyword, v values.Value) []values.Value {
	items := []values.Value{v}
	if v.Kind() == values.KindList {
		items = v.Items()
	}
	for _, item := range items {
		if _, isMap := item.AsMap(); !isMap && !isTemplate(item) && !item.IsNull() {
			p.wants(item.Pos(), k.Name, "a mapping or a list of mappings", item)
		}
	}
	return items
}

func readModuleDefaults(p *parser, t *target, k *Keyword, v values.Value) {
	t.words.ModuleDefaults = p.mappings(t, k, v)
	for _, item := range t.words.ModuleDefaults {
		m, ok := item.AsMap()
		if !ok {
			continue
		}
		for key, args := range m.All() {
			p.moduleDefault(t, key, args)
		}
	}
	p.lazyTemplates(v)
}

func (p *parser) moduleDefault(t *target, key, args values.Value) {
	name, _ := key.AsString()
	if _, isMap := args.AsMap(); !isMap && !isTemplate(args) && !args.IsNull() {
		p.wants(args.Pos(), "module_defaults of "+name, "a mapping of parameters", args)
	}
	switch {
	case strings.Contains(name, "{{"):
		return
	case strings.HasPrefix(name, groupPrefix):
		p.moduleGroup(t, key)
		return
	}
	if _, ok := p.action(name, t.at); !ok {
		p.mistake(key.Pos(), fmt.Sprintf("there is no module %q", name), didYouMean(name, p.l.moduleNames()))
	}
}

func readRegister(p *parser, t *target, _ *Keyword, v values.Value) {
	name, ok := v.AsString()
	if !ok || !isVariableName(name) {
		p.soft(t, Mistake{Pos: v.Pos(), Msg: fmt.Sprintf("Invalid variable name in 'register' specified: '%s'", values.Text(v)),
			Hint: "letters, digits and _, with no digit first"})
	}
	t.task.Register = name
}

// debuggerTimes are what debugger takes.
var debuggerTimes = []string{"always", "never", "on_failed", "on_unreachable", "on_skipped"}

func readDebugger(p *parser, t *target, _ *Keyword, v values.Value) {
	if s, _ := v.AsString(); !isTemplate(v) && !slices.Contains(debuggerTimes, s) {
		p.mistake(v.Pos(), fmt.Sprintf("'%s' is not a valid value for debugger. Must be one of always, never, on_failed, on_unreachable, on_skipped", values.Text(v)), didYouMean(s, debuggerTimes))
	}
	p.templates(t, v)
	t.words.Debugger = v
}

// ignored is the reader of what is read together with the module.
func ignored(*parser, *target, *Keyword, values.Value) {}

func delegateTo(t *target) *values.Value {
	switch {
	case t.task != nil:
		return &t.task.DelegateTo
	case t.role != nil:
		return &t.role.DelegateTo
	}
	return &t.block.DelegateTo
}

func delegateFacts(t *target) *values.Value {
	switch {
	case t.task != nil:
		return &t.task.DelegateFacts
	case t.role != nil:
		return &t.role.DelegateFacts
	}
	return &t.block.DelegateFacts
}
