package variables

import (
	"cmp"
	"path/filepath"
	"sync"

	"github.com/gdeploy/gdeploy/inventory"
	"github.com/gdeploy/gdeploy/values"
)

// FromInventory makes an Inventory of package inventory's.
func FromInventory(inv *inventory.Inventory) Inventory { return &inventoryView{inv: inv} }

// inventoryOf gives the inventory as a play sees it: with the group_vars and host_vars
// beside the playbook that holds the play.
func (s *Store) inventoryOf(c Context) Inventory {
	p := cmp.Or(c.Play, c.beside)
	all, ok := s.options.Inventory.(interface{ WithPlaybookDir(dir string) Inventory })
	if !ok || p == nil || p.File == "" {
		return s.options.Inventory
	}
	dir := absolute(filepath.Dir(p.File))
	if dir == absolute(s.options.PlaybookDir) {
		return s.options.Inventory
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.beside[dir] == nil {
		s.beside[dir] = all.WithPlaybookDir(dir)
	}
	return s.beside[dir]
}

// WithPlaybookDir gives a view with the group_vars and host_vars in dir.
func (v *inventoryView) WithPlaybookDir(dir string) Inventory {
	return FromInventory(v.inv.WithPlaybookDir(dir))
}

// inventoryView keeps what templates ask for again and again, until the inventory changes.
type inventoryView struct {
	inv *inventory.Inventory

	mu   sync.Mutex
	kept kept
}

// kept is what was made of an inventory when it had so many changes.
type kept struct {
	changes int
	groups  values.Value
	layers  map[string]hostLayers
}

// hostLayers are the layers of a host.
type hostLayers struct {
	layers []Layer
	err    error
}

// current gives what is kept of the inventory as it is now. The caller holds the lock.
func (v *inventoryView) current() *kept {
	if now := v.inv.Changes(); v.kept.changes != now || v.kept.layers == nil {
		v.kept = kept{changes: now, layers: map[string]hostLayers{}}
	}
	return &v.kept
}

// Layers gives the variables of a host, weakest first.
func (v *inventoryView) Layers(host string) ([]Layer, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.current()
	l, ok := now.layers[host]
	if !ok {
		l.layers, l.err = v.read(host)
		now.layers[host] = l
	}
	return l.layers, l.err
}

func (v *inventoryView) read(host string) ([]Layer, error) {
	h := v.inv.Host(host)
	if h == nil {
		return nil, nil
	}
	found, err := v.inv.Layers(h)
	layers := make([]Layer, len(found))
	for i, l := range found {
		layers[i] = Layer{Level: Level(l.Level), Where: l.Name, Vars: l.Vars}
	}
	return layers, err
}

// HostNames gives all hosts, those first that were named first.
func (v *inventoryView) HostNames() []string { return hostNames(v.inv.Named()) }

// GroupsOf gives the groups of a host without all, sorted.
func (v *inventoryView) GroupsOf(host string) []string {
	if h := v.inv.Host(host); h != nil {
		return h.GroupNames()
	}
	return nil
}

// Knows reports whether host is in the inventory or an implicit localhost.
func (v *inventoryView) Knows(host string) bool { return v.inv.Host(host) != nil }

// Source is the inventory file that a host first came from.
func (v *inventoryView) Source(host string) string {
	if h := v.inv.Host(host); h != nil {
		return h.Source
	}
	return ""
}

// Select gives the hosts of a pattern.
func (v *inventoryView) Select(pattern string) ([]string, error) {
	hosts, err := v.inv.Select(pattern)
	return hostNames(hosts), err
}

// Groups is the magic variable groups.
func (v *inventoryView) Groups() values.Value {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.current()
	if now.groups.IsNull() {
		m := values.NewMap(0)
		for _, g := range v.inv.Groups() {
			m.SetKey(name(g.Name), nameList(hostNames(g.Hosts())))
		}
		now.groups = values.FromMap(m)
	}
	return now.groups
}

func hostNames(hosts []*inventory.Host) []string {
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.Name
	}
	return names
}
