package executor

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/freeze"
	"github.com/gdeploy/gdeploy/values"
)

// frozen is a freeze window of the inventory that is on.
type frozen struct {
	window  string
	written values.Position
	until   time.Time
	hosts   []string
}

// thawed reports that no freeze window of a host of the play keeps the run from taking its
// lock, or that somebody overrides it. What began before a window goes on in it.
func (p *play) thawed(ctx context.Context, lock string) (bool, error) {
	on, err := p.freezes(ctx, time.Now())
	if err != nil || on == nil {
		return err == nil, err
	}
	urgent, err := p.isUrgent(ctx)
	if err != nil {
		return false, fmt.Errorf("%s: lock: urgent: %w", p.src.Lock.Pos, err)
	}
	e := Frozen{Name: lock, Hosts: on.hosts, Window: on.window, Written: on.written.String(), Until: on.until, Override: p.Override, Urgent: urgent}
	p.tell(e)
	if e.Refused() {
		p.note(func(o *Outcome) { o.Locked, o.Reason = true, e.String() })
		return false, nil
	}
	return true, nil
}

// freezes finds the window that is on for the longest, over the hosts of the play. All
// that is wrong with what the inventory says is an error.
func (p *play) freezes(ctx context.Context, now time.Time) (*frozen, error) {
	var on *frozen
	for _, h := range p.hosts {
		if p.held != nil && p.held.on(h.name) != "" {
			continue // it was locked before the window began
		}
		scope := (&batch{play: p, hosts: p.hosts}).scope(ctx, p.lockTask(), h, frame{})
		v, ok, err := scope.Lookup("freeze")
		if err != nil {
			return nil, fmt.Errorf("%s: freeze: %w", h.name, err)
		}
		if !ok || !isGiven(v) {
			continue
		}
		place := v.Pos()
		for _, source := range scope.Explain("freeze") {
			place = cmp.Or(place, source.Pos)
		}
		for _, item := range listed(v) {
			f, err := readFreeze(item, cmp.Or(item.Pos(), place), now)
			if err != nil {
				return nil, err
			}
			on = longest(on, f, h.name)
		}
	}
	return on, nil
}

// listed gives the items of a list, or the one value that is no list.
func listed(v values.Value) []values.Value {
	if v.Kind() == values.KindList {
		return v.Items()
	}
	return []values.Value{v}
}

// readFreeze reads a window; it is nil where it is not on.
func readFreeze(v values.Value, written values.Position, now time.Time) (*frozen, error) {
	text := values.Text(v)
	w, err := freeze.Parse(text, time.Local)
	if err != nil {
		return nil, fmt.Errorf("%s: freeze: %w", written, err)
	}
	until, in := w.Until(now)
	if !in {
		return nil, nil
	}
	return &frozen{window: text, written: written, until: until}, nil
}

// CheckFreeze tells what is wrong with the freeze windows of a variable; where says what
// set it, if the value does not know its place. What is a template is not known yet.
func CheckFreeze(v values.Value, where string) []error {
	var mistakes []error
	for _, item := range listed(v) {
		text := values.Text(item)
		if item.IsNull() || strings.Contains(text, "{{") || text == "" {
			continue
		}
		if pos := cmp.Or(item.Pos(), v.Pos()); pos.File != "" {
			where = pos.String()
		}
		if _, err := freeze.Parse(text, time.Local); err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: freeze: %w", where, err))
		}
	}
	return mistakes
}

// longest keeps the window that ends last, with all the hosts that have it.
func longest(on, f *frozen, host string) *frozen {
	switch {
	case f == nil:
		return on
	case on == nil || f.until.After(on.until):
		f.hosts = []string{host}
		return f
	case f.until.Equal(on.until) && f.window == on.window:
		on.hosts = append(on.hosts, host)
	}
	return on
}

// isUrgent evaluates the lock's urgent.
func (p *play) isUrgent(ctx context.Context) (bool, error) {
	return (&batch{play: p, hosts: p.hosts}).scope(ctx, p.lockTask(), p.hosts[0], frame{}).Bool(p.src.Lock.Urgent)
}

// Refused reports that the window keeps the run from going on.
func (e Frozen) Refused() bool { return e.Override == "" && !e.Urgent }

// String says what is frozen, by whom, and how to go on.
func (e Frozen) String() string {
	who := e.Hosts[0]
	if more := len(e.Hosts) - 1; more > 0 {
		who = fmt.Sprintf("%s and %d more", who, more)
	}
	text := fmt.Sprintf("%s: deploys are frozen on %s until %s (%q)", e.Written, who, e.Until.Format("Mon 2006-01-02 15:04 MST"), e.Window)
	switch {
	case e.Refused():
		return text + ": wait, or go on with --override REASON"
	case e.Override != "":
		return text + "; overridden: " + strings.TrimSpace(e.Override)
	}
	return text + "; this is urgent and goes on"
}
