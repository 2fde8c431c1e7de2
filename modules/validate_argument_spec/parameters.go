package validate_argument_spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// parameters are described by a map from names to type, required and so on.
type parameters struct{ spec *values.Map }

// check tells what is wrong with given, in Ansible's words and order: missing names, types,
// choices, what is inside, and unknown names last.
func (p parameters) check(given *values.Map) []string {
	var unknown strangers
	wrong := p.within(given, "", &unknown)
	return append(wrong, unknown.told()...)
}

// within checks the options of the parameter where, or the parameters themselves.
func (p parameters) within(given *values.Map, where string, unknown *strangers) []string {
	p.unknown(given, where, unknown)
	wrong := p.missing(given, where)
	var fine []parameter
	var converted []values.Value
	for name, about := range p.spec.All() {
		v, ok := given.GetKey(name)
		if !ok || v.IsNull() {
			continue
		}
		one := parameter{values.Text(name), about}
		v, text := one.convert(v, where)
		if text != "" {
			wrong = append(wrong, text)
			continue
		}
		fine, converted = append(fine, one), append(converted, v)
	}
	for i, one := range fine {
		wrong = append(wrong, one.choices(converted[i], where)...)
	}
	for i, one := range fine {
		wrong = append(wrong, one.inside(converted[i], where, unknown)...)
	}
	return wrong
}

// strangers are names that no spec knows, with those that would be known.
type strangers struct{ names, known []string }

func (s strangers) told() []string {
	if len(s.names) == 0 {
		return nil
	}
	slices.Sort(s.names)
	return []string{fmt.Sprintf("%s. Supported parameters include: %s.", strings.Join(s.names, ", "), strings.Join(s.known, ", "))}
}

func (p parameters) unknown(given *values.Map, where string, all *strangers) {
	before := len(all.names)
	for name := range given.All() {
		if _, ok := p.spec.GetKey(name); !ok {
			all.names = append(all.names, qualified(where, values.Text(name)))
		}
	}
	if len(all.names) == before {
		return
	}
	all.known = nil
	for name := range p.spec.All() {
		all.known = append(all.known, values.Text(name))
	}
	slices.Sort(all.known)
}

func (p parameters) missing(given *values.Map, where string) []string {
	var names []string
	for name, about := range p.spec.All() {
		required, _ := about.Get("required")
		if v, ok := given.GetKey(name); truth(required) && (!ok || v.IsNull()) {
			names = append(names, values.Text(name))
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.Sort(names)
	text := "missing required arguments: " + strings.Join(names, ", ")
	if where != "" {
		text += " found in " + where
	}
	return []string{text}
}

// parameter is one of them.
type parameter struct {
	name  string
	about values.Value
}

// convert makes the value of the parameter's type, or says why it cannot be that.
func (p parameter) convert(v values.Value, where string) (values.Value, string) {
	kind := p.word("type", "str")
	v, err := convert(v, kind)
	if err != nil {
		return v, fmt.Sprintf("argument '%s' is of type %s%s and we were unable to convert to %s: %s", p.name, pythonType(v), typeFoundIn(where), kind, err)
	}
	return v, ""
}

func (p parameter) choices(v values.Value, where string) []string {
	choices, ok := p.about.Get("choices")
	if !ok {
		return nil
	}
	list := []values.Value{v}
	what := "one of"
	if v.Kind() == values.KindList {
		list, what = v.Items(), "one or more of"
	}
	var bad, texts []string
	for _, one := range list {
		if !slices.ContainsFunc(choices.Items(), func(c values.Value) bool { return values.Text(c) == values.Text(one) }) {
			bad = append(bad, values.Text(one))
		}
	}
	if len(bad) == 0 {
		return nil
	}
	for _, c := range choices.Items() {
		texts = append(texts, values.Text(c))
	}
	verb := "got"
	if what != "one of" {
		verb = "Got no match for"
	}
	return []string{fmt.Sprintf("value of %s must be %s: %s%s %s: %s", p.name, what, strings.Join(texts, ", "), map[bool]string{true: ",", false: "."}[verb == "got"], verb, strings.Join(bad, ", ")) + foundIn(where)}
}

// inside checks the elements of a list and the options of a dict.
func (p parameter) inside(v values.Value, where string, unknown *strangers) []string {
	var wrong []string
	kind := p.word("type", "str")
	elements := v.Items()
	switch {
	case kind == "list":
		of := p.word("elements", "raw")
		for i, element := range elements {
			converted, err := convert(element, of)
			if err != nil {
				wrong = append(wrong, fmt.Sprintf("Elements value for option '%s' is of type %s and we were unable to convert to %s: %s", p.name, pythonType(element), of, err)+foundIn(where))
			}
			elements[i] = converted
		}
	case kind == "dict":
		elements = []values.Value{v}
	}
	options, ok := p.about.Get("options")
	below, isMap := options.AsMap()
	if !ok || !isMap || len(wrong) > 0 {
		return wrong
	}
	for _, element := range elements {
		if m, ok := element.AsMap(); ok {
			wrong = append(wrong, parameters{below}.within(m, qualified(where, p.name), unknown)...)
		}
	}
	return wrong
}

func (p parameter) word(name, missing string) string {
	if v, ok := p.about.Get(name); ok {
		return values.Text(v)
	}
	return missing
}

func qualified(where, name string) string {
	if where == "" {
		return name
	}
	return where + "." + name
}

// typeFoundIn is foundIn as it stands in the middle of a message.
func typeFoundIn(where string) string {
	if where == "" {
		return ""
	}
	return " found in '" + where + "'."
}

func foundIn(where string) string {
	if where == "" {
		return ""
	}
	return " found in " + where
}
