// Package schema writes JSON schemas of playbooks, task files, inventories and settings,
// so that editors complete and check them. They are made of what the loader reads by: the
// keyword table and the modules' Specs. What a schema refuses, a run would refuse too.
package schema

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/playbooks"
)

// draft is the version of JSON schema that editors understand best.
const draft = "http://json-schema.org/draft-07/schema#"

// node is a part of a schema.
type node = map[string]any

// Sources are what schemas are made of.
type Sources struct {
	Modules []modules.Spec
	// OwnModules are the names of the user's own modules, with any parameters.
	OwnModules []string
	// Lookups are the names behind with_.
	Lookups []string
}

// Playbook is the schema of a file with plays.
func (s Sources) Playbook() []byte {
	return document("a playbook of gdeploy", node{
		"type": "array",
		"items": node{
			"if":   requires(names("import_playbook")...),
			"then": ref("import"),
			"else": ref("play"),
		},
	}, s.definitions())
}

// Tasks is the schema of a file with tasks, such as tasks/main.yml of a role.
func (s Sources) Tasks() []byte {
	return document("a file of tasks", ref("tasks"), s.definitions())
}

func document(title string, root, definitions node) []byte {
	root = maps.Clone(root)
	if to, ok := root["$ref"]; ok {
		root = node{"allOf": []node{{"$ref": to}}} // beside a $ref nothing else counts
	}
	definitions["truth"] = writtenTruth()
	root["$schema"], root["title"], root["definitions"] = draft, title, definitions
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic(err) // maps of texts and lists are JSON
	}
	return append(text, '\n')
}

func ref(name string) node { return node{"$ref": "#/definitions/" + name} }

// requires is true of an object that has one of the keys.
func requires(keys ...string) node {
	var any []node
	for _, key := range keys {
		any = append(any, node{"required": []string{key}})
	}
	return node{"type": "object", "anyOf": any}
}

// names gives the ways to write the name of a word of the language.
func names(word string) []string {
	return []string{word, "ansible.builtin." + word, "ansible.legacy." + word}
}

// closed is an object with these keys and no others.
func closed(properties node) node {
	return node{"type": "object", "properties": properties, "additionalProperties": false}
}

func (s Sources) definitions() node {
	tasks := node{"type": []string{"array", "null"}, "items": ref("entry")}
	definitions := node{
		"play":     s.play(),
		"import":   s.imported(),
		"role":     s.role(),
		"tasks":    tasks,
		"handlers": tasks,
		"entry": node{
			"if":   requires("block"),
			"then": ref("block"),
			"else": node{
				"if":   requires(slices.Concat(names("include_tasks"), names("include_role"))...),
				"then": ref("include"),
				"else": ref("task"),
			},
		},
		"block":   closed(keywords(playbooks.OnBlock | playbooks.OnHandler)),
		"task":    s.task(),
		"include": s.include(),
		"apply":   closed(keywords(playbooks.OnBlock)),
	}
	for _, spec := range s.Modules {
		definitions["module_"+spec.Name] = moduleArguments(spec)
	}
	return definitions
}

func (s Sources) play() node {
	properties := keywords(playbooks.OnPlay)
	properties["roles"] = described(node{"type": []string{"array", "null"}, "items": ref("role")}, "roles, before the tasks")
	properties["handlers"] = described(ref("handlers"), "tasks that run when they are notified")
	play := closed(properties)
	play["required"] = []string{"hosts"}
	return play
}

func (s Sources) imported() node {
	properties := keywords(playbooks.OnImport)
	for _, name := range names("import_playbook") {
		properties[name] = described(node{"type": "string"}, "the playbook to import")
	}
	return closed(properties)
}

// role is a role among those of a play: what is no keyword is a parameter.
func (s Sources) role() node {
	properties := keywords(playbooks.OnRole)
	properties["role"] = described(node{"type": "string"}, "the name of the role")
	return node{"anyOf": []node{
		{"type": []string{"string", "integer"}},
		{"type": "object", "properties": properties, "anyOf": []node{{"required": []string{"role"}}, {"required": []string{"name"}}}},
	}}
}

func (s Sources) task() node {
	properties := keywords(playbooks.OnTask | playbooks.OnHandler)
	s.addModules(properties)
	for word, arguments := range language() {
		for _, name := range names(word) {
			properties[name] = arguments
		}
	}
	for _, own := range s.OwnModules {
		properties[own] = described(node{}, "a module of your own")
	}
	task := closed(properties)
	task["patternProperties"] = s.loops()
	return task
}

