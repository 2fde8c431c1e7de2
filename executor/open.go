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
	names, err := r.Inventory.Select(pattern)
	if err != nil {
		return nil, r.mistaken(src.Hosts.Pos(), "hosts", err)
	}
	if err := r.tellUnmatched(pattern); err != nil {
		return nil, r.mistaken(src.Hosts.Pos(), "hosts", err)
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

// callIt evaluates the name of the play, as far as that can be done.
func (p *play) callIt() {
	p.name = p.wanted
	if p.src.Name.IsNull() {
		return
	}
	var err error
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

// pattern is the hosts of the play as one text.
func (p *play) pattern() (string, error) {
	hosts, err := p.plain().Render(p.src.Hosts)
	if err != nil {
		return "", err
	}
	if hosts.Kind() != values.KindList {
		return values.Text(hosts), nil
	}
	var parts []string
	for _, v := range hosts.Items() {
		parts = append(parts, values.Text(v))
	}
	return strings.Join(parts, ","), nil
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
