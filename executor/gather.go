package executor

import (
	"context"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// gather lets the module setup collect facts on hosts, where the play does not say that
// it wants none.
func (b *batch) gather(ctx context.Context, hosts hostSet) hostSet {
	t := b.setupTask()
	if t == nil || b.isSeeking() && !b.hasStart() {
		return hosts
	}
	return b.task(ctx, t, hosts, frame{path: b.path + "/setup"}).going
}

// setupTask is the task that gathers facts, nil where none shall be gathered.
func (b *batch) setupTask() *playbooks.Task {
	if !b.src.GatherFacts.IsNull() {
		if wanted, err := b.plain().Bool(b.src.GatherFacts); err == nil && !wanted {
			return nil
		}
	}
	spec, ok := b.Loader.Module("setup")
	if !ok {
		return nil
	}
	args := values.NewMap(3)
	for name, v := range map[string]values.Value{"gather_subset": b.src.GatherSubset, "gather_timeout": b.src.GatherTimeout, "fact_path": b.src.FactPath} {
		if !v.IsNull() {
			args.Set(name, v)
		}
	}
	t := &playbooks.Task{Action: "setup", Spec: spec, Args: args}
	t.Name = values.String("Gathering Facts")
	t.Tags = []string{"always"}
	t.Pos = b.src.Pos
	return t
}
