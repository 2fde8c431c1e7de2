package executor

import (
	"context"
	"fmt"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// passage is how a set of hosts came through a part of the tree: those that go on, and
// those that failed there. Hosts that could not be reached or whose play ended are in neither.
type passage struct{ going, failed hostSet }

// frame is where in the tree the walk is, and what holds for all below.
type frame struct {
	path string
	kind Kind
	// rescued says that a rescue above will catch a failure.
	rescued bool
	// params are the variables of the includes around, outermost first.
	params []*values.Map
	// entry is what is being taken back, nil outside of undo.
	entry *undoEntry
	// rest is what comes behind the node; nil where that is not certain.
	rest *rest
	// depth is how many includes are around.
	depth int
}

func (f frame) child(name any) frame {
	f.path = fmt.Sprintf("%s/%v", f.path, name)
	return f
}

// list takes hosts through nodes: all of them through one before the next.
func (b *batch) list(ctx context.Context, nodes []playbooks.Node, hosts hostSet, f frame) passage {
	passed := passage{going: hosts}
	for i, n := range nodes {
		if len(passed.going) == 0 || b.halted(ctx, f) {
			break
		}
		here := b.node(ctx, n, passed.going, f.before(nodes, i))
		passed.going = here.going
		passed.failed = passed.failed.and(here.failed)
	}
	return passed
}

func (b *batch) node(ctx context.Context, n playbooks.Node, hosts hostSet, f frame) passage {
	switch n := n.(type) {
	case *playbooks.Block:
		return b.block(ctx, n, hosts, f)
	case *playbooks.Task:
		return b.task(ctx, n, hosts, f)
	}
	return passage{going: hosts}
}

// block takes hosts through the body; those that failed there through rescue; and all
// that are left, failed or not, through always.
func (b *batch) block(ctx context.Context, n *playbooks.Block, hosts hostSet, f frame) passage {
	if use := n.RoleUse; use != nil {
		return b.role(ctx, n, use, hosts, f)
	}
	return b.parts(ctx, n, hosts, f)
}

// role takes hosts through a role, as far as they have not been through it in this play.
func (b *batch) role(ctx context.Context, n *playbooks.Block, use *playbooks.RoleUse, hosts hostSet, f frame) passage {
	through := hosts.where(func(h *host) bool { return !use.AllowDuplicates && h.roles[use.Same] == roleDone })
	passed := b.parts(ctx, n, hosts.without(through), f)
	for _, h := range passed.going {
		if h.roles[use.Same] == roleBegun {
			h.roles[use.Same] = roleDone
		}
	}
	passed.going = passed.going.and(through)
	return passed
}

func (b *batch) parts(ctx context.Context, n *playbooks.Block, hosts hostSet, f frame) passage {
	b.pushBlock(ctx, n, hosts, f)
	body := f
	if !onlyGroups(n) {
		body, f = body.last(), f.last()
	}
	body.rescued = f.rescued || len(n.Rescue) > 0
	passed := b.list(ctx, n.Body, hosts, body)
	if len(n.Rescue) > 0 && len(passed.failed) > 0 {
		passed = b.rescue(ctx, n, passed, f)
	}
	if len(n.Always) > 0 {
		passed = b.always(ctx, n, passed, f)
	}
	return passed
}

func (b *batch) rescue(ctx context.Context, n *playbooks.Block, passed passage, f frame) passage {
	for _, h := range passed.failed {
		b.Store.SetFact(h.name, "ansible_failed_task", h.failure.task, false)
		b.Store.SetFact(h.name, "ansible_failed_result", h.failure.result.MarkUnsafe(), false) // as what is registered
	}
	rescued := b.list(ctx, n.Rescue, passed.failed, f.child("rescue"))
	for _, h := range rescued.going {
		h.failure = failure{}
	}
	return passage{going: passed.going.and(rescued.going), failed: rescued.failed}
}

func (b *batch) always(ctx context.Context, n *playbooks.Block, passed passage, f frame) passage {
	after := b.list(ctx, n.Always, passed.going.and(passed.failed), f.child("always"))
	failed := passed.failed.and(after.failed)
	return passage{going: after.going.without(failed), failed: failed}
}

// halted reports that nothing more shall start: the operator stopped the run, or under
// free another host ended the play. Taking back goes on.
func (b *batch) halted(ctx context.Context, f frame) bool {
	if ctx.Err() != nil || b.isSuspended() {
		return true
	}
	if f.kind == Undoing {
		return false
	}
	if b.stopped() {
		b.interrupt()
		return true
	}
	return (b.strategy() != "linear" || b.rolls() || b.turnsBack()) && b.isAborted()
}
