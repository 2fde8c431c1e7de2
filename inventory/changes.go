package inventory

// Changes counts what was added since the inventory was loaded, so that whoever keeps
// something made of it knows when that is old.
func (inv *Inventory) Changes() int {
	inv.lock.RLock()
	defer inv.lock.RUnlock()
	return inv.changes
}
