// Package balancer tells load balancers to take a server out and back in, one driver for
// each kind. Drivers run where the balancer is, and reach it through the host's System.
package balancer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// State is how a balancer treats a server.
type State string

// The states. In Drain a server gets no new sessions and finishes those it has; in Maint
// it gets none at all and is not checked.
const (
	Ready State = "ready"
	Drain State = "drain"
	Maint State = "maint"
)

// Status is what a balancer knows about a server.
type Status struct {
	// Known is false for a server that the balancer's configuration does not have; all
	// but Line is then empty.
	Known bool
	// State is empty where the balancer cannot be asked and gdeploy has not set it.
	State State
	// Remembered tells that State is what gdeploy set last, not what the balancer
	// says; moving the server then never takes it for done.
	Remembered bool
	// InOrOut tells that Drain and Maint are the same to the balancer.
	InOrOut bool
	// Up tells that the balancer would send requests there if the state is Ready: the
	// server passes its health check, or has none.
	Up bool
	// Check is the balancer's own word for that.
	Check string
	// Sessions are those that the server still serves or that wait for it; -1 where the
	// balancer does not tell.
	Sessions int
	// Weight is the server's share; -1 where the balancer does not tell.
	Weight int
	// Line is what to add to the configuration for a server that is not known.
	Line string
}

// Driver speaks with one kind of balancer about one server.
type Driver interface {
	// Query asks; it changes nothing.
	Query(ctx context.Context, sys modules.System) (Status, error)
	// Set puts the server, which is known, into a state. It is recorded as a change.
	Set(ctx context.Context, sys modules.System, now Status, state State) error
	// Name says which server it is, as the operator would: "web/n1".
	Name() string
}

// DeadlineError is a wait that took too long; the state itself was set.
type DeadlineError struct {
	Server  string
	State   State
	Timeout time.Duration
	Last    Status
}

// Error says what was waited for and what is left as it is.
func (e *DeadlineError) Error() string {
	if e.State == Ready {
		return fmt.Sprintf("%s is ready, but the balancer has not seen it up within %s (it says %s): "+
			"is the service reachable from the balancer?", e.Server, e.Timeout, e.Last.Check)
	}
	return fmt.Sprintf("%d sessions of %s are still open after %s; it stays in state %s: "+
		"give them a longer timeout, or cut them off with at_deadline: go_on", e.Last.Sessions, e.Server, e.Timeout, e.State)
}

// Move puts a server into a state and waits until that has come true: a drained server
// has no sessions any more, a ready one is up. After timeout the error is a DeadlineError.
func Move(ctx context.Context, sys modules.System, d Driver, state State, timeout time.Duration) (before, after Status, err error) {
	before, err = d.Query(ctx, sys)
	if err != nil {
		return before, before, err
	}
	if !before.Known {
		return before, before, fmt.Errorf("the balancer does not know %s; add to its configuration: %s", d.Name(), before.Line)
	}
	already := before.is(state)
	after = before
	if already && arrived(before, state) {
		after.State = state
		return before, after, nil
	}
	wait := func(sys modules.System) (err error) {
		after, err = await(ctx, sys, d, state, timeout)
		after.State = state
		return err
	}
	if already {
		err = wait(sys)
		return before, after, err
	}
	after.State = state
	err = modules.Apply(sys, modules.Change{Action: "set", Path: "balancer " + d.Name(), Before: before.said(), After: string(state)},
		func(sys modules.System) error {
			if err := d.Set(ctx, sys, before, state); err != nil {
				return err
			}
			return wait(sys)
		})
	return before, after, err
}

// is reports whether the balancer surely has the server in a state.
func (s Status) is(state State) bool {
	if s.Remembered || s.State == "" {
		return false
	}
	return s.State == state || s.InOrOut && s.State != Ready && state != Ready
}

// said is the state for the record of a change.
func (s Status) said() string {
	if s.Remembered || s.State == "" {
		return "unknown"
	}
	return string(s.State)
}

func arrived(s Status, state State) bool {
	switch state {
	case Drain:
		return s.Sessions <= 0
	case Ready:
		return s.Up
	}
	return true
}

// The pauses between two looks at a server.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = time.Second
)

func await(ctx context.Context, sys modules.System, d Driver, state State, timeout time.Duration) (Status, error) {
	limit, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	pause := firstPause
	last := Status{State: state, Sessions: -1, Weight: -1}
	for {
		now, err := d.Query(limit, sys)
		if err == nil {
			last = now
			if arrived(now, state) {
				return now, nil
			}
		}
		if err != nil && limit.Err() == nil {
			return last, err
		}
		if told := last.Sessions; state == Drain && pause == lastPause {
			sys.Progress(fmt.Sprintf("%s: %d sessions left", d.Name(), told))
		}
		select {
		case <-limit.Done():
			if err := ctx.Err(); err != nil {
				return last, fmt.Errorf("wait for %s to be in state %s: %w", d.Name(), state, err)
			}
			return last, &DeadlineError{Server: d.Name(), State: state, Timeout: timeout, Last: last}
		case <-time.After(pause):
		}
		pause = min(2*pause, lastPause)
	}
}

// IsDeadline reports whether err is a wait that took too long.
func IsDeadline(err error) bool {
	var deadline *DeadlineError
	return errors.As(err, &deadline)
}
