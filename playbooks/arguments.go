package playbooks

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// arguments reads what stands behind the module's name, and args: below it. It is false
// where that cannot be understood.
func (p *parser) arguments(t *target, v values.Value, m *values.Map) bool {
	t.task.Args = values.NewMap(4)
	before := len(p.mistakes)
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
	return len(p.mistakes) == before
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
	pairs, rest, err := splitFreeForm(t.task.Spec, text)
	if err != nil {
		p.mistake(v.Pos(), err.Error(), "write the arguments as a mapping below "+t.task.Written+":")
		return
	}
	for key, value := range pairs.All() {
		t.task.Args.SetKey(key.At(v.Pos()), value.At(within(v, value)).Inherit(v))
	}
	if rest == "" {
		return
	}
	raw := values.String(rest).At(within(v, values.String(rest))).Inherit(v)
	switch name := p.freeFormName(t); {
	case name != "":
		t.task.Args.SetKey(values.String(name).At(v.Pos()), raw)
	case hasTemplate(rest):
		t.task.ArgsTemplate = raw
	default:
		p.mistake(v.Pos(), fmt.Sprintf("%s takes no free text (%q)", t.task.Action, rest), "write its parameters as a mapping: name: value")
	}
}

// within is where a part of a text stands.
func within(whole, part values.Value) values.Position {
	text, _ := whole.AsString()
	piece, _ := part.AsString()
	at := strings.Index(text, piece)
	if piece == "" || at < 0 || strings.LastIndex(text, piece) != at {
		return whole.Pos().Scattered()
	}
	return whole.Pos().Within(text, at)
}

// splitFreeForm takes pairs and free text apart. Where the module has a parameter for
// free text, it is among the pairs.
func splitFreeForm(spec *modules.Spec, text string) (pairs *values.Map, rest string, err error) {
	if spec == nil || spec.FreeForm == "" {
		return keyValues(text)
	}
	pairs, err = modules.ParseFreeForm(*spec, text)
	return pairs, "", err
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

var languageFreeForm = map[string]string{"include": "file", "include_tasks": "file", "import_tasks": "file", "meta": "action"}

// checkArguments has the module look at its parameters.
func (p *parser) checkArguments(t *target) {
	if t.task.Spec == nil || !t.task.ArgsTemplate.IsNull() {
		return
	}
	args, known := withDefaults(t)
	if !known {
		return
	}
	for _, problem := range modules.Check(*t.task.Spec, values.FromMap(args).At(t.task.Pos), isTemplate) {
		t.soft = append(t.soft, Mistake{Pos: cmp.Or(problem.Pos, t.task.Pos), Msg: problem.Msg, Ansible: cmp.Or(problem.Ansible, problem.Msg)})
	}
}

// withDefaults adds the module_defaults around to the parameters, so that what they give
// is not missed. It is false where they are not known before the run.
func withDefaults(t *target) (args *values.Map, known bool) {
	around := []*Keywords{&t.task.Keywords}
	for b := t.at.parent; b != nil; b = b.Parent {
		around = append(around, &b.Keywords)
	}
	if t.at.play != nil {
		around = append(around, &t.at.play.Keywords)
	}
	var layers []DefaultsLayer
	for _, k := range slices.Backward(around) {
		for _, written := range k.ModuleDefaults {
			m, ok := written.AsMap()
			if !ok {
				return nil, false
			}
			layers = append(layers, DefaultsLayer{Args: m, Groups: k.ModuleGroups})
		}
	}
	if len(layers) == 0 {
		return t.task.Args, true
	}
	all := t.task.Args.Clone()
	for _, args := range slices.Backward(t.task.Defaults(layers)) {
		given, ok := args.AsMap()
		if !ok {
			return nil, false
		}
		addMissing(all, given)
	}
	return all, true
}

func addMissing(all, more *values.Map) {
	for key, v := range more.All() {
		if _, ok := all.GetKey(key); !ok {
			all.SetKey(key, v)
		}
	}
}
