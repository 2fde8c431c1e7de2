package executor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// open finds the hosts of a play and what else it needs before its first batch.
func (r *run) open(ctx context.Context, src *playbooks.Play, number int) (*play, error) {
	p := &play{run: r, src: src, path: fmt.Sprint(number), handlers: newHandlers(src.Handlers)}
	pattern, err := p.pattern()
	if err != nil {
		return nil, r.mistaken(src.Hosts.Pos(), "hosts", err)
	}
	p.wanted = pattern
	p.callIt()
	names, err := r.chosen(pattern)
	if err != nil {
		return nil, fmt.Errorf("%s: hosts: %w", src.Hosts.Pos(), err)
	}
	p.all = names
	order, err := p.plain().Text(src.Order)
	if err == nil && src.Order.IsNull() {
		order = ""
	}
	names, err = remember(r, "order "+p.path, func() ([]string, error) { return ordered(names, order) })
	if err != nil {
		return nil, r.mistaken(src.Order.Pos(), "order", err)
	}
	for i, name := range names {
		if p.outBefore(name) {
			continue
		}
		p.hosts = append(p.hosts, &host{name: name, order: i, roles: map[string]roleState{}})
	}
	return p, nil
}

// callIt evaluates the name of the play, as far as that can be done. Without one it is
// called by its hosts; a list that a template made is shown as such.
func (p *play) callIt() {
	p.name = p.wanted
	hosts, err := p.plain().Render(p.src.Hosts)
	if err == nil && p.src.Hosts.Kind() != values.KindList {
		p.name = values.Text(hosts)
	}
	if p.src.Name.IsNull() {
		return
	}
	if p.name, err = p.plain().Text(p.src.Name); err != nil {
		p.name = values.Text(p.src.Name)
	}
}

// tellUnmatched tells of parts of a pattern that name nothing, as the settings want it.
func (r *run) tellUnmatched(pattern string) error {
	known, ok := r.Inventory.(interface{ Unmatched(pattern string) []string })
	if !ok || r.Defaults.Unmatched == UnmatchedPasses {
		return nil
	}
	for _, text := range known.Unmatched(pattern) {
		if r.Defaults.Unmatched == UnmatchedFails {
			return errors.New(text)
		}
		r.warn("", text)
	}
	return nil
}

// pattern is the hosts of the play as one text; empty where the list of them is. A text
// that turns out empty is a mistake, and must not mean all hosts.
func (p *play) pattern() (string, error) {
	hosts, err := p.plain().Render(p.src.Hosts)
	if err != nil {
		return "", err
	}
	patterns := hosts.Items()
	if hosts.Kind() != values.KindList {
		patterns = []values.Value{hosts}
	}
	var parts []string
	for _, v := range patterns {
		text := values.Text(v)
		switch {
		case v.Kind() == values.KindMap || v.Kind() == values.KindList:
			return "", fmt.Errorf("the field 'hosts' takes patterns, but an item is %s", v.Kind().Phrase())
		case strings.TrimSpace(text) == "":
			return "", errors.New("the field 'hosts' is required, and cannot have empty values")
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ","), nil
}

// chosen gives the hosts of a pattern, and none where there is no pattern.
func (r *run) chosen(pattern string) ([]string, error) {
	if pattern == "" {
		return nil, nil
	}
	if err := r.tellUnmatched(pattern); err != nil {
		return nil, err
	}
	return r.Inventory.Select(pattern)
}

func (p *play) tellEmpty() {
	p.tell(PlayStarted{Path: p.path, Name: p.name, Strategy: p.strategy(), Gone: len(p.all) > 0, Check: p.Check})
}

// close ends the play.
func (p *play) close() {
	p.forgetUndo()
	p.note(func(o *Outcome) {
		if o.Reason == "" {
			o.Reason = p.aborted
		}
	})
	p.tell(PlayEnded{Path: p.path, Name: p.name, Aborted: p.aborted})
}

// hostsInView are the lists of hosts that magic variables show. As in Ansible a host that
// left the play by itself is missing in its own batch only.
func (b *batch) hostsInView() *variables.Hosts {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.view == nil || b.viewOf != b.number {
		b.view = &variables.Hosts{All: b.all, Play: b.listed(b.active(b.hosts).and(b.alive(b.play.hosts.without(b.hosts)))), Batch: b.active(b.hosts).names()}
		b.viewOf = b.number
	}
	return b.view
}

// active gives the hosts that are neither out of the run nor left the play.
func (b *batch) active(hosts hostSet) hostSet {
	return b.alive(hosts).where(func(h *host) bool { return !h.ended })
}

// listed gives the names in the order of the inventory, whatever the play's order.
func (p *play) listed(hosts hostSet) []string {
	has := map[string]bool{}
	for _, h := range hosts {
		has[h.name] = true
	}
	names := make([]string, 0, len(hosts))
	for _, name := range p.all {
		if has[name] {
			names = append(names, name)
		}
	}
	return names
}
