package executor

import (
	"github.com/gdeploy/gdeploy/playbooks"
)

// rest is what comes behind a node in its list.
type rest struct {
	nodes []playbooks.Node
	first int   // the number of the node that comes next
	list  frame // that of the list
}

// before is the frame of a list's node, which knows what comes behind it.
func (f frame) before(nodes []playbooks.Node, i int) frame {
	here := f.child(i)
	if f.kind == Ordinary {
		here.rest = &rest{nodes: nodes, first: i + 1, list: f}
	}
	return here
}

// last is the frame of a list behind which the walk does not simply go on.
func (f frame) last() frame {
	f.rest = nil
	return f
}

// each shows the tasks that the walk of a host comes to next, with their frames, until show
// says that it is enough: those behind it in the same list, those of blocks that only group,
// and at the end of such a block what comes behind that.
func (r *rest) each(h *host, show func(*playbooks.Task, frame) bool) {
	for ; r != nil; r = r.list.rest {
		if !r.inList(h, show) {
			return
		}
	}
}

// inList shows the tasks of one list, and tells whether the end of it was reached.
func (r *rest) inList(h *host, show func(*playbooks.Task, frame) bool) bool {
	for i := r.first; i < len(r.nodes); i++ {
		here := r.list.child(i)
		switch n := r.nodes[i].(type) {
		case *playbooks.Task:
			if !show(n, here) {
				return false
			}
		case *playbooks.Block:
			if use := n.RoleUse; use != nil && !use.AllowDuplicates && h.roles[use.Same] == roleDone {
				continue
			}
			if !onlyGroups(n) || !(&rest{nodes: n.Body, list: here}).inList(h, show) {
				return false
			}
		}
	}
	return true
}

// onlyGroups reports that a block is no more than its tasks one after the other.
func onlyGroups(n *playbooks.Block) bool {
	return len(n.Rescue) == 0 && len(n.Always) == 0 && len(n.Undo) == 0
}
