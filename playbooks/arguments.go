package playbooks

import (
	"fmt"

	"github.com/gdeploy/gdeploy/values"
)

// arguments reads what stands behind the module's name, and args: below it.
func (p *parser) arguments(t *target, v values.Value, m *values.Map) {
	t.task.Args = values.NewMap(4)
	if more, ok := m.Get("args"); ok {
		p.moreArguments(t, more)
	}
	switch v.Kind() {
	case values.KindNull:
	case values.KindMap:
		given, _ := v.AsMap()
		p.given(t, given)
	case values.KindString:
		p.freeForm(t, v)
	default:
		p.wants(v.Pos(), t.task.Action, "a mapping of parameters, or text", v)
	}
	p.templates(t, values.FromMap(t.task.Args))
	p.templates(t, t.task.ArgsTemplate)
}

func (p *parser) moreArguments(t *target, v values.Value) {
	switch {
	case v.IsNull():
	case isTemplate(v):
		t.task.ArgsTemplate = v
	case v.Kind() == values.KindMap:
		m, _ := v.AsMap()
		p.given(t, m)
	default:
		p.wants(v.Pos(), "args", "a mapping of parameters, or one template", v)
	}
}

// given adds parameters that are written as a mapping.
func (p *parser) given(t *target, m *values.Map) {
	for key, v := range m.All() {
		if name, _ := key.AsString(); name == "_raw_params" && p.freeFormName(t) != "" {
			key = values.String(p.freeFormName(t)).At(key.Pos())
		}
		t.task.Args.SetKey(key, v)
	}
}

// freeForm reads key=value pairs and free text.
func (p *parser) freeForm(t *target, v values.Value) {
	text, _ := v.AsString()
	pairs, rest, err := keyValues(text, commandModules[t.task.Action])
	if err != nil {
		p.mistake(v.Pos(), "the arguments cannot be split: "+err.Error(), "write them as a mapping below "+t.task.Written+":")
		return
	}
	for key, value := range pairs.All() {
		t.task.Args.SetKey(key.At(v.Pos()), value.At(v.Pos()))
	}
	if rest == "" {
		return
	}
	raw := values.String(rest).At(v.Pos()).Inherit(v)
	if name := p.freeFormName(t); name != "" {
		t.task.Args.SetKey(values.String(name).At(v.Pos()), raw)
		return
	}
	if hasTemplate(rest) {
		t.task.ArgsTemplate = raw
		return
	}
	p.mistake(v.Pos(), fmt.Sprintf("%s takes no free text (%q)", t.task.Action, rest), "write its parameters as a mapping: name: value")
}

// freeFormName names the parameter that free text becomes, or "".
func (p *parser) freeFormName(t *target) string {
	switch {
	case t.task.Spec != nil:
		return t.task.Spec.FreeForm
	case t.task.UserModule != "":
		return ""
	}
	return languageFreeForm[t.task.Action]
}

var languageFreeForm = map[string]string{"include_tasks": "file", "import_tasks": "file", "include_vars": "file", "meta": "action"}

// checkArguments has the module look at its parameters.
func (p *parser) checkArguments(t *target) {
	check := p.l.options.CheckArgs
	if check == nil || t.task.Spec == nil || !t.task.ArgsTemplate.IsNull() {
		return
	}
	for _, err := range check(t.task.Spec, p.withDefaults(t)) {
		for _, m := range mistakesOf(err, t.task.Pos) {
			t.soft = append(t.soft, m)
		}
	}
}

// withDefaults adds the literal module_defaults around to the parameters, weakest first,
// so that what they give is not missed.
func (p *parser) withDefaults(t *target) *values.Map {
	var layers []values.Value
	if t.at.play != nil {
		layers = append(layers, t.at.play.ModuleDefaults...)
	}
	var around []values.Value
	for b := t.at.parent; b != nil; b = b.Parent {
		around = append(append([]values.Value{}, b.ModuleDefaults...), around...)
	}
	layers = append(append(layers, around...), t.task.ModuleDefaults...)
	if len(layers) == 0 {
		return t.task.Args
	}
	all := t.task.Args.Clone()
	for _, layer := range layers {
		m, ok := layer.AsMap()
		if !ok {
			continue
		}
		for key, args := range m.All() {
			name, _ := key.AsString()
			if given, ok := args.AsMap(); ok && shortName(name) == t.task.Action {
				addMissing(all, given)
			}
		}
	}
	return all
}

func addMissing(all, more *values.Map) {
	for key, v := range more.All() {
		if _, ok := all.GetKey(key); !ok {
			all.SetKey(key, v)
		}
	}
}
