package executor

import (
	"maps"
	"slices"

	"github.com/gdeploy/gdeploy/playbooks"
)

// unfinished are the hosts that another try would be for: those that failed or could not be
// reached, those whose work was taken back, and those whose turn did not come.

// finish counts the hosts of a play that ended. whole says that it came to its end.
func (p *play) finish(whole bool) {
	for _, h := range p.hosts {
		if p.outBefore(h.name) || !whole && (p.takenBack && p.onFailure() != "undo_host" || !h.through) {
			p.leaveOpen(h.name)
		}
	}
}

// notBegun counts the hosts of plays whose turn did not come.
func (r *run) notBegun(plays []*playbooks.Play) {
	for _, src := range plays {
		p := &play{run: r, src: src}
		pattern, err := p.pattern()
		if err != nil || pattern == "" {
			continue // nobody knows them, or there are none
		}
		names, _ := r.Inventory.Select(pattern)
		for _, name := range names {
			r.leaveOpen(name)
		}
	}
}

func (r *run) leaveOpen(host string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.unfinished[host] = true
}

func (r *run) listUnfinished() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.unfinished))
}
