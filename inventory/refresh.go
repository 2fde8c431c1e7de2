package inventory

import (
	"context"

	"github.com/gdeploy/gdeploy/values"
)

// addition is a host or a membership that a play added.
type addition struct {
	host   string
	vars   *values.Map
	groups []string
	// group and parents are those of AddToGroup; group is empty for AddHost.
	group   string
	parents []string
}

// Refresh reads all sources again (meta: refresh_inventory). What plays added stays. Where
// a source cannot be read any more the inventory is left as it was.
func (inv *Inventory) Refresh(ctx context.Context) error {
	inv.lock.RLock()
	added := inv.added
	inv.lock.RUnlock()
	fresh, err := Load(ctx, inv.sources, inv.files.opts)
	if err != nil {
		return err
	}
	inv.replace(fresh.graph)
	inv.files.forget()
	for _, a := range added {
		if a.group == "" {
			inv.AddHost(a.host, a.vars, a.groups...)
			continue
		}
		if host := inv.Host(a.host); host != nil {
			if _, err := inv.AddToGroup(host, a.group, a.parents...); err != nil {
				return err
			}
		}
	}
	return nil
}

// replace makes the graph what another one is. Nobody else may know that one.
func (g *graph) replace(fresh *graph) {
	g.lock.Lock()
	defer g.lock.Unlock()
	for _, host := range fresh.hosts {
		host.graph = g
	}
	for _, group := range fresh.groups {
		group.graph = g
	}
	g.groups, g.groupOrder, g.hosts, g.hostOrder = fresh.groups, fresh.groupOrder, fresh.hosts, fresh.hostOrder
	g.all, g.ungrouped, g.local = fresh.all, fresh.ungrouped, fresh.local
	g.implicit = nil
	g.added = nil
	g.changes += fresh.changes
}

// forget has the files read again when they are next needed.
func (f *files) forget() {
	f.lock.Lock()
	defer f.lock.Unlock()
	f.seen, f.dirs = map[string]*entityVars{}, map[string]map[string]dirKind{}
}
