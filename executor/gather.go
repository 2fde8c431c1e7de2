package executor

import (
	"context"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// gather lets the module setup collect facts on hosts, where neither the play nor the
// setting gathering says that it wants none.
func (b *batch) gather(ctx context.Context, hosts hostSet) hostSet {
	if !b.gathers() || b.isSeeking() && !b.hasStart() {
		return hosts
	}
	t := b.setupTask()
	if t == nil {
		return hosts
	}
	asked := hosts
	if b.Defaults.Gathering == Smart {
		asked = hosts.where(func(h *host) bool { return !b.hasFacts(ctx, t, h) })
	}
	if len(asked) == 0 {
		return hosts
	}
	going := b.task(ctx, t, asked, frame{path: b.path + "/setup"}).going
	return hosts.without(asked.without(going))
}

// gathers reports that the play collects facts.
func (b *batch) gathers() bool {
	if b.src.GatherFacts.IsNull() {
		return b.Defaults.Gathering != Explicit
	}
	wanted, err := b.plain().Bool(b.src.GatherFacts)
	return err != nil || wanted
}

// hasFacts reports that a host's facts were collected before.
func (b *batch) hasFacts(ctx context.Context, t *playbooks.Task, h *host) bool {
	facts, ok, err := b.scope(ctx, t, h, frame{}).Lookup("ansible_facts")
	if err != nil || !ok {
		return false
	}
	collected, _ := facts.Get("module_setup")
	return collected.Truthy()
}

// setupTask is the task that gathers facts, nil where there is no module for it.
func (b *batch) setupTask() *playbooks.Task {
	spec, ok := b.Loader.Module("setup")
	if !ok {
		return nil
	}
	t := &playbooks.Task{Action: "setup", Spec: spec, Args: b.setupArgs()}
	t.Name = values.String("Gathering Facts")
	if len(b.src.Tags) == 0 { // a tagged play collects facts where its tags are chosen
		t.Tags = []string{"always"}
	}
	t.Pos = b.src.Pos
	return t
}

// setupArgs are which facts to gather, as the play says or else the settings.
func (b *batch) setupArgs() *values.Map {
	args := values.NewMap(3)
	d := b.Defaults
	if len(d.GatherSubset) > 0 {
		args.Set("gather_subset", values.Strings(d.GatherSubset...))
	}
	if d.GatherTimeout > 0 {
		args.Set("gather_timeout", values.Int(int64(d.GatherTimeout)))
	}
	if d.FactPath != "" {
		args.Set("fact_path", values.String(d.FactPath))
	}
	for name, v := range map[string]values.Value{"gather_subset": b.src.GatherSubset, "gather_timeout": b.src.GatherTimeout, "fact_path": b.src.FactPath} {
		if !v.IsNull() {
			args.Set(name, v)
		}
	}
	return args
}
