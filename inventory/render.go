package inventory

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// Format is how an inventory is printed.
type Format uint8

// The formats of ansible-inventory that gdeploy prints.
const (
	JSON Format = iota
	YAML
	TOML
)

// Listing says how an inventory is printed.
type Listing struct {
	Format Format
	// Extra are further variables of every host, those of -e.
	Extra *values.Map
	// Export leaves the variables of groups with their groups.
	Export bool
	// GraphVars shows variables in the tree of groups.
	GraphVars bool
	// NoPlaybookDir says that nobody named the directory of the playbooks: what lies there
	// counts for hosts, but neither for groups nor in an export.
	NoPlaybookDir bool
}

// WriteList prints all groups, hosts and variables, byte for byte as ansible-inventory
// --list does, so that the output can serve as an inventory again. Of hosts only those
// are shown that the limit leaves.
func (inv *Inventory) WriteList(w io.Writer, listing Listing) error {
	p, err := inv.printer(listing)
	if err != nil {
		return err
	}
	switch listing.Format {
	case YAML:
		return p.write(w, values.MapOf("all", values.FromMap(p.yamlGroup(inv.all))))
	case TOML:
		return p.write(w, values.FromMap(p.tomlList()))
	}
	return p.write(w, values.FromMap(p.jsonList()))
}

// WriteHost prints the variables of one host, as ansible-inventory --host does.
func (inv *Inventory) WriteHost(w io.Writer, host *Host, listing Listing) error {
	p := &printer{inv: inv, Listing: listing}
	return p.write(w, values.FromMap(p.hostVars(host)))
}

// WriteGraph prints the tree of groups and hosts below a group, as ansible-inventory
// --graph does.
func (inv *Inventory) WriteGraph(w io.Writer, group *Group, listing Listing) error {
	p, err := inv.printer(listing)
	if err != nil {
		return err
	}
	graph := graphPrinter{printer: p, out: bufio.NewWriter(w)}
	graph.group(group, 0)
	return cmp.Or(errors.Join(p.errs...), graph.out.Flush())
}

// printer collects what is wrong while it goes through the inventory.
type printer struct {
	Listing
	inv    *Inventory
	shown  map[string]bool
	within map[*Host]bool // the hosts that the limit leaves; nil where there is no limit
	errs   []error
}

func (inv *Inventory) printer(listing Listing) (*printer, error) {
	p := &printer{Listing: listing, inv: inv, shown: map[string]bool{}}
	if inv.limit == nil {
		return p, nil
	}
	hosts, err := inv.Select("all")
	p.within = set(hosts)
	return p, err
}

// hosts leaves of some hosts those that are shown.
func (p *printer) hosts(some []*Host) []*Host {
	if p.within == nil {
		return some
	}
	return slices.DeleteFunc(slices.Clone(some), func(h *Host) bool { return !p.within[h] })
}

