package inventory

import (
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// treeReader reads an inventory that is a tree in YAML or JSON: groups with hosts, vars
// and children.
type treeReader struct{ *document }

// readTree reads src; mistakes are kept in the document.
func readTree(src []byte, file string) *document {
	r := treeReader{&document{file: file, src: src}}
	root, warnings, err := yaml.Load(src, file)
	r.warnings = warnings
	if err != nil {
		r.errs = append(r.errs, err)
		return r.document
	}
	groups, ok := root.AsMap()
	switch {
	case root.IsNull():
		r.fail(root.Pos(), "the inventory is empty")
	case !ok:
		r.fail(root.Pos(), "an inventory is a mapping of groups, not %s", root.Kind().Phrase())
	case groups.Has("plugin"):
		r.plugin = groups
	default:
		for name, body := range groups.All() {
			r.group(name, body)
		}
	}
	return r.document
}

var groupParts = []string{"hosts", "vars", "children"}

func (r *treeReader) group(name, body values.Value) {
	group := values.Text(name)
	r.say(statement{kind: sayGroup, pos: name.Pos(), group: group})
	if body.IsNull() {
		return
	}
	parts, ok := body.AsMap()
	if !ok {
		r.fail(body.Pos(), "the group %q is a mapping with hosts, vars and children, not %s", group, body.Kind().Phrase())
		return
	}
	for key, part := range parts.All() {
		switch values.Text(key) {
		case "hosts":
			r.each(group, key, part, r.hosts)
		case "vars":
			r.each(group, key, part, r.variable)
		case "children":
			r.each(group, key, part, r.child)
		default:
			r.fail(key.Pos(), "%q is no part of the group %q: want hosts, vars or children%s", values.Text(key), group, nearest(values.Text(key), groupParts))
		}
	}
}

// each calls read for every entry of one part of a group. A lone name stands for a
// mapping with that one key.
func (r *treeReader) each(group string, key, part values.Value, read func(group string, name, body values.Value)) {
	if s, ok := part.AsString(); ok {
		read(group, values.String(s).At(part.Pos()), values.Null.At(part.Pos()))
		return
	}
	entries, ok := part.AsMap()
	if !ok && !part.IsNull() {
		hint := ""
		if part.Kind() == values.KindList {
			hint = `: write each name with a colon behind it ("web1:") instead of a dash before it`
		}
		r.fail(part.Pos(), "%s of the group %q is a mapping, not %s%s", values.Text(key), group, part.Kind().Phrase(), hint)
		return
	}
	if ok {
		for name, body := range entries.All() {
			read(group, name, body)
		}
	}
}

func (r *treeReader) hosts(group string, name, body values.Value) {
	text, ok := name.AsString()
	if !ok {
		r.fail(name.Pos(), "a host's name is a text, and %s is %s: quote it", values.Text(name), name.Kind().Phrase())
		return
	}
	names, port, err := expandHosts(text)
	if err != nil {
		r.fail(name.Pos(), "%s", err)
		return
	}
	vars, ok := body.AsMap()
	if !ok && !body.IsNull() {
		r.fail(body.Pos(), "the variables of the host %q are a mapping, not %s", text, body.Kind().Phrase())
		return
	}
	r.say(statement{kind: sayHosts, pos: name.Pos(), group: group, names: names, port: port, vars: vars})
}

func (r *treeReader) variable(group string, name, value values.Value) {
	vars := values.NewMap(1)
	vars.SetKey(name, value)
	r.say(statement{kind: sayGroupVar, pos: name.Pos(), group: group, vars: vars})
}

func (r *treeReader) child(group string, name, body values.Value) {
	r.group(name, body)
	r.say(statement{kind: sayChild, pos: name.Pos(), group: group, names: []string{values.Text(name)}})
}
