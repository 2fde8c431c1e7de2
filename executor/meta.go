package executor

import (
	"context"
	"fmt"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// metaAction is what a meta asks for, done by those hosts for which its when holds.
type metaAction func(*batch, context.Context, *playbooks.Task, hostSet, frame) passage

func actionOf(name string) metaAction {
	return map[string]metaAction{
		"noop":              (*batch).metaNothing,
		"flush_handlers":    (*batch).metaFlush,
		"end_host":          (*batch).metaEndHost,
		"end_batch":         (*batch).metaEnd,
		"end_play":          (*batch).metaEndPlay,
		"end_run":           (*batch).metaEndRun,
		"clear_facts":       (*batch).metaClearFacts,
		"clear_host_errors": (*batch).metaClearErrors,
		"reset_connection":  (*batch).metaReset,
		"refresh_inventory": (*batch).metaRefresh,
	}[name]
}

// forAll are the actions that one host does for all, as Ansible has them.
var forAll = map[string]bool{"end_batch": true, "end_play": true, "end_run": true, "clear_facts": true, "clear_host_errors": true, "refresh_inventory": true}

// meta takes hosts through a meta task. As in Ansible each host announces it.
func (b *batch) meta(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) passage {
	do := actionOf(t.Meta)
	if do == nil {
		return b.metaFailed(ctx, t, hosts, f, fmt.Errorf("meta: %q is not supported", t.Meta))
	}
	deciding := hosts
	if forAll[t.Meta] && b.strategy() == "linear" {
		deciding = hosts[:1]
	}
	var chosen, others hostSet
	for _, h := range deciding {
		place := b.announce(ctx, t, hostSet{h}, f)
		yes, err := b.metaWanted(ctx, t, h, f)
		if err != nil {
			return b.metaFailed(ctx, t, hosts, f, err)
		}
		b.passedBy(f.path, hostSet{h})
		if !yes {
			others = append(others, h)
			b.tellMetaSkipped(place, t, h)
			continue
		}
		chosen = append(chosen, h)
	}
	if len(chosen) == 0 {
		return passage{going: hosts}
	}
	b.changing.Add(1)
	if len(deciding) < len(hosts) {
		chosen, others = hosts, nil
	}
	b.tellMeta(t.Meta, chosen)
	passed := do(b, ctx, t, chosen, f)
	passed.going = passed.going.and(others)
	return passed
}

// tellMeta tells with -vv what a meta does, as Ansible does for those of its own.
func (b *batch) tellMeta(name string, hosts hostSet) {
	for _, h := range hosts {
		text := map[string]string{
			"noop": "noop", "flush_handlers": "triggered running handlers for " + h.name, "end_host": "ending play for " + h.name,
			"reset_connection": "reset connection", "refresh_inventory": "inventory successfully refreshed", "clear_facts": "facts cleared",
			"clear_host_errors": "cleared host errors", "end_play": "ending play", "end_batch": "ending batch",
		}[name]
		if text != "" {
			b.remark(2, "META: %s", text)
		}
		if forAll[name] {
			return
		}
	}
}

// regardless are the actions that take no condition: as Ansible, they are done all the same,
// and say so.
var regardless = map[string]bool{"noop": true, "refresh_inventory": true, "reset_connection": true}

func (b *batch) metaWanted(ctx context.Context, t *playbooks.Task, h *host, f frame) (bool, error) {
	if regardless[t.Meta] {
		if len(t.When) > 0 {
			b.warn("", fmt.Sprintf("%s: meta: %s is done whatever its when says, as in Ansible: put it into a file of tasks that is included with the condition", t.Pos, t.Meta))
		}
		return true, nil
	}
	yes, _, err := b.scope(ctx, t, h, f).Condition(conditions(b.src, t))
	return yes, err
}

// tellMetaSkipped shows a host for which a condition kept the action from being done.
func (b *batch) tellMetaSkipped(place Place, t *playbooks.Task, h *host) {
	msg, instead := t.Meta, ""
	switch t.Meta {
	case "flush_handlers":
		instead = "not running handlers for " + h.name
	case "clear_facts":
		instead = "not clearing facts and fact cache for " + h.name
	case "clear_host_errors":
		instead = "not clearing host error state for " + h.name
	case "end_batch":
		instead = "continuing current batch"
	case "end_play", "end_run":
		instead = "continuing play"
	case "end_host":
		instead = "continuing execution for " + h.name
		msg = "end_host conditional evaluated to false, " + instead
	}
	reason := t.Meta + " conditional evaluated to False, " + instead
	b.tell(HostResult{Task: place, Host: h.name, Status: Skipped, Result: values.MapOf("msg", values.String(msg), "skip_reason", values.String(reason))})
}

func (b *batch) metaFailed(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame, err error) passage {
	place := b.place(ctx, t, hosts, f)
	verdicts := b.each(ctx, t, hosts, f, func(h *host) verdict {
		return b.visit(ctx, t, h, place, f).settle(ctx, failedBy(err))
	})
	return b.sort(ctx, t, hosts, false, verdicts, f)
}

func (b *batch) metaFlush(ctx context.Context, _ *playbooks.Task, hosts hostSet, f frame) passage {
	return b.flush(ctx, hosts, f.child("handlers"))
}

func (b *batch) metaNothing(_ context.Context, _ *playbooks.Task, hosts hostSet, _ frame) passage {
	return passage{going: hosts}
}

// metaEnd takes hosts out of what is left of the play.
func (b *batch) metaEnd(_ context.Context, _ *playbooks.Task, _ hostSet, _ frame) passage {
	return passage{}
}

// metaEndHost takes hosts out of the play, so that it does not count them any more.
func (b *batch) metaEndHost(_ context.Context, _ *playbooks.Task, hosts hostSet, _ frame) passage {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, h := range hosts {
		h.ended = true
	}
	b.view = nil
	return passage{}
}

func (b *batch) metaEndPlay(_ context.Context, _ *playbooks.Task, _ hostSet, _ frame) passage {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended = true
	return passage{}
}

// metaEndRun ends the play, and no further play runs. It is gdeploy's own: a deploy that
// is to be continued later ends so, without anything being taken back.
func (b *batch) metaEndRun(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) passage {
	b.mu.Lock()
	b.over = true
	b.mu.Unlock()
	return b.metaEndPlay(ctx, t, hosts, f)
}

func (b *batch) metaClearFacts(_ context.Context, _ *playbooks.Task, hosts hostSet, _ frame) passage {
	for _, h := range hosts {
		b.Store.ClearFacts(h.name)
	}
	return passage{going: hosts}
}

// metaClearErrors lets failed and unreachable hosts of the run back in, from the next play on.
func (b *batch) metaClearErrors(_ context.Context, _ *playbooks.Task, hosts hostSet, _ frame) passage {
	b.readmit()
	return passage{going: hosts}
}

func (b *batch) metaReset(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) passage {
	for _, h := range hosts {
		s := &step{scope: b.scope(ctx, t, h, f), item: &item{}}
		v := b.visit(ctx, t, h, Place{}, f)
		if err := v.fillTarget(ctx, s); err != nil {
			return b.metaFailed(ctx, t, hosts, f, err)
		}
		b.Hosts.Reset(s.target)
	}
	return passage{going: hosts}
}

func (b *batch) metaRefresh(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) passage {
	r, ok := b.Inventory.(Refresher)
	if !ok {
		return b.metaFailed(ctx, t, hosts, f, fmt.Errorf("meta: refresh_inventory is not supported here"))
	}
	if err := r.Refresh(ctx); err != nil {
		return b.metaFailed(ctx, t, hosts, f, err)
	}
	return passage{going: hosts}
}
