package release

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values/record"
)

// Holder is who holds an application's run lock on a host, as the file "holder" in the
// lock's directory says.
type Holder struct {
	Run    string    `json:"run"`
	Who    string    `json:"who"`
	Since  time.Time `json:"since"`
	Reason string    `json:"reason,omitempty"`
	// Number grows with each taking of the lock. The one that counts is guarded by an
	// flock on the file "flock.<number>", which a crash frees.
	Number int64 `json:"number"`
	// Free is true once it was given back.
	Free bool `json:"free,omitempty"`

	// taking is what one says of itself who is about to become the holder.
	taking string
}

// String names the holder in messages.
func (h Holder) String() string {
	if h.taking != "" {
		return h.taking
	}
	s := fmt.Sprintf("run %s of %s since %s", h.Run, h.Who, h.Since.UTC().Format("2006-01-02 15:04:05 UTC"))
	if h.Reason != "" {
		s += " (" + h.Reason + ")"
	}
	return s
}

// Lock is an application's run lock on a host: a directory of its own.
type Lock struct {
	Dir string
	// Hold is the file of a hold that keeps everybody out; empty for none.
	Hold string
}

func (k Lock) holder() string { return path.Join(k.Dir, "holder") }

func (k Lock) flock(number int64) string {
	return path.Join(k.Dir, "flock."+strconv.FormatInt(number, 10))
}

// Take takes the lock for the running run. Where somebody else holds it, it asks again
// until wait is over, and fails with modules.KindLocked, naming the holder, which it gives.
// With takeOver it does not ask: the holder's next fenced call will be refused.
func (k Lock) Take(ctx context.Context, sys modules.System, reason string, wait time.Duration, takeOver bool) (Holder, error) {
	if err := checkHold(sys, k.Hold); err != nil {
		return Holder{}, err
	}
	mode := fs.FileMode(0o755)
	if err := makeDirs(sys, k.Dir, modules.Attributes{Mode: &mode}); err != nil {
		return Holder{}, fmt.Errorf("make the lock's directory: %w", err)
	}
	for end := sys.Now().Add(wait); ; {
		mine, other, err := k.try(sys, reason, takeOver)
		if err != nil || mine != nil {
			return deref(mine), err
		}
		if !sys.Now().Before(end) {
			return other, modules.WithKind(modules.KindLocked, fmt.Errorf("the lock %s is held by %s: wait for it (--lock-wait), or take over with -e take_over=yes in mode=emergency or now", k.Dir, other))
		}
		if err := errors.Join(pause(ctx, time.Second), checkHold(sys, k.Hold)); err != nil {
			return Holder{}, err
		}
	}
}

func deref(h *Holder) Holder {
	if h == nil {
		return Holder{}
	}
	return *h
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}

// try takes the lock if it is free. The new number's flock decides between two that try
// at once; the holder's file is read again under it, since it may have changed before.
func (k Lock) try(sys modules.System, reason string, takeOver bool) (mine *Holder, other Holder, err error) {
	current, err := k.Current(sys)
	if err != nil {
		return nil, other, err
	}
	run := sys.Run()
	if current.Run == run.ID && !current.Free {
		_, _, err := sys.HoldLock(k.flock(current.Number), []byte(current.String()+"\n")) // another helper of the run may have it
		return &current, other, err
	}
	if !takeOver && !current.Free && current.Number > 0 {
		alive, err := k.Alive(sys, current)
		if err != nil || alive {
			return nil, current, err
		}
	}
	next := Holder{Run: run.ID, Who: run.Who, Since: sys.Now().UTC(), Reason: reason, Number: current.Number + 1}
	held, says, err := sys.HoldLock(k.flock(next.Number), []byte(next.String()+"\n"))
	if err != nil {
		return nil, other, fmt.Errorf("take the lock %s: %w", k.Dir, err)
	}
	if !held {
		return nil, Holder{taking: string(says)}, nil
	}
	var again Holder
	err = k.alone(sys, func() error {
		if again, err = k.Current(sys); err != nil || again != current {
			return err
		}
		return k.write(sys, next)
	})
	if err != nil || again != current {
		return nil, again, errors.Join(err, sys.ReleaseLock(k.flock(next.Number)))
	}
	return &next, other, nil
}

