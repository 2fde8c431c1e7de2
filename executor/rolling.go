package executor

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/sourcegraph/conc"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// rolling is how the play's keyword of that name takes hosts through it: each is a batch
// of its own, as with serial: 1, and several of them are under way at once.
type rolling struct {
	window int
	settle time.Duration
	check  []playbooks.Node
	floor  *floor
}

// readRolling evaluates rolling; it is nil where the play has none, or no window.
func (p *play) readRolling(ctx context.Context) (*rolling, error) {
	src := p.src.Rolling
	if src == nil {
		return nil, nil
	}
	window, err := p.written(src.Window)
	if err != nil || window == "" {
		return nil, err
	}
	if serial, err := p.plain().Render(p.src.Serial); err == nil && isGiven(serial) {
		return nil, fmt.Errorf("serial and rolling are both given: leave one of them out")
	}
	names, err := p.everyHost()
	if err != nil {
		return nil, err
	}
	r := &rolling{check: src.Check}
	if r.window, err = share("window", window, len(names), math.Floor); err != nil {
		return nil, err
	}
	r.window = max(1, r.window)
	if r.settle, err = p.length(src.Settle); err != nil {
		return nil, fmt.Errorf("settle: %w", err)
	}
	r.floor, err = p.readFloor(ctx, names)
	return r, err
}

// readFloor works out how many hosts must stay in service, and which are out before the
// play begins.
func (p *play) readFloor(ctx context.Context, names []string) (*floor, error) {
	least, err := p.written(p.src.Rolling.MinAvailable)
	if err != nil {
		return nil, err
	}
	f := &floor{all: len(names), counted: map[string]bool{}, written: least, out: map[string]outage{}}
	for _, name := range names {
		f.counted[name] = true
	}
	if least != "" {
		if f.least, err = share("min_available", least, len(names), math.Ceil); err != nil {
			return nil, err
		}
	}
	if f.least >= f.all && f.all > 0 {
		return nil, fmt.Errorf("min_available is %s of %d hosts, so that none may ever be worked on: allow one at least to be out of service", f.wanted(), f.all)
	}
	for _, name := range names {
		if p.outBefore(name) {
			f.lose(name, "failed or could not be reached before")
			continue
		}
		if p.src.Rolling.Available.IsNull() {
			continue
		}
		scope := p.Store.Scope(variables.Context{Ctx: ctx, Host: name, Play: p.src, Hosts: &variables.Hosts{All: p.all, Play: p.hosts.names(), Batch: p.hosts.names()}, Prompts: p.prompts})
		in, _, err := scope.Condition([]values.Value{p.src.Rolling.Available})
		if err != nil {
			return nil, fmt.Errorf("available, for %s: %w", name, err)
		}
		if !in {
			f.lose(name, "not in service before")
		}
	}
	return f, nil
}

// everyHost are the hosts that are counted: those of the play's pattern, or that of
// rolling's of, also those that -l leaves out.
func (p *play) everyHost() ([]string, error) {
	whole, ok := p.Inventory.(interface {
		SelectAll(pattern string) ([]string, error)
	})
	if !ok {
		return p.all, nil
	}
	pattern, err := p.written(p.src.Rolling.Of)
	if pattern == "" && err == nil {
		pattern, err = p.pattern()
	}
	if err != nil {
		return nil, err
	}
	return whole.SelectAll(pattern)
}

// share reads "3" or "30%" of a number of hosts.
func share(what, text string, hosts int, round func(float64) float64) (int, error) {
	if percent, ok := strings.CutSuffix(text, "%"); ok {
		n, err := strconv.ParseFloat(strings.TrimSpace(percent), 64)
		if err != nil || n < 0 || n > 100 {
			return 0, fmt.Errorf("%s: %q is no percentage", what, text)
		}
		return int(round(n * float64(hosts) / 100)), nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s: %q is neither a number of hosts nor a percentage", what, text)
	}
	return n, nil
}

// isGiven reports that a keyword has a value once it is evaluated.
func isGiven(v values.Value) bool {
	return !v.IsNull() && !v.IsOmit() && values.Text(v) != ""
}

// written is the text of a keyword's value, empty where it has none.
func (p *play) written(v values.Value) (string, error) {
	rendered, err := p.plain().Render(v)
	if err != nil || !isGiven(rendered) {
		return "", err
	}
	return strings.TrimSpace(values.Text(rendered)), nil
}

// length is a keyword's length of time, 0 where it has none.
func (p *play) length(v values.Value) (time.Duration, error) {
	rendered, err := p.plain().Render(v)
	if err != nil || !isGiven(rendered) {
		return 0, err
	}
	return modules.ToDuration(rendered)
}

// roll takes the hosts of a wave through the play in a window: the next one starts as one
// is through, as long as enough others stay in service.
func (p *play) roll(ctx context.Context, hosts hostSet) {
	wave := p.newBatch(hosts)
	wave.tellPlay()
	wave.reachAll(ctx)
	queue := p.alive(hosts)
	through := make(chan struct{}, len(queue))
	var all conc.WaitGroup
	under := 0
	for {
		for len(queue) > 0 && under < p.rolling.window && !p.isOver() && !p.isAborted() && !wave.halted(ctx, frame{}) && p.rolling.floor.leave(queue[0].name) {
			b := p.newBatch(queue[:1:1])
			queue = queue[1:]
			under++
			all.Go(func() {
				defer func() { through <- struct{}{} }()
				b.rollOne(ctx)
			})
		}
		if under == 0 {
			break
		}
		<-through
		under--
	}
	all.Wait()
	if len(queue) > 0 && !p.isAborted() && !p.isOver() {
		p.stopRolling(queue[0])
	}
	wave.judge(ctx)
}

// stopRolling ends the play before a host whose turn it is, since too few would be left in
// service.
func (p *play) stopRolling(next *host) {
	reason := fmt.Sprintf("starting %s %s", next.name, p.rolling.floor.shortfall())
	p.warn("", "rolling stops here: "+reason)
	p.abort(reason)
}

// rollOne takes one host through the play, and lets it settle.
func (b *batch) rollOne(ctx context.Context) {
	h := b.hosts[0]
	b.walk(ctx, b.hosts)
	if !b.Journal.Kept(keepSettled+b.path, nil) {
		b.settleDown(ctx, h)
	}
	switch {
	case len(b.alive(b.hosts)) == 0:
		if !b.rolling.floor.isRestored(h.name) {
			b.rolling.floor.lose(h.name, "failed")
		}
	case !b.halted(ctx, frame{}):
		b.keep(keepSettled+b.path, h.name)
		b.passThrough(ctx)
		b.rolling.floor.comeBack(h.name)
	}
}

// reachAll tries all hosts before the first one starts: one that is dead counts as out of
// service then, and not only when its turn comes.
func (b *batch) reachAll(ctx context.Context) {
	spec, ok := b.Loader.Module("ping")
	if !ok {
		return
	}
	t := &playbooks.Task{Action: "ping", Spec: spec, Args: values.NewMap(0)}
	t.Name = values.String("Reach all hosts before the first one starts")
	t.Tags = []string{"always"}
	t.Pos = b.src.Rolling.Pos
	b.task(ctx, t, b.hosts, frame{path: b.path + "/reach"})
	for _, h := range b.hosts.without(b.alive(b.hosts)) {
		b.rolling.floor.lose(h.name, "cannot be reached")
	}
}

// rolls reports that hosts go through the play in a window.
func (p *play) rolls() bool { return p.rolling != nil }

// isOver reports that a meta task ended the play.
func (p *play) isOver() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}
