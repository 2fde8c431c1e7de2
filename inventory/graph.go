package inventory

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/gdeploy/gdeploy/values"
)

// graph is the hosts and groups. Its lock guards them; lower-case methods want it held.
type graph struct {
	lock       sync.RWMutex
	groups     map[string]*Group
	groupOrder []*Group
	hosts      map[string]*Host
	hostOrder  []*Host
	all        *Group
	ungrouped  *Group
	// local is the first host that the inventory calls by a name of this machine.
	local *Host
	// implicit stands for this machine where the inventory has no such host, under the name
	// by which it was asked for first.
	implicit *Host
	// naming says what becomes of odd names of groups; odd are those to tell of.
	naming  GroupNames
	odd     []string
	oddTold map[string]bool
	// changes counts what was added, so that caches know when they are old.
	changes int
	// added is what plays added, in order.
	added []addition
}

// Host is one machine.
type Host struct {
	// Name is how the inventory calls it.
	Name string
	// Source is the inventory file that named it first; empty where a play added it.
	Source string
	// Implicit marks the localhost that no inventory names.
	Implicit bool

	graph  *graph
	vars   *values.Map
	direct []*Group
}

// Group is a set of hosts with variables.
type Group struct {
	// Name is how the inventory calls it.
	Name     string
	graph    *graph
	vars     *values.Map
	priority int
	hosts    []*Host
	hasHost  map[*Host]bool
	children []*Group
	parents  []*Group
	depth    int // longest way from all
}

func newGraph(naming GroupNames) *graph {
	g := &graph{groups: map[string]*Group{}, hosts: map[string]*Host{}, changes: 1, naming: naming, oddTold: map[string]bool{}}
	g.all, g.ungrouped = g.addGroup("all"), g.addGroup("ungrouped")
	g.link(g.all, g.ungrouped)
	return g
}

func (g *graph) addGroup(name string) *Group {
	name = g.named(name)
	if group := g.groups[name]; group != nil {
		return group
	}
	group := &Group{Name: name, vars: values.NewMap(0), graph: g, priority: 1, hasHost: map[*Host]bool{}}
	g.groups[name] = group
	g.groupOrder = append(g.groupOrder, group)
	g.changes++
	return group
}

// addHost gives the host of that name; port counts only for one that is new.
func (g *graph) addHost(name string, port int, source string) *Host {
	if host := g.hosts[name]; host != nil {
		return host
	}
	host := &Host{Name: name, vars: values.NewMap(0), graph: g, Source: source}
	if port != 0 {
		host.vars.Set("ansible_port", values.Int(int64(port)))
	}
	g.hosts[name] = host
	g.hostOrder = append(g.hostOrder, host)
	if isLocalName(name) && g.local == nil {
		g.local = host
	}
	g.changes++
	return host
}

func isLocalName(name string) bool {
	return name == "localhost" || name == "127.0.0.1" || name == "::1"
}

func (g *graph) join(group *Group, host *Host) bool {
	if group.hasHost[host] {
		return false
	}
	group.hasHost[host] = true
	group.hosts = append(group.hosts, host)
	host.direct = append(host.direct, group)
	g.changes++
	return true
}

// link makes child a part of parent; it gives an error for a circle.
func (g *graph) link(parent, child *Group) error {
	if slices.Contains(parent.children, child) {
		return nil
	}
	if parent == child {
		return fmt.Errorf("group %q cannot be a child of itself", child.Name)
	}
	if child.reaches(parent, map[*Group]bool{}) {
		return fmt.Errorf("group %q cannot be a child of %q, which already belongs to it", child.Name, parent.Name)
	}
	parent.children = append(parent.children, child)
	child.parents = append(child.parents, parent)
	child.deepen(parent.depth + 1)
	g.changes++
	return nil
}

func (group *Group) reaches(other *Group, seen map[*Group]bool) bool {
	for _, child := range group.children {
		if child == other {
			return true
		}
		if !seen[child] {
			seen[child] = true
			if child.reaches(other, seen) {
				return true
			}
		}
	}
	return false
}

