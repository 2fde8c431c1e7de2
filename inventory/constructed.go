package inventory

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// constructed makes variables and groups of hosts out of the variables that they have,
// as a source with "plugin: constructed" says.
type constructed struct {
	*document
	compose, groups  *values.Map
	keyed            []keyedGroup
	strict           bool
	filesToo         bool // use_vars_plugins: group_vars and host_vars count too
	leadingSeparator bool
	extraVars        bool
}

var constructedNames = []string{"constructed", "ansible.builtin.constructed"}

var constructedKeys = []string{"plugin", "compose", "groups", "keyed_groups", "strict", "use_vars_plugins", "use_extra_vars", "leading_separator"}

// plugin carries out a source that configures an inventory plugin.
func (l *loader) plugin(doc *document) {
	name, _ := doc.plugin.Get("plugin")
	written := values.Text(name)
	if filepath.Ext(doc.file) == "" {
		doc.fail(name.Pos(), "the source of an inventory plugin is named .yml or .yaml")
	}
	switch {
	case slices.Contains(generatorNames, written):
		l.generate(doc)
	case slices.Contains(constructedNames, written):
		l.constructAll(doc)
	default:
		doc.fail(name.Pos(), "the inventory plugin %q is not supported, only constructed and generator are: use an executable script that prints the inventory as JSON%s", written, nearest(written, slices.Concat(constructedNames, generatorNames)))
		l.errs = append(l.errs, doc.errs...)
	}
}

func (l *loader) constructAll(doc *document) {
	c := readConstructed(doc)
	if len(doc.errs) > 0 {
		l.errs = append(l.errs, doc.errs...)
		return
	}
	for _, host := range slices.Clone(l.graph.hostOrder) {
		if err := l.construct(c, host); err != nil {
			l.errs = append(l.errs, err)
			return // as Ansible: with strict the first mistake ends it
		}
	}
}

func readConstructed(doc *document) *constructed {
	c := &constructed{document: doc, leadingSeparator: true, compose: values.NewMap(0), groups: values.NewMap(0)}
	for key, v := range doc.plugin.All() {
		switch name := values.Text(key); name {
		case "plugin":
		case "compose":
			c.compose = c.mapping(name, v)
		case "groups":
			c.groups = c.mapping(name, v)
		case "keyed_groups":
			c.keyed = c.readKeyed(v)
		case "strict":
			c.strict = c.truth(name, v)
		case "use_vars_plugins":
			c.filesToo = c.truth(name, v)
		case "use_extra_vars":
			c.extraVars = c.truth(name, v)
		case "leading_separator":
			c.leadingSeparator = c.truth(name, v)
		default:
			c.fail(key.Pos(), "constructed has no option %q%s", name, nearest(name, constructedKeys))
		}
	}
	return c
}

func (d *document) mapping(name string, v values.Value) *values.Map {
	m, ok := v.AsMap()
	if !ok && !v.IsNull() {
		d.fail(v.Pos(), "%s is a mapping, not %s", name, v.Kind().Phrase())
	}
	if m == nil {
		return values.NewMap(0)
	}
	return m
}

func (d *document) truth(name string, v values.Value) bool {
	switch strings.ToLower(values.Text(v)) {
	case "true", "yes", "on", "1", "y", "t":
		return true
	case "false", "no", "off", "0", "n", "f":
		return false
	}
	d.fail(v.Pos(), "%s is yes or no, not %s", name, values.Repr(v))
	return false
}

// construct makes the variables and groups of one host. Expressions that cannot be
// evaluated are passed over, or with strict are the error.
func (l *loader) construct(c *constructed, host *Host) error {
	vars, err := l.known(c, host)
	if err != nil {
		return err
	}
	for key, expr := range c.compose.All() {
		v, err := l.evaluate("{{"+values.Text(expr)+"}}", vars, expr)
		if err != nil {
			if c.strict {
				return c.wrong(expr, "could not set %s for host %s: %w", values.Text(key), host.Name, err)
			}
			continue
		}
		host.vars.SetKey(key, v.At(expr.Pos()))
		vars.SetKey(key, v)
	}
	for key, expr := range c.groups.All() {
		v, err := l.evaluate("{% if "+values.Text(expr)+" %}1{% endif %}", vars, expr)
		if err != nil {
			if c.strict {
				return c.wrong(expr, "could not add host %s to group %s: %w", host.Name, values.Text(key), err)
			}
			continue
		}
		if values.Text(v) != "" {
			l.graph.join(l.graph.addGroup(safeGroupName(values.Text(key))), host)
		}
	}
	return l.keyedGroups(c, host, vars)
}

func (c *constructed) wrong(v values.Value, format string, args ...any) error {
	return yaml.NewError(c.src, v.Pos(), fmt.Errorf(format, args...).Error())
}

func (l *loader) evaluate(template string, vars *values.Map, expr values.Value) (values.Value, error) {
	if l.opts.Template == nil {
		return values.Null, fmt.Errorf("constructed inventories cannot be evaluated here")
	}
	return l.opts.Template(template, vars, expr.Pos())
}

// known gives the variables that expressions for a host see: what sources before this
// one said, and cached facts. As in Ansible, groups that no source put below all are not
// there yet, so that variables of all do not reach their hosts.
func (l *loader) known(c *constructed, host *Host) (*values.Map, error) {
	var layers []Layer
	above := host.above()
	groups := without(above, l.graph.all)
	inAll := len(groups) < len(above)
	if c.filesToo {
		view := Inventory{graph: l.graph, files: l.files, beside: l.bases()}
		var err error
		if layers, err = view.Layers(host); err != nil {
			return nil, err
		}
		if !inAll {
			layers = slices.DeleteFunc(layers, func(l Layer) bool { return l.ofAll() })
		}
	} else {
		for _, group := range above {
			layers = append(layers, Layer{Vars: group.vars})
		}
		layers = append(layers, Layer{Vars: host.vars})
	}
	layers = append(layers, Layer{Vars: l.magic(host, groups)})
	if l.opts.Facts != nil {
		if facts := l.opts.Facts(host.Name); facts != nil {
			layers = append(layers, Layer{Vars: facts})
		}
	}
	if c.extraVars && l.opts.ExtraVars != nil {
		layers = append(layers, Layer{Vars: l.opts.ExtraVars})
	}
	return merge(layers), nil
}

func (l *loader) magic(host *Host, groups []*Group) *values.Map {
	short, _, _ := strings.Cut(host.Name, ".")
	groupNames := names(groups)
	slices.Sort(groupNames)
	m := values.NewMap(5)
	m.Set("inventory_hostname", values.String(host.Name))
	m.Set("inventory_hostname_short", values.String(short))
	m.Set("group_names", values.Strings(groupNames...))
	if file, err := filepath.Abs(host.Source); err == nil && !isHostList(host.Source) {
		m.Set("inventory_file", values.String(file))
		m.Set("inventory_dir", values.String(filepath.Dir(file)))
	}
	return m
}

// safeGroupName puts an underscore for everything that a variable's name cannot have.
func safeGroupName(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '_'
	}, replaceLeadingDigit(name))
}

func replaceLeadingDigit(name string) string {
	if r, size := utf8.DecodeRuneInString(name); unicode.IsDigit(r) {
		return "_" + name[size:]
	}
	return name
}

// pluginOf is the short name of the plugin that a source configures.
func pluginOf(doc *document) string {
	name, _ := doc.plugin.Get("plugin")
	return strings.TrimPrefix(values.Text(name), "ansible.builtin.")
}
