package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// gate is where hosts meet that do a task together. When all of them have worked out their
// step and their clocks are known, it opens with the moment at which all take effect. Where
// one of them cannot take part it opens for nobody.
type gate struct {
	mu      sync.Mutex
	waited  map[*host]bool // those that have not come yet
	clocks  map[*host]clock
	broken  string // why it opens for nobody
	open    chan struct{}
	signal  time.Time
	moments map[*host]time.Time
}

// clock is what is known about the clock of a host.
type clock struct {
	// ahead is how far it is before the controller's, to half of trip.
	ahead, trip time.Duration
}

// gate makes the gate of a task that hosts do together; nil for any other task.
func (b *batch) gate(ctx context.Context, t *playbooks.Task, hosts hostSet, f frame) *gate {
	if t.Together.IsNull() || b.Check || f.kind == Undoing {
		return nil
	}
	if yes, err := b.scope(ctx, t, hosts[0], f).Bool(t.Together); err != nil || !yes {
		return nil
	}
	if n := b.throttle(ctx, t, hosts[0], f); n > 0 && n < len(hosts) {
		b.warn("", fmt.Sprintf("together: %d hosts do not begin at one moment where throttle lets only %d begin", len(hosts), n))
		return nil
	}
	if b.Forks < len(hosts) {
		b.warn("", fmt.Sprintf("together: %d hosts cannot begin at one moment with --forks %d", len(hosts), b.Forks))
	}
	return &gate{waited: hosts.index(), clocks: map[*host]clock{}, open: make(chan struct{}), moments: map[*host]time.Time{}}
}

// meet waits for the other hosts, and gives the step its signal. ended is what the task
// came to without any call, nil where there is one to make; so is the result.
func (v *visit) meet(ctx context.Context, s *step, ended *result) *result {
	switch {
	case v.gate == nil:
		return ended
	case ended != nil && ended.skipped:
		v.gate.leave(v.host)
		return ended
	case ended != nil:
		v.gate.spoil(v.host, "its task cannot be worked out")
		return ended
	}
	c, err := v.readClock(ctx, s)
	if err != nil {
		v.gate.spoil(v.host, err.Error())
		return v.settled(s, modules.Reply{}, err)
	}
	signal, err := v.gate.meet(ctx, v.host, c)
	if err != nil {
		return failedBy(err)
	}
	s.call.Timed = true
	s.call.Run.Signal = signal.Add(c.ahead)
	return nil
}

// clockReadings are how often a clock is read; the quickest reading counts.
const clockReadings = 5

// readClock asks a host for the time. What it says is of the middle of the way there and back.
func (v *visit) readClock(ctx context.Context, s *step) (best clock, err error) {
	ask := modules.Call{Module: "ping", Args: values.FromMap(values.NewMap(0)), Chain: v.host.name, Run: s.call.Run, Timed: true}
	for i := range clockReadings {
		var sent, received time.Time
		var reply modules.Reply
		err := v.slots.use(ctx, func() (err error) {
			sent = time.Now()
			reply, err = v.Hosts.Call(ctx, s.target, ask, v.contents, nil)
			received = sent.Add(time.Since(sent))
			return err
		})
		switch {
		case err != nil:
			return best, err
		case reply.Times == nil:
			return best, errors.New("the host did not tell its time")
		}
		there, back := reply.Times.Began.Sub(sent), reply.Times.Ended.Sub(received)
		c := clock{ahead: (there + back) / 2, trip: received.Sub(sent) - reply.Times.Ended.Sub(reply.Times.Began)}
		if i == 0 || c.trip < best.trip {
			best = c
		}
	}
	return best, nil
}

// How long after the last host has come the signal is: calls must be there by then.
const (
	signalAfter   = 200 * time.Millisecond
	signalPerHost = 10 * time.Millisecond
)

// meet waits until all hosts have come, and gives the moment by the controller's clock.
func (g *gate) meet(ctx context.Context, h *host, c clock) (time.Time, error) {
	g.mu.Lock()
	g.clocks[h] = c
	g.came(h)
	g.mu.Unlock()
	select {
	case <-g.open:
	case <-ctx.Done():
		return time.Time{}, errors.New("interrupted")
	}
	if g.broken != "" {
		return time.Time{}, fmt.Errorf("nothing was done here, since all hosts do this together, and %s", g.broken)
	}
	return g.signal, nil
}

// came takes a host off those that are waited for; with the last one the gate opens.
func (g *gate) came(h *host) {
	if !g.waited[h] {
		return
	}
	delete(g.waited, h)
	if len(g.waited) > 0 {
		return
	}
	after := signalAfter + time.Duration(len(g.clocks))*signalPerHost
	for _, c := range g.clocks {
		after = max(after, signalAfter+2*c.trip)
	}
	g.signal = time.Now().Add(after)
	close(g.open)
}

// leave lets the others go on without a host that has nothing to do.
func (g *gate) leave(h *host) {
	if g == nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.came(h)
}

// spoil keeps all hosts from going on.
func (g *gate) spoil(h *host, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.broken == "" {
		g.broken = h.name + " cannot: " + why
	}
	g.came(h)
}

// happened takes note of when a host did it.
func (g *gate) happened(h *host, t *modules.Times) {
	if g == nil || t == nil {
		return
	}
	at := t.Effect
	if at.IsZero() {
		at = t.Ended
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.moments[h] = at.Add(-g.clocks[h].ahead)
}

// tellTogether tells how far apart the hosts were.
func (b *batch) tellTogether(place Place, g *gate) {
	if g == nil || len(g.moments) == 0 {
		return
	}
	e := Together{Task: place}
	var hosts hostSet
	for h := range g.moments {
		hosts = append(hosts, h)
		e.Within = max(e.Within, g.clocks[h].trip.Seconds())
	}
	slices.SortFunc(hosts, func(a, b *host) int { return g.moments[a].Compare(g.moments[b]) })
	e.Hosts = hosts.names()
	e.Seconds = g.moments[hosts[len(hosts)-1]].Sub(g.moments[hosts[0]]).Seconds()
	b.tell(e)
}