func (group *Group) deepen(depth int) {
	if depth <= group.depth {
		return
	}
	group.depth = depth
	for _, child := range group.children {
		child.deepen(depth + 1)
	}
}

// settle puts every group below all, and every host that is in no group into ungrouped.
func (g *graph) settle() {
	g.settleGroups()
	var grouped []*Host
	for _, host := range g.hostOrder {
		if own := host.inOwnGroup(); !own {
			g.settleHost(host)
		} else if g.ungrouped.hasHost[host] {
			grouped = append(grouped, host)
		}
	}
	g.leaveUngrouped(grouped)
}

func (g *graph) settleGroups() {
	for _, group := range g.groupOrder {
		if group != g.all && len(group.parents) == 0 {
			_ = g.link(g.all, group) // nothing is above all, so there is no circle
		}
	}
}

// settleHost puts one host into ungrouped, or takes it out.
func (g *graph) settleHost(host *Host) {
	switch own := host.inOwnGroup(); {
	case own && g.ungrouped.hasHost[host]:
		g.leaveUngrouped([]*Host{host})
	case !own && !host.Implicit:
		g.join(g.ungrouped, host)
	}
}

func (host *Host) inOwnGroup() bool {
	g := host.graph
	return slices.ContainsFunc(host.direct, func(d *Group) bool { return d != g.all && d != g.ungrouped })
}

func (g *graph) leaveUngrouped(hosts []*Host) {
	if len(hosts) == 0 {
		return
	}
	for _, host := range hosts {
		delete(g.ungrouped.hasHost, host)
		host.direct = slices.DeleteFunc(host.direct, func(d *Group) bool { return d == g.ungrouped })
	}
	g.ungrouped.hosts = slices.DeleteFunc(g.ungrouped.hosts, func(h *Host) bool { return !g.ungrouped.hasHost[h] })
	g.changes++
}

// above gives all groups that a host belongs to, weakest first.
func (host *Host) above() []*Group {
	seen := map[*Group]bool{}
	var groups []*Group
	var walk func([]*Group)
	walk = func(level []*Group) {
		for _, group := range level {
			if !seen[group] {
				seen[group] = true
				groups = append(groups, group)
				walk(group.parents)
			}
		}
	}
	walk(host.direct)
	slices.SortFunc(groups, byStrength)
	return groups
}

// byStrength sorts groups weakest first: by depth, then ansible_group_priority, then name.
func byStrength(a, b *Group) int {
	return cmp.Or(cmp.Compare(a.depth, b.depth), cmp.Compare(a.priority, b.priority), cmp.Compare(a.Name, b.Name))
}

// inside gives the group's hosts with those of the groups below it, each once: its own
// first, then level by level.
func (group *Group) inside() []*Host {
	seenGroup, seenHost := map[*Group]bool{group: true}, map[*Host]bool{}
	var hosts []*Host
	for level := []*Group{group}; len(level) > 0; {
		var next []*Group
		for _, member := range level {
			for _, host := range member.hosts {
				if !seenHost[host] && !(host.Implicit && group == group.graph.all) {
					seenHost[host] = true
					hosts = append(hosts, host)
				}
			}
			for _, child := range member.children {
				if !seenGroup[child] {
					seenGroup[child] = true
					next = append(next, child)
				}
			}
		}
		level = next
	}
	return hosts
}

func (g *graph) sharedNames() []string {
	var names []string
	for _, group := range g.groupOrder {
		if g.hosts[group.Name] != nil {
			names = append(names, group.Name)
		}
	}
	return names
}

// set sets a variable of a group; ansible_group_priority is not one.
func (group *Group) set(key, v values.Value) error {
	if name, _ := key.AsString(); name != "ansible_group_priority" {
		group.vars.SetKey(key, v)
		return nil
	}
	n, ok := asInt(v)
	if !ok || n < math.MinInt32 || n > math.MaxInt32 {
		return fmt.Errorf("ansible_group_priority wants an integer, not %s", values.Repr(v))
	}
	group.priority = int(n)
	return nil
}