// Alive reports whether the helper that took the lock is still there. One that is gone has
// let go of its flock, whatever the file says.
func (k Lock) Alive(sys modules.Locks, h Holder) (bool, error) {
	if h.Free || h.Number == 0 {
		return false, nil
	}
	return sys.LockHeld(k.flock(h.Number))
}

// Current reads who holds the lock; a zero Holder where nobody ever did.
func (k Lock) Current(sys modules.Reader) (Holder, error) {
	data, err := readFile(sys, k.holder())
	if errors.Is(err, fs.ErrNotExist) {
		return Holder{}, nil
	}
	if err != nil {
		return Holder{}, fmt.Errorf("read the lock: %w", err)
	}
	var h Holder
	if err := record.Decode(data, &h); err != nil {
		return Holder{}, fmt.Errorf("read the lock: %s is damaged (%w): remove it when no deploy is running", k.holder(), err)
	}
	return h, nil
}

func (k Lock) write(sys modules.System, h Holder) error {
	data, err := record.Encode(h)
	if err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	if err := sys.WriteFile(k.holder(), bytes.NewReader(append(data, '\n')), modules.Attributes{Mode: &mode}); err != nil {
		return fmt.Errorf("write the lock: %w", err)
	}
	return nil
}

// Give gives the lock back, if the running run holds it.
func (k Lock) Give(sys modules.System) error {
	current, err := k.Current(sys)
	if err != nil || current.Run != sys.Run().ID || current.Free {
		return err
	}
	current.Free = true
	if err := k.write(sys, current); err != nil {
		return err
	}
	name := k.flock(current.Number)
	return errors.Join(sys.ReleaseLock(name), sys.Remove(name))
}

// stepTime is how long a run that takes the lock over waits for the other's change under way.
const stepTime = 10 * time.Second

// alone does something while nobody changes what counts and nobody takes the lock over.
func (k Lock) alone(sys modules.System, do func() error) error {
	name := path.Join(k.Dir, "step")
	for end := sys.Now().Add(stepTime); ; time.Sleep(10 * time.Millisecond) {
		held, current, err := sys.HoldLock(name, []byte(sys.Run().ID+"\n"))
		switch {
		case err != nil:
			return fmt.Errorf("wait for the lock %s: %w", k.Dir, err)
		case held:
			return errors.Join(do(), sys.ReleaseLock(name))
		case sys.Now().After(end):
			return fmt.Errorf("run %s is in the middle of a change here for more than %s: look what keeps this host's disk busy", bytes.TrimSpace(current), stepTime)
		}
	}
}

// Fenced does what changes a release in a way that others see. It is refused as Fence refuses
// it, and no other run can take the lock over in the middle of it.
func Fenced(sys modules.System, do func() error) error {
	if err := Fence(sys); err != nil {
		return err
	}
	if sys.Run().Lock == "" {
		return do()
	}
	return Lock{Dir: sys.Run().Lock}.alone(sys, func() error {
		if err := Fence(sys); err != nil { // it may have been taken over before we were alone
			return err
		}
		return do()
	})
}

// Fence refuses the call of a run that does not hold the lock any more, because another
// run took it over or the host was restarted. A call that names no lock is not asked.
func Fence(sys modules.System) error {
	run := sys.Run()
	if run.Lock == "" {
		return nil
	}
	current, err := Lock{Dir: run.Lock}.Current(sys)
	if err != nil {
		return err
	}
	if current.Run == run.ID && !current.Free {
		return nil
	}
	if current.Run == "" || current.Run == run.ID {
		return modules.WithKind(modules.KindFenced, fmt.Errorf("this run lost its lock %s (was the host restarted?): nothing was done here", run.Lock))
	}
	return modules.WithKind(modules.KindFenced, fmt.Errorf("the lock %s was taken over by another run, %s: nothing was done here", run.Lock, current))
}
