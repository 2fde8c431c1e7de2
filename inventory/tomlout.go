package inventory

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// tomlWriter writes values as ansible-inventory --toml does: level by level, the plain
// values of a table before the tables in it.
type tomlWriter struct {
	out strings.Builder
	err error
}

// table is one that is still to be written, with its whole name.
type table struct {
	name string
	m    *values.Map
}

// marshalTOML gives the text of a tree of mappings. TOML has no null: in tables it is left
// out, in lists it is an error.
func marshalTOML(tree *values.Map) ([]byte, error) {
	w := &tomlWriter{}
	level := w.plain(tree, "")
	for len(level) > 0 {
		var next []table
		for _, t := range level {
			next = append(next, w.table(t)...)
		}
		level = next
	}
	return []byte(w.out.String()), w.err
}

// table writes a table with its plain values, and gives the tables in it.
func (w *tomlWriter) table(t table) []table {
	body := &tomlWriter{}
	inside := body.plain(t.m, t.name+".")
	if body.err != nil && w.err == nil {
		w.err = fmt.Errorf("%s: %w", t.name, body.err)
	}
	text := body.out.String()
	if text != "" || len(inside) == 0 {
		w.gap()
		w.out.WriteString("[" + t.name + "]\n" + text)
	}
	return inside
}

// gap puts an empty line between tables.
func (w *tomlWriter) gap() {
	if so := w.out.String(); so != "" && !strings.HasSuffix(so, "\n\n") {
		w.out.WriteByte('\n')
	}
}

// plain writes what is no table, lists of tables last, and gives the tables.
func (w *tomlWriter) plain(m *values.Map, above string) []table {
	var tables []table
	lists := &tomlWriter{}
	for key, v := range m.All() {
		name := bareOrQuoted(values.Text(key))
		if below, ok := v.AsMap(); ok {
			tables = append(tables, table{above + name, below})
			continue
		}
		if holdsTables(v) {
			lists.tables(v, above+name)
			continue
		}
		if !v.IsNull() {
			w.out.WriteString(name + " = " + w.value(v) + "\n")
		}
	}
	w.out.WriteString(lists.out.String())
	if w.err == nil {
		w.err = lists.err
	}
	return tables
}

func holdsTables(v values.Value) bool {
	for _, item := range v.Items() {
		if item.Kind() == values.KindMap {
			return true
		}
	}
	return false
}

// tables writes a list of mappings.
func (w *tomlWriter) tables(list values.Value, name string) {
	for _, item := range list.Items() {
		m, ok := item.AsMap()
		if !ok && w.err == nil {
			w.err = fmt.Errorf("%s: TOML has no list of mappings and other values: use --yaml", name)
		}
		w.out.WriteString("[[" + name + "]]\n")
		level := w.plain(orEmpty(m), name+".")
		for len(level) > 0 {
			var next []table
			for _, t := range level {
				next = append(next, w.table(t)...)
			}
			level = next
		}
		w.out.WriteByte('\n')
	}
}

func (w *tomlWriter) value(v values.Value) string {
	switch v.Kind() {
	case values.KindNull:
		if w.err == nil {
			w.err = fmt.Errorf("TOML has no null: use --yaml")
		}
		return ""
	case values.KindString:
		return tomlString(values.Text(v))
	case values.KindBool:
		return strings.ToLower(values.Text(v))
	case values.KindList:
		return w.list(v)
	case values.KindMap:
		return w.inline(v)
	}
	return values.Text(v)
}

func (w *tomlWriter) list(v values.Value) string {
	var b strings.Builder
	for _, item := range v.Items() {
		b.WriteString(" " + w.value(item) + ",")
	}
	return "[" + b.String() + "]"
}

// inline writes a mapping within a list of lists.
func (w *tomlWriter) inline(v values.Value) string {
	m, _ := v.AsMap()
	var parts []string
	for key, v := range m.All() {
		parts = append(parts, bareOrQuoted(values.Text(key))+" = "+w.value(v))
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

var tomlBare = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

func bareOrQuoted(key string) string {
	if tomlBare.MatchString(key) {
		return key
	}
	return tomlString(key)
}

var tomlEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\t", `\t`, "\r", `\r`, "\b", `\b`, "\f", `\f`)

func tomlString(text string) string {
	var b strings.Builder
	for _, r := range tomlEscapes.Replace(text) {
		if r < 0x20 || r == 0x7f {
			fmt.Fprintf(&b, `\u%04x`, r)
			continue
		}
		b.WriteRune(r)
	}
	return `"` + b.String() + `"`
}

// tomlList gives {group: {children: [..], vars: {..}, hosts: {name: vars}}}; the variables of
// a host are shown where it is first met, and empty groups are left out.
func (p *printer) tomlList() *values.Map {
	list := values.NewMap(16)
	p.tomlGroup(list, p.inv.all)
	return list
}

func (p *printer) tomlGroup(list *values.Map, group *Group) {
	entry, children := values.NewMap(3), []string{}
	list.Set(group.Name, values.FromMap(entry))
	for _, child := range group.Children() {
		if child == p.inv.ungrouped && len(child.DirectHosts()) == 0 {
			continue
		}
		if group != p.inv.all {
			children = append(children, child.Name)
		}
		p.tomlGroup(list, child)
	}
	if len(children) > 0 {
		entry.Set("children", values.Strings(children...))
	}
	if hosts := p.tomlHosts(group); hosts.Len() > 0 {
		entry.Set("hosts", values.FromMap(hosts))
	}
	p.export(entry, group)
	if entry.Len() == 0 {
		list.Delete(values.String(group.Name))
	}
}

func (p *printer) tomlHosts(group *Group) *values.Map {
	hosts := values.NewMap(8)
	if group == p.inv.all {
		return hosts
	}
	for _, host := range p.hosts(group.DirectHosts()) {
		vars := values.NewMap(0)
		if !p.shown[host.Name] {
			p.shown[host.Name] = true
			vars = p.hostVars(host)
		}
		hosts.Set(host.Name, values.FromMap(vars))
	}
	return hosts
}