func (s Sources) include() node {
	properties := keywords(playbooks.OnInclude | playbooks.OnHandler)
	for _, word := range []string{"include_tasks", "include_role"} {
		for _, name := range names(word) {
			properties[name] = language()[word]
		}
	}
	include := closed(properties)
	include["patternProperties"] = s.loops()
	return include
}

func (s Sources) loops() node {
	var known []string
	for _, lookup := range s.Lookups {
		known = append(known, regexp.QuoteMeta(lookup))
	}
	slices.Sort(known)
	return node{`^with_(ansible\.(builtin|legacy)\.)?(` + strings.Join(known, "|") + ")$": described(node{}, "run once for each item that the lookup gives")}
}

// language gives the arguments of the actions that are no modules.
func language() map[string]node {
	file := closed(node{"file": node{"type": "string"}})
	withApply := closed(node{"file": node{"type": "string"}, "apply": ref("apply")})
	role := node{}
	for _, name := range []string{"name", "role", "tasks_from", "vars_from", "defaults_from", "handlers_from"} {
		role[name] = node{"type": "string"}
	}
	for _, name := range []string{"allow_duplicates", "rolespec_validate"} {
		role[name] = kind(playbooks.Bool)
	}
	dynamic := maps.Clone(role)
	dynamic["public"], dynamic["apply"] = kind(playbooks.Bool), ref("apply")
	return map[string]node{
		"include":       described(node{}, "old: import_tasks or include_tasks"),
		"import_tasks":  described(orText(file), "tasks of a file, as if they stood here"),
		"include_tasks": described(orText(withApply), "tasks of a file, read when the task is reached"),
		"import_role":   described(orText(closed(role)), "a role, as if its tasks stood here"),
		"include_role":  described(orText(closed(dynamic)), "a role, read when the task is reached"),
		"meta":          described(node{"type": []string{"string", "object"}}, "an action on the run itself"),
	}
}

func orText(object node) node { return node{"anyOf": []node{{"type": "string"}, object}} }

// keywords gives the rows of the keyword table that may stand at some places.
func keywords(places playbooks.Places) node {
	properties := node{}
	for _, k := range playbooks.KeywordTable() {
		if k.On&places == 0 {
			continue
		}
		help := k.Help
		if k.Own {
			help += " (gdeploy's own)"
		}
		properties[k.Name] = described(kind(k.Takes), help)
	}
	if _, ok := properties["loop_control"]; ok {
		properties["loop_control"] = described(loopControl(), "how a loop runs")
	}
	return properties
}

func loopControl() node {
	return closed(node{
		"loop_var": kind(playbooks.Text), "index_var": kind(playbooks.Text), "label": node{}, "pause": node{},
		"extended": kind(playbooks.Bool), "extended_allitems": kind(playbooks.Bool), "break_when": kind(playbooks.Conditions),
	})
}

func described(n node, text string) node {
	if text == "" {
		return n
	}
	if _, isRef := n["$ref"]; isRef {
		return node{"allOf": []node{n}, "description": text}
	}
	n = maps.Clone(n)
	n["description"] = text
	return n
}

// kind is what a keyword takes. Wherever a scalar stands, a template may.
func kind(k playbooks.Kind) node {
	switch k {
	case playbooks.Bool:
		return truth()
	case playbooks.Integer:
		return number(`^\s*[-+]?[0-9_]+\s*$`)
	case playbooks.Percent:
		return number(`^\s*[-+]?[0-9.]+\s*%?\s*$`)
	case playbooks.Text:
		return node{"type": []string{"string", "number", "boolean", "null"}}
	case playbooks.Names, playbooks.Conditions:
		return node{"type": []string{"string", "number", "boolean", "null", "array"}}
	case playbooks.Mapping:
		return node{"anyOf": []node{{"type": []string{"object", "null"}}, template()}}
	case playbooks.Mappings:
		return node{"anyOf": []node{{"type": []string{"object", "null", "array"}}, template()}}
	case playbooks.Tasks:
		return ref("tasks")
	}
	return node{}
}

func template() node { return node{"type": "string", "pattern": `\{\{|\{%`} }

func number(pattern string) node {
	return node{"anyOf": []node{{"type": []string{"number", "null"}}, {"type": "string", "pattern": pattern}, template()}}
}

func truth() node { return ref("truth") }

func writtenTruth() node {
	return node{"anyOf": []node{
		{"type": []string{"boolean", "null"}},
		{"enum": []any{0, 1}},
		{"type": "string", "pattern": `^\s*([yY]([eE][sS])?|[nN][oO]?|[oO][nN]|[oO][fF][fF]|[tT]([rR][uU][eE])?|[fF]([aA][lL][sS][eE])?|[01](\.0)?)\s*$`},
		template(),
	}}
}
