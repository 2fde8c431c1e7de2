package variables

import (
	"sync"

	"github.com/gdeploy/gdeploy/inventory"
	"github.com/gdeploy/gdeploy/values"
)

// FromInventory makes an Inventory of package inventory's.
func FromInventory(inv *inventory.Inventory) Inventory { return &inventoryView{inv: inv} }

// inventoryView keeps the lists of groups, which templates ask for again and again.
type inventoryView struct {
	inv *inventory.Inventory

	mu     sync.Mutex
	as     int // the inventory's state that groups belongs to
	groups values.Value
}

// Layers gives the variables of a host, weakest first.
func (v *inventoryView) Layers(host string) ([]Layer, error) {
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

// HostNames gives all hosts in order.
func (v *inventoryView) HostNames() []string { return hostNames(v.inv.Hosts()) }

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
	now := v.inv.Changes()
	if v.as == now && !v.groups.IsNull() {
		return v.groups
	}
	m := values.NewMap(0)
	for _, g := range v.inv.Groups() {
		m.Set(g.Name, values.Strings(hostNames(g.Hosts())...))
	}
	v.groups, v.as = values.FromMap(m), now
	return v.groups
}

func hostNames(hosts []*inventory.Host) []string {
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.Name
	}
	return names
}
