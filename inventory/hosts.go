package inventory

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Hosts gives every host, in the inventory's order, whatever the limit.
func (inv *Inventory) Hosts() []*Host {
	inv.lock.RLock()
	defer inv.lock.RUnlock()
	return inv.all.inside()
}

// Named gives all hosts in the order in which they were named first, in whatever group.
func (inv *Inventory) Named() []*Host {
	inv.lock.RLock()
	defer inv.lock.RUnlock()
	return slices.DeleteFunc(slices.Clone(inv.hostOrder), func(h *Host) bool { return h.Implicit })
}

// Groups gives every group in the order in which they were first named; all is the
// first and ungrouped the second.
func (inv *Inventory) Groups() []*Group {
	inv.lock.RLock()
	defer inv.lock.RUnlock()
	return slices.Clone(inv.groupOrder)
}

// Group gives the group of that name, or nil.
func (inv *Inventory) Group(name string) *Group {
	inv.lock.RLock()
	defer inv.lock.RUnlock()
	return inv.groups[name]
}

// Host gives the host of that name, or nil. This machine's names (localhost, 127.0.0.1,
// ::1) always have a host, which is one for all of them: the inventory's own, else an
// implicit one with a local connection that no group and no pattern but its names contains.
func (inv *Inventory) Host(name string) *Host {
	inv.lock.Lock()
	defer inv.lock.Unlock()
	return inv.host(name)
}

func (g *graph) host(name string) *Host {
	if host := g.hosts[name]; host != nil || !isLocalName(name) {
		return host
	}
	if g.local != nil {
		return g.local
	}
	if g.implicit == nil {
		g.implicit = &Host{Name: name, Implicit: true, graph: g, vars: values.NewMap(2)}
		g.implicit.vars.Set("ansible_connection", values.String("local"))
	}
	return g.implicit
}

// AddHost adds a host while a play runs (the module add_host), or changes one: the
// variables win over those it has, and it joins the groups, which are made as needed.
// It reports whether anything changed.
func (inv *Inventory) AddHost(name string, vars *values.Map, groups ...string) (host *Host, changed bool) {
	inv.lock.Lock()
	defer inv.lock.Unlock()
	before := inv.changes
	inv.added = append(inv.added, addition{host: name, vars: vars, groups: groups})
	known := inv.hosts[name] != nil
	host = inv.addHost(name, 0, "")
	if !known {
		inv.join(inv.all, host)
	}
	if merged := host.vars.Clone(); vars != nil && vars.Len() > 0 {
		for key, v := range vars.All() {
			merged.SetKey(key, v)
		}
		if !values.Equal(values.FromMap(merged), values.FromMap(host.vars)) {
			host.vars = merged
			inv.changes++
		}
	}
	for _, group := range groups {
		inv.join(inv.addGroup(group), host)
	}
	inv.tellOddNames()
	changed = inv.changes != before
	inv.settleGroups()
	inv.settleHost(host)
	return host, changed
}

// AddToGroup puts a host into a group while a play runs (the module group_by). The
// group is made as needed, below the parents. It reports whether anything changed, and
// gives an error where the parents would form a circle.
func (inv *Inventory) AddToGroup(host *Host, name string, parents ...string) (changed bool, err error) {
	inv.lock.Lock()
	defer inv.lock.Unlock()
	before := inv.changes
	group := inv.addGroup(name)
	for _, parent := range parents {
		if err := inv.link(inv.addGroup(parent), group); err != nil {
			return false, err
		}
	}
	inv.join(group, host)
	inv.tellOddNames()
	inv.added = append(inv.added, addition{host: host.Name, group: name, parents: parents})
	changed = inv.changes != before
	inv.settleGroups()
	inv.settleHost(host)
	return changed, nil
}

// Vars gives the variables that inventory sources, or the play, give this host itself.
// The caller must not change the map.
func (host *Host) Vars() *values.Map {
	host.graph.lock.RLock()
	defer host.graph.lock.RUnlock()
	return host.vars
}

// Vars gives the variables that inventory sources give this group itself. The caller
// must not change the map.
func (group *Group) Vars() *values.Map {
	group.graph.lock.RLock()
	defer group.graph.lock.RUnlock()
	return group.vars
}

// Groups gives all groups that the host belongs to, directly or through others, weakest
// first as variables count: all, then by depth, ansible_group_priority and name.
func (host *Host) Groups() []*Group {
	host.graph.lock.RLock()
	defer host.graph.lock.RUnlock()
	return host.above()
}

// GroupNames gives the sorted names of the host's groups without all, as the variable
// group_names has them.
func (host *Host) GroupNames() []string {
	names := []string{}
	for _, group := range host.Groups() {
		if group != host.graph.all {
			names = append(names, group.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Hosts gives the hosts of the group and of all groups below it.
func (group *Group) Hosts() []*Host {
	group.graph.lock.RLock()
	defer group.graph.lock.RUnlock()
	return group.inside()
}

// DirectHosts gives the hosts that the group itself names.
func (group *Group) DirectHosts() []*Host {
	group.graph.lock.RLock()
	defer group.graph.lock.RUnlock()
	return slices.Clone(group.hosts)
}

// Children gives the groups directly below.
func (group *Group) Children() []*Group {
	group.graph.lock.RLock()
	defer group.graph.lock.RUnlock()
	return slices.Clone(group.children)
}

// Parents gives the groups directly above.
func (group *Group) Parents() []*Group {
	group.graph.lock.RLock()
	defer group.graph.lock.RUnlock()
	return slices.Clone(group.parents)
}

// Priority is ansible_group_priority, 1 unless the inventory says otherwise: among
// groups of one depth the higher one wins.
func (group *Group) Priority() int { return group.priority }

// asInt reads an integer as Python's int() does from a number or a text.
func asInt(v values.Value) (int64, bool) {
	if s, ok := v.AsString(); ok {
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		return n, err == nil
	}
	if f, ok := v.AsFloat(); ok {
		return int64(f), true
	}
	return v.AsInt()
}
