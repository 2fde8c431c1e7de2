package inventory

import (
	"errors"
	"slices"

	"github.com/gdeploy/gdeploy/values"
)

// generator makes hosts and groups of all combinations of the values of its layers, as a
// source with "plugin: generator" says.
type generator struct {
	*document
	loader *loader
	hosts  *values.Map
	layers []layer
}

// layer is a variable with the values that it takes in turn.
type layer struct {
	name   values.Value
	values []values.Value
}

var generatorNames = []string{"generator", "ansible.builtin.generator"}

var (
	generatorKeys = []string{"plugin", "hosts", "layers"}
	generatedKeys = []string{"name", "parents"}
	parentKeys    = []string{"name", "parents", "vars"}
)

// generate makes the hosts of a generator source, with their groups.
func (l *loader) generate(doc *document) {
	g := l.readGenerator(doc)
	if len(doc.errs) == 0 {
		g.combine(values.NewMap(len(g.layers)), g.layers)
	}
	l.errs = append(l.errs, doc.errs...)
}

func (l *loader) readGenerator(doc *document) *generator {
	g := &generator{document: doc, loader: l}
	name, _ := doc.plugin.Get("plugin")
	for _, key := range []string{"hosts", "layers"} {
		if !doc.plugin.Has(key) {
			doc.fail(name.Pos(), "a generator needs the option %q", key)
		}
	}
	for key, v := range doc.plugin.All() {
		switch option := values.Text(key); option {
		case "plugin":
		case "hosts":
			g.hosts = doc.mapping(option, v)
			g.known("hosts of a generator", g.hosts, generatedKeys)
		case "layers":
			g.readLayers(doc.mapping(option, v))
		default:
			doc.fail(key.Pos(), "generator has no option %q%s", option, nearest(option, generatorKeys))
		}
	}
	return g
}

// known refuses keys that a part of the source does not have.
func (g *generator) known(what string, m *values.Map, keys []string) {
	for key := range m.All() {
		if name := values.Text(key); !slices.Contains(keys, name) {
			g.fail(key.Pos(), "%s have no option %q%s", what, name, nearest(name, keys))
		}
	}
}

func (g *generator) readLayers(layers *values.Map) {
	for name, list := range layers.All() {
		if list.Kind() != values.KindList {
			g.fail(list.Pos(), "the layer %q is a list of values, not %s", values.Text(name), list.Kind().Phrase())
		}
		g.layers = append(g.layers, layer{name, list.Items()})
	}
}

// combine gives the first of some layers each of its values, the last one changing fastest.
func (g *generator) combine(chosen *values.Map, left []layer) {
	if len(left) == 0 {
		g.host(chosen)
		return
	}
	for _, v := range left[0].values {
		with := chosen.Clone()
		with.SetKey(left[0].name, v)
		g.combine(with, left[1:])
	}
}

func (g *generator) host(vars *values.Map) {
	named, _ := g.plugin.Get("hosts")
	name, ok := g.named("what a generator says of hosts", g.hosts, named, vars)
	if !ok {
		return
	}
	graph := g.loader.graph
	host := graph.addHost(name, 0, g.file)
	for _, parent := range g.parents(g.hosts) {
		if group, m := g.group(parent, vars); group != nil {
			graph.join(group, host)
			g.above(group, m, vars)
		}
	}
}

// above puts a group below those that its description names.
func (g *generator) above(group *Group, description, vars *values.Map) {
	for _, parent := range g.parents(description) {
		over, m := g.group(parent, vars)
		if over == nil {
			continue
		}
		if err := g.loader.graph.link(over, group); err != nil {
			g.fail(parent.Pos(), "%s", err)
			continue
		}
		g.above(over, m, vars)
	}
}

func (g *generator) parents(of *values.Map) []values.Value {
	list, ok := of.Get("parents")
	if ok && list.Kind() != values.KindList && !list.IsNull() {
		g.fail(list.Pos(), "parents is a list of groups, not %s", list.Kind().Phrase())
	}
	return list.Items()
}

// group makes the group that one of parents describes, with its variables.
func (g *generator) group(parent values.Value, vars *values.Map) (*Group, *values.Map) {
	m, ok := parent.AsMap()
	if !ok {
		g.fail(parent.Pos(), "one of parents is a mapping with name, vars and parents, not %s", parent.Kind().Phrase())
		return nil, nil
	}
	g.known("parents of a generator", m, parentKeys)
	name, ok := g.named("one of parents", m, parent, vars)
	if !ok {
		return nil, nil
	}
	group := g.loader.graph.addGroup(name)
	given, _ := m.Get("vars")
	own, _ := given.AsMap()
	for key, v := range orEmpty(own).All() {
		text, err := g.text(v, vars)
		if err == nil {
			err = group.set(key, text)
		}
		if err != nil {
			g.fail(v.Pos(), "the variable %q of group %s: %s", values.Text(key), name, err)
		}
	}
	return group, m
}

// named evaluates the name of hosts or of a group, which is described at a place.
func (g *generator) named(what string, description *values.Map, place values.Value, vars *values.Map) (string, bool) {
	written, ok := description.Get("name")
	if !ok {
		g.fail(place.Pos(), "%s needs a name", what)
		return "", false
	}
	name, err := g.text(written, vars)
	if err == nil && values.Text(name) == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		g.fail(written.Pos(), "the name %q: %s", values.Text(written), err)
		return "", false
	}
	return values.Text(name), true
}

// text evaluates a template; it is a text whatever it looks like.
func (g *generator) text(written values.Value, vars *values.Map) (values.Value, error) {
	if written.Kind() != values.KindString {
		return written, nil
	}
	v, err := g.loader.evaluate(values.Text(written), vars, written)
	return values.String(values.Text(v)).At(written.Pos()), err
}

func orEmpty(m *values.Map) *values.Map {
	if m == nil {
		return values.NewMap(0)
	}
	return m
}
