package schema

import (
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// collections are the prefixes that may stand before the name of any module.
var collections = []string{"", "ansible.builtin.", "ansible.legacy.", "ansible.posix.", "community.general."}

// addModules adds every module under all names that playbooks may use.
func (s Sources) addModules(properties node) {
	for _, spec := range s.Modules {
		for _, name := range append([]string{spec.Name}, spec.Aliases...) {
			for _, prefix := range collections {
				properties[prefix+name] = ref("module_" + spec.Name)
			}
		}
	}
}

// moduleArguments are the parameters of a module: a mapping, or text. Which ones must be
// there is not said, because args and module_defaults may bring them.
func moduleArguments(spec modules.Spec) node {
	properties := parameters(spec.Parameters())
	if spec.FreeForm != "" {
		properties["_raw_params"] = node{}
	}
	if len(spec.Parameters()) == 0 && spec.FreeForm == "" {
		properties = node{}
	}
	arguments := closed(properties)
	if takesAnything(spec) {
		arguments["additionalProperties"] = true
	}
	return node{"anyOf": []node{{"type": []string{"string", "number", "boolean", "null"}}, arguments}}
}

// anything are the modules whose arguments are names that the user chooses.
var anything = []string{"set_fact", "add_host", "group_by"}

func takesAnything(spec modules.Spec) bool {
	for _, name := range anything {
		if spec.Name == name {
			return true
		}
	}
	return false
}

func parameters(list []modules.Parameter) node {
	properties := node{}
	for _, p := range list {
		n := described(parameter(p), helpOf(p))
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			properties[name] = n
		}
	}
	return properties
}

func helpOf(p modules.Parameter) string {
	var notes []string
	if p.Required {
		notes = append(notes, "required")
	}
	if p.HasDefault && p.Default != "" {
		notes = append(notes, "default "+p.Default)
	}
	if len(notes) == 0 {
		return p.Help
	}
	return p.Help + " (" + strings.Join(notes, ", ") + ")"
}

func parameter(p modules.Parameter) node {
	switch p.Type {
	case "bool":
		return truth()
	case "int", "float":
		return number(`^\s*[-+]?[0-9][0-9_.eE+-]*\s*$`)
	case "raw":
		return node{}
	case "dict":
		return dict(p)
	case "list":
		return node{"anyOf": []node{{"type": "array", "items": elements(p)}, {"type": []string{"string", "number", "boolean", "null"}}, single(p)}}
	}
	if len(p.Choices) > 0 {
		return oneOf(p.Choices)
	}
	return node{} // whatever it is, it becomes a text
}

// single is a dict that stands for a list of one.
func single(p modules.Parameter) node {
	if p.Options == nil {
		return node{"type": "object"}
	}
	return closed(parameters(p.Options))
}

func elements(p modules.Parameter) node {
	switch {
	case p.Options != nil:
		return node{"anyOf": []node{closed(parameters(p.Options)), {"type": "string"}}}
	case len(p.Choices) > 0:
		return oneOf(p.Choices)
	}
	return node{}
}

func dict(p modules.Parameter) node {
	inner := node{"type": "object"}
	if p.Options != nil {
		inner = closed(parameters(p.Options))
	}
	return node{"anyOf": []node{inner, {"type": []string{"string", "null"}}}}
}

// oneOf lists choices; yes and no may be written as truth values.
func oneOf(choices []string) node {
	list := []any{}
	for _, choice := range choices {
		list = append(list, choice)
		switch strings.ToLower(choice) {
		case "yes", "true", "on":
			list = append(list, true)
		case "no", "false", "off":
			list = append(list, false)
		}
	}
	return node{"anyOf": []node{{"enum": list}, {"type": []string{"null", "number", "boolean"}}, template()}}
}