func (p *printer) write(w io.Writer, tree values.Value) error {
	if err := errors.Join(p.errs...); err != nil {
		return err
	}
	text, err := p.text(tree)
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

func (p *printer) text(tree values.Value) ([]byte, error) {
	switch p.Format {
	case YAML:
		return yaml.Marshal(tree), nil
	case TOML:
		m, _ := tree.AsMap()
		return marshalTOML(orEmpty(m))
	}
	return append(indentedJSON(tree), '\n'), nil
}

// hidden are variables that say something of the run, not of the host.
var hidden = []string{
	"ansible_diff_mode", "ansible_config_file", "ansible_facts", "ansible_forks", "ansible_inventory_sources",
	"ansible_limit", "ansible_playbook_python", "ansible_run_tags", "ansible_skip_tags", "ansible_verbosity",
	"ansible_version", "inventory_dir", "inventory_file", "inventory_hostname", "inventory_hostname_short",
	"groups", "group_names", "omit", "playbook_dir",
}

// hostVars gives what a host has; in an export only what it has itself.
func (p *printer) hostVars(host *Host) *values.Map {
	layers, err := p.inv.Layers(host)
	if p.Export {
		layers, err = p.named().Layers(host)
		layers = slices.DeleteFunc(layers, func(l Layer) bool { return l.Level < LevelHost })
	} else if p.Extra != nil {
		layers = append(layers, Layer{Vars: p.Extra})
	}
	return p.merged(layers, err)
}

// named is the inventory without what lies beside playbooks, unless somebody said where
// these are.
func (p *printer) named() *Inventory {
	if p.NoPlaybookDir {
		return p.inv.WithPlaybookDir("")
	}
	return p.inv
}

func (p *printer) groupVars(group *Group) *values.Map {
	layers, err := p.named().GroupLayers(group)
	vars := p.merged(layers, err)
	if group.Priority() != 1 {
		vars.Set("ansible_group_priority", values.Int(int64(group.Priority())))
	}
	return vars
}

func (p *printer) merged(layers []Layer, err error) *values.Map {
	if err != nil {
		p.errs = append(p.errs, err)
	}
	vars := merge(layers)
	for _, name := range hidden {
		vars.Delete(values.String(name))
	}
	return vars
}

// jsonList gives {"_meta": {"hostvars": ..}, "all": {"children": ..}, group: {"hosts": ..}}.
func (p *printer) jsonList() *values.Map {
	list := values.NewMap(16)
	p.jsonGroup(list, p.inv.all)
	hostVars := values.NewMap(16)
	for _, host := range p.hosts(p.inv.Hosts()) {
		if vars := p.hostVars(host); vars.Len() > 0 {
			hostVars.Set(host.Name, values.FromMap(vars))
		}
	}
	list.Set("_meta", values.MapOf("hostvars", values.FromMap(hostVars)))
	return list
}

func (p *printer) jsonGroup(list *values.Map, group *Group) {
	p.shown[group.Name] = true
	entry := values.NewMap(2)
	if hosts := p.hosts(group.DirectHosts()); len(hosts) > 0 && group != p.inv.all {
		entry.Set("hosts", values.Strings(hostNames(hosts)...))
	}
	children := group.Children()
	if len(children) > 0 {
		entry.Set("children", values.Strings(names(children)...))
	}
	p.export(entry, group)
	if entry.Len() > 0 {
		list.Set(group.Name, values.FromMap(entry))
	}
	for _, child := range children {
		if !p.shown[child.Name] {
			p.jsonGroup(list, child)
		}
	}
}

func (p *printer) export(entry *values.Map, group *Group) {
	if !p.Export {
		return
	}
	if vars := p.groupVars(group); vars.Len() > 0 {
		entry.Set("vars", values.FromMap(vars))
	}
}

// yamlGroup gives {children: {..}, hosts: {name: vars}}; the variables of a host are
// shown where it is first met.
func (p *printer) yamlGroup(group *Group) *values.Map {
	entry, children, hosts := values.NewMap(2), values.NewMap(4), values.NewMap(8)
	for _, child := range group.Children() {
		children.Set(child.Name, values.FromMap(p.yamlGroup(child)))
	}
	for _, host := range p.hosts(group.DirectHosts()) {
		if group == p.inv.all {
			break
		}
		vars := values.NewMap(0)
		if !p.shown[host.Name] {
			p.shown[host.Name] = true
			vars = p.hostVars(host)
		}
		hosts.Set(host.Name, values.FromMap(vars))
	}
	if children.Len() > 0 {
		entry.Set("children", values.FromMap(children))
	}
	if hosts.Len() > 0 {
		entry.Set("hosts", values.FromMap(hosts))
	}
	p.export(entry, group)
	return entry
}

func hostNames(hosts []*Host) []string {
	list := make([]string, len(hosts))
	for i, host := range hosts {
		list[i] = host.Name
	}
	return list
}

// graphPrinter prints the tree.
type graphPrinter struct {
	*printer
	out *bufio.Writer
}

func (p *graphPrinter) group(group *Group, depth int) {
	p.line(depth, "@"+group.Name+":")
	for _, child := range group.Children() {
		p.group(child, depth+1)
	}
	if group != p.inv.all {
		for _, host := range p.hosts(group.DirectHosts()) {
			p.line(depth+1, host.Name)
			if p.GraphVars {
				p.vars(p.hostVars(host), depth+2)
			}
		}
	}
	if p.GraphVars {
		p.vars(p.groupVars(group), depth+1)
	}
}

func (p *graphPrinter) vars(vars *values.Map, depth int) {
	for _, key := range yaml.SortedKeys(vars) {
		v, _ := vars.GetKey(key)
		p.line(depth, fmt.Sprintf("{%s = %s}", values.Text(key), values.Text(v)))
	}
}

func (p *graphPrinter) line(depth int, text string) {
	if depth > 0 {
		p.out.WriteString(strings.Repeat("  |", depth) + "--")
	}
	p.out.WriteString(text + "\n")
}
