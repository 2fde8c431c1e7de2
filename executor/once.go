package executor

import (
	"context"
	"slices"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// share gives what a task brought that ran once to all hosts of the batch.
func (b *batch) share(v *visit, res *result) {
	for _, h := range b.hosts {
		if h != v.host {
			v.register(h, res)
		}
	}
}

// runsOnce reports that only the first host does the task, for all.
func (b *batch) runsOnce(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) bool {
	if b.strategy() != "linear" || f.kind == Undoing {
		return false
	}
	if t.Spec != nil && slices.Contains(oneForAll, t.Spec.Name) {
		return true
	}
	once, err := b.scope(ctx, t, hosts[0], f).Bool(keyword(b.src, t, func(k *playbooks.Keywords) values.Value { return k.RunOnce }))
	return err == nil && once
}

// oneForAll are modules of which one call is meant for all hosts, as in Ansible.
var oneForAll = []string{"pause", "add_host"}

// throttle is how many hosts may do the task at once; 0 is as many as there are.
func (b *batch) throttle(ctx context.Context, t *playbooks.Task, h *host, f frame) int {
	written := keyword(b.src, t, func(k *playbooks.Keywords) values.Value { return k.Throttle })
	if written.IsNull() {
		return 0
	}
	n, err := b.scope(ctx, t, h, f).Int(written)
	if err != nil {
		return 0
	}
	return int(n)
}
