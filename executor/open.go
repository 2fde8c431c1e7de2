package executor

import (
	"context"
	"fmt"
	"slices"
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
		return nil, fmt.Errorf("%s: hosts: %w", src.Pos, err)
	}
	p.name = pattern
	if !src.Name.IsNull() {
		if p.name, err = p.plain().Text(src.Name); err != nil {
			p.name = values.Text(src.Name)
		}
	}
	names, err := r.Inventory.Select(pattern)
	if err != nil {
		return nil, fmt.Errorf("%s: hosts: %w", src.Pos, err)
	}
	r.warnUnmatched(pattern)
	p.all = names
	order, err := p.plain().Text(src.Order)
	if err == nil && src.Order.IsNull() {
		order = ""
	}
	if names, err = ordered(names, order); err != nil {
		return nil, fmt.Errorf("%s: %w", src.Pos, err)
	}
	for i, name := range names {
		if p.outBefore(name) {
			continue
		}
		p.hosts = append(p.hosts, &host{name: name, order: i, roles: map[string]roleState{}})
	}
	return p, nil
}

// warnUnmatched tells of parts of a pattern that name nothing.
func (r *run) warnUnmatched(pattern string) {
	known, ok := r.Inventory.(interface{ Unmatched(pattern string) []string })
	if !ok {
		return
	}
	for _, text := range known.Unmatched(pattern) {
		r.warn("", text)
	}
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
	p.tell(PlayStarted{Path: p.path, Name: p.name, Strategy: p.strategy(), Check: p.Check})
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

// hostsInView are the lists of hosts that magic variables show.
func (b *batch) hostsInView() *variables.Hosts {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.view == nil || b.viewOf != b.number {
		b.view = &variables.Hosts{All: b.all, Play: b.listed(b.alive(b.play.hosts)), Batch: b.listed(b.alive(b.hosts))}
		b.viewOf = b.number
	}
	return b.view
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

// alive gives the hosts that are not out of the run.
func (r *run) alive(hosts hostSet) hostSet {
	r.outMu.Lock()
	defer r.outMu.Unlock()
	return hosts.where(func(h *host) bool { return r.out[h.name] == "" })
}

// stoppedToo is why a host is out of the run that did not fail itself.
const stoppedToo Status = "stopped"

// putOut takes a host out of the run; the first reason stays.
func (p *play) putOut(h *host, why Status) {
	p.outMu.Lock()
	if p.out[h.name] == "" {
		p.out[h.name] = why
	}
	p.outMu.Unlock()
	p.mu.Lock()
	p.view = nil
	p.mu.Unlock()
}

func (r *run) outBefore(name string) bool {
	r.outMu.Lock()
	defer r.outMu.Unlock()
	return r.out[name] != ""
}

// readmit lets unreachable hosts take part again.
func (r *run) readmit() {
	r.outMu.Lock()
	defer r.outMu.Unlock()
	for name, why := range r.out {
		if why == Unreachable {
			delete(r.out, name)
		}
	}
}

// drop takes unreachable hosts out of the run.
func (b *batch) drop(hosts hostSet) {
	for _, h := range hosts {
		b.putOut(h, Unreachable)
	}
}

// lostCount is how many hosts of the batch failed for good.
func (b *batch) lostCount() int {
	b.outMu.Lock()
	defer b.outMu.Unlock()
	n := 0
	for _, h := range b.hosts {
		if b.out[h.name] == Failed {
			n++
		}
	}
	return n
}

// tooMany reports that more of the batch failed, with these, than max_fail_percentage allows.
func (b *batch) tooMany(failing hostSet) bool {
	if b.src.MaxFailPercentage.IsNull() || b.strategy() != "linear" {
		return false
	}
	limit, err := b.plain().Float(b.src.MaxFailPercentage)
	if err != nil {
		return true
	}
	lost := b.lostCount() + len(b.alive(failing))
	return lost > 0 && float64(lost)/float64(len(b.hosts))*100 > limit
}

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

// mentions reports that the text of a task uses a name.
func mentions(t *playbooks.Task, play *playbooks.Play, name string) bool {
	all := []values.Value{values.FromMap(orEmpty(t.Args)), values.FromMap(orEmpty(t.Vars)), t.ArgsTemplate}
	all = append(append(all, conditions(play, t)...), t.LoopControl.Label)
	for _, v := range all {
		if strings.Contains(values.Text(v), name) {
			return true
		}
	}
	return false
}

func orEmpty(m *values.Map) *values.Map {
	if m == nil {
		return values.NewMap(0)
	}
	return m
}
