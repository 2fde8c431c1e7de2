package validate_argument_spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// parameters are described by a map from names to type, required and so on.
type parameters struct{ spec *values.Map }

// check tells what is wrong with given, in Ansible's words and order: unknown names,
// missing ones, types, choices. where names the parameter that these are options of.
func (p parameters) check(given *values.Map, where string) []string {
	wrong := append(p.unknown(given, where), p.missing(given, where)...)
	for name, about := range p.spec.All() {
		v, ok := given.GetKey(name)
		if !ok || v.IsNull() {
			continue
		}
		wrong = append(wrong, parameter{values.Text(name), about}.check(v, where)...)
	}
	return wrong
}

func (p parameters) unknown(given *values.Map, where string) []string {
	var names, known []string
	for name := range given.All() {
		if _, ok := p.spec.GetKey(name); !ok {
			names = append(names, qualified(where, values.Text(name)))
		}
	}
	if len(names) == 0 {
		return nil
	}
	for name := range p.spec.All() {
		known = append(known, values.Text(name))
	}
	slices.Sort(names)
	slices.Sort(known)
	return []string{fmt.Sprintf("%s. Supported parameters include: %s.", strings.Join(names, ", "), strings.Join(known, ", "))}
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

func (p parameter) check(v values.Value, where string) []string {
	kind := p.word("type", "str")
	v, err := convert(v, kind)
	if err != nil {
		return []string{fmt.Sprintf("argument '%s' is of type %s%s and we were unable to convert to %s: %s", p.name, pythonType(v), typeFoundIn(where), kind, err)}
	}
	wrong := p.choices(v, where)
	return append(wrong, p.inside(v, kind, where)...)
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
func (p parameter) inside(v values.Value, kind, where string) []string {
	var wrong []string
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
			wrong = append(wrong, parameters{below}.check(m, qualified(where, p.name))...)
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
