package executor

import (
	"context"
	"fmt"

	"github.com/gdeploy/gdeploy/inventory"
	"github.com/gdeploy/gdeploy/values"
)

// FromInventory makes an Inventory of package inventory's.
func FromInventory(inv *inventory.Inventory) Inventory { return inventoryView{inv} }

type inventoryView struct{ inv *inventory.Inventory }

// Select gives the hosts of a pattern.
func (v inventoryView) Select(pattern string) ([]string, error) {
	hosts, err := v.inv.Select(pattern)
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.Name
	}
	return names, err
}

// SelectAll gives the hosts of a pattern, also those that --limit leaves out.
func (v inventoryView) SelectAll(pattern string) ([]string, error) {
	hosts, err := v.inv.SelectAll(pattern)
	names := make([]string, len(hosts))
	for i, h := range hosts {
		names[i] = h.Name
	}
	return names, err
}

// Unmatched gives a warning for each part of the pattern that names nothing.
func (v inventoryView) Unmatched(pattern string) []string {
	var all []string
	for _, w := range v.inv.Unmatched(pattern) {
		all = append(all, w.Msg)
	}
	return all
}

// AddHost makes a host known, and sets its variables.
func (v inventoryView) AddHost(name string, vars *values.Map, groups []string) (bool, error) {
	_, changed := v.inv.AddHost(name, vars, groups...)
	return changed, nil
}

// AddToGroup puts a host into a group.
func (v inventoryView) AddToGroup(host, group string, parents []string) (bool, error) {
	h := v.inv.Host(host)
	if h == nil {
		return false, fmt.Errorf("group_by: host %q is not in the inventory", host)
	}
	return v.inv.AddToGroup(h, group, parents...)
}

// Refresh reads the sources again.
func (v inventoryView) Refresh(ctx context.Context) error { return v.inv.Refresh(ctx) }
