package schema

// Inventory is the schema of inventories in YAML, and of constructed sources.
func Inventory() []byte {
	return document("an inventory of gdeploy", node{
		"type": "object",
		"if":   node{"required": []string{"plugin"}},
		"then": ref("constructed"),
		"else": node{"additionalProperties": ref("group")},
	}, node{
		"group":       group(),
		"constructed": constructed(),
		"keyed":       keyed(),
	})
}

func group() node {
	named := func(of node) node {
		return node{"anyOf": []node{{"type": []string{"string", "null"}}, {"type": "object", "additionalProperties": of}}}
	}
	g := closed(node{
		"hosts":    described(named(node{"type": []string{"object", "null"}}), "names of hosts, with their variables; name[1:3] stands for several"),
		"vars":     described(node{"type": []string{"object", "null"}}, "variables of all hosts of the group"),
		"children": described(named(ref("group")), "groups below"),
	})
	g["type"] = []string{"object", "null"}
	return g
}

func constructed() node {
	expressions := node{"type": []string{"object", "null"}}
	c := closed(node{
		"plugin":            node{"enum": []string{"constructed", "ansible.builtin.constructed"}},
		"compose":           described(expressions, "variables, each with an expression"),
		"groups":            described(expressions, "groups, each with the condition of its hosts"),
		"keyed_groups":      described(node{"type": "array", "items": ref("keyed")}, "groups that are named by values"),
		"strict":            described(truth(), "an expression that cannot be evaluated is an error"),
		"use_vars_plugins":  described(truth(), "expressions see group_vars and host_vars too"),
		"use_extra_vars":    described(truth(), "expressions see the variables of -e too"),
		"leading_separator": described(truth(), "the separator stands before names without a prefix too"),
	})
	c["required"] = []string{"plugin"}
	return c
}

func keyed() node {
	return closed(node{
		"key":                described(node{}, "the expression whose value names the groups"),
		"prefix":             described(node{}, "what their names start with"),
		"separator":          described(node{}, "what stands behind the prefix (_)"),
		"parent_group":       described(node{}, "the group above them"),
		"default_value":      described(node{}, "what stands for an empty value"),
		"trailing_separator": described(truth(), "no: an empty value takes its separator away"),
	})
}
