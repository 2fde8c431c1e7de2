package schema

// Setting is one setting of gdeploy.yaml.
type Setting struct {
	Name string
	Help string
	// Type is text, number, truth or list.
	Type string
	// Choices are the values that it may have; empty where any.
	Choices []string
}

// Settings is the schema of gdeploy.yaml.
func Settings(all []Setting) []byte {
	properties := node{}
	for _, s := range all {
		properties[s.Name] = described(setting(s), s.Help)
	}
	root := closed(properties)
	root["type"] = []string{"object", "null"}
	return document("gdeploy.yaml", root, node{})
}

func setting(s Setting) node {
	switch {
	case len(s.Choices) > 0:
		return oneOf(s.Choices)
	case s.Type == "number":
		return node{"anyOf": []node{{"type": []string{"integer", "null"}}, {"type": "string", "pattern": `^[0-9]+$`}}}
	case s.Type == "truth":
		return truth()
	case s.Type == "list":
		return node{"type": []string{"array", "string", "null"}, "items": node{"type": []string{"string", "number"}}}
	}
	return node{"type": []string{"string", "number", "boolean", "null"}}
}
