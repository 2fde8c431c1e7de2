package executor

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// wanted reports that a task shall run: as tags and --start-at-task choose, and where
// --step asks, as the operator says.
func (b *batch) wanted(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) bool {
	if f.kind == Undoing || f.kind == Checking {
		return true
	}
	if f.kind == Ordinary && !isOldInclude(t) && !b.Select.Takes(b.tags(ctx, t)) {
		return false
	}
	if t.Name.IsNull() && t.Written == "" { // gathering facts
		return true
	}
	return b.started(t) && b.agreed(ctx, t, hosts, f)
}

// tags are those of a task with all that it inherits; templates in them are evaluated with
// what the play knows.
func (b *batch) tags(ctx context.Context, t *playbooks.Task) []string {
	tags := playbooks.TagsOf(b.src, t)
	if !slices.ContainsFunc(tags, func(tag string) bool { return strings.Contains(tag, "{{") }) {
		return tags
	}
	scope := b.Store.Scope(variables.Context{Ctx: ctx, Play: b.src, Prompts: b.prompts, Task: t})
	return playbooks.EvaluatedTags(tags, func(v values.Value) values.Value {
		if rendered, err := scope.Render(v); err == nil {
			return rendered
		}
		return v
	})
}

// isOldInclude tells a dynamic include that is written as just that: as in Ansible, it is
// taken whatever its tags, and only what it includes is chosen by them.
func isOldInclude(t *playbooks.Task) bool {
	return t.Include != nil && strings.TrimPrefix(t.Written, "ansible.builtin.") == "include"
}

// started reports that the task of --start-at-task was reached.
func (r *run) started(t *playbooks.Task) bool {
	if !r.isSeeking() {
		return true
	}
	if !isStart(t, r.StartAtTask) {
		return false
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.seeking = false
	return true
}

func (r *run) isSeeking() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seeking
}

// isStart compares a task with what --start-at-task names: its name with or without the
// role, or a pattern with * and ?.
func isStart(t *playbooks.Task, name string) bool {
	full := t.Title()
	short := values.Text(t.Name)
	for _, own := range []string{full, short} {
		if matched, err := path.Match(name, own); own == name || err == nil && matched && own != "None" {
			return true
		}
	}
	return false
}

// hasStart reports that the play has the task of --start-at-task, so that facts are wanted.
func (b *batch) hasStart() bool {
	var has func(nodes []playbooks.Node) bool
	has = func(nodes []playbooks.Node) bool {
		for _, n := range nodes {
			switch n := n.(type) {
			case *playbooks.Task:
				if isStart(n, b.StartAtTask) {
					return true
				}
			case *playbooks.Block:
				if has(n.Body) || has(n.Rescue) || has(n.Always) {
					return true
				}
			}
		}
		return false
	}
	for _, s := range b.sections() {
		if has(s.nodes) {
			return true
		}
	}
	return false
}

// agreed asks the operator whether to do the task, where --step wants that.
func (b *batch) agreed(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) bool {
	if !b.asksBefore() {
		return true
	}
	word := "TASK"
	if f.kind == Handling {
		word = "HANDLER"
	}
	answer, err := remember(b.run, "step "+f.path, func() (string, error) {
		return b.Terminal.Prompt(ctx, "Perform task: "+word+": "+b.taskName(ctx, t, hosts, f)+" (N)o/(y)es/(c)ontinue: ", true)
	})
	if err != nil {
		return false
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true
	case "c", "continue":
		b.askNoMore()
		return true
	}
	return false
}

func (b *batch) asksBefore() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Step && b.Terminal != nil && !b.unasked
}

// askNoMore ends the questions for what is left of the batch.
func (b *batch) askNoMore() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unasked = true
}
