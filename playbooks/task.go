package playbooks

import (
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// task reads a task. It is nil where nothing can be made of it. h is set for handlers.
func (p *parser) task(v values.Value, at place, h *Handler) *Task {
	m, ok := v.AsMap()
	if !ok {
		p.mistake(v.Pos(), "a task is a mapping of keywords, not "+describe(v), "")
		return nil
	}
	task := &Task{Keywords: Keywords{Pos: v.Pos()}, Parent: at.parent, Role: at.role}
	t := &target{what: "a task", on: OnTask, at: at, words: &task.Keywords, task: task, handler: h}
	if h != nil {
		t.what, t.on = "a handler", OnTask|OnHandler
	}
	others := p.loops(t, m, p.words(t, m))
	if !p.call(t, m, others) {
		return nil
	}
	p.settle(t)
	p.alone(task)
	task.Undo = p.list("undo", section(m, "undo"), at)
	return task
}

// call reads the module of a task with its arguments.
func (p *parser) call(t *target, m *values.Map, others []entry) bool {
	a, args, ok := p.written(t, m, others)
	if !ok {
		return false
	}
	t.task.Action, t.task.Written = a.name, a.written
	t.task.Spec, t.task.UserModule = a.spec, a.path
	if a.old != "" {
		p.warn(t.task.Pos, a.old)
	}
	if isInclude(a.name) {
		p.includeKeywords(t, m)
	}
	if !p.arguments(t, args, m) {
		return true
	}
	if a.spec == nil && a.path == "" {
		p.language(t)
	}
	p.checkArguments(t)
	return true
}

// written finds the module and its arguments in one of the ways to write them.
func (p *parser) written(t *target, m *values.Map, others []entry) (action, values.Value, bool) {
	for _, name := range []string{"action", "local_action"} {
		v, ok := m.Get(name)
		if !ok || v.IsNull() {
			continue
		}
		if name == "local_action" {
			t.task.DelegateTo = values.String("localhost").At(v.Pos())
		}
		for _, e := range others {
			if _, known := p.action(e.name, t.at); known {
				p.mistake(e.pos, "action or local_action cannot be specified at the same time as a module", "a task calls one module")
				continue
			}
			p.unknownKeyword(t, e)
		}
		return p.oldAction(t, name, v)
	}
	a, e, ok := p.choose(t, others)
	return a, e.value, ok
}

// oldAction reads "action: copy src=a" and "action: {module: copy, src: a}".
func (p *parser) oldAction(t *target, keyword string, v values.Value) (action, values.Value, bool) {
	var name string
	var args values.Value
	switch v.Kind() {
	case values.KindString:
		s, _ := v.AsString()
		word, rest := firstWord(s)
		name, args = word, values.String(rest).At(v.Pos())
	case values.KindMap:
		m, _ := v.AsMap()
		module, _ := m.Get("module")
		text, _ := module.AsString()
		word, rest := firstWord(text)
		name = word
		without := m.Clone()
		without.Delete(values.String("module"))
		if pairs, _, err := keyValues(rest); err == nil {
			for key, value := range pairs.All() {
				without.SetKey(key, value.At(within(module, value)))
			}
		}
		args = values.FromMap(without).At(v.Pos())
	default:
		p.wants(v.Pos(), keyword, "the module and its arguments", v)
		return action{}, args, false
	}
	if name == "" {
		p.mistake(v.Pos(), "no module/action detected in task", "write "+keyword+": {module: NAME, ...}")
		return action{}, args, false
	}
	if hasTemplate(name) {
		return action{name: name, written: name}, args, true
	}
	a, ok := p.action(name, t.at)
	if !ok {
		p.unknownTaskKey(t, entry{name, v.Pos(), args}, false, a)
	}
	return a, args, ok
}

// firstWord splits a text behind its first word; a template is one word.
func firstWord(s string) (word, rest string) {
	s = strings.TrimSpace(s)
	words, err := splitWords(s)
	if err != nil || len(words) == 0 {
		word, rest, _ = strings.Cut(s, " ")
		return word, rest
	}
	return s[:words[0].end], strings.TrimLeft(s[words[0].end:], " ")
}

// settle decides what becomes of the mistakes that a task might survive.
func (p *parser) settle(t *target) {
	if len(t.soft) == 0 {
		return
	}
	late := t.at.with(t.words).survives() || t.task.FailedWhen != nil
	if !late {
		p.mistakes = append(p.mistakes, t.soft...)
		return
	}
	for i := range t.soft {
		if t.soft[i].Line == "" {
			t.soft[i].Line = p.l.files.line(t.soft[i].Pos)
		}
		p.warn(t.soft[i].Pos, t.soft[i].Msg)
	}
	t.task.Late = &LateError{t.soft}
}
