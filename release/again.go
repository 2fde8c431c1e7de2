package release

import (
	"context"
	"fmt"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// dying is how long the helper of a controller that died may still hold a lock, while the
// call that it left running comes to its end.
const dying = time.Minute

// TakeAgain takes the lock for a run that had it before its controller died. It is refused,
// with modules.KindLocked, where another run had it since: what the run found then may not
// be true any more.
func (k Lock) TakeAgain(ctx context.Context, sys modules.System, reason string, wait time.Duration) (Holder, error) {
	current, err := k.Current(sys)
	if err != nil {
		return Holder{}, err
	}
	run := sys.Run()
	if current.Run != "" && current.Run != run.ID {
		return Holder{}, modules.WithKind(modules.KindLocked, fmt.Errorf("the lock %s was taken since by %s: what this run found may not be true any more; --force goes on all the same", k.Dir, current))
	}
	if current.Run == "" || current.Free {
		return k.Take(ctx, sys, reason, wait, false)
	}
	for end := sys.Now().Add(max(wait, dying)); ; {
		held, _, err := sys.HoldLock(k.flock(current.Number), []byte(current.String()+"\n"))
		if err != nil || held {
			return current, err
		}
		if !sys.Now().Before(end) {
			return Holder{}, modules.WithKind(modules.KindLocked, fmt.Errorf("the lock %s is still held by what %s left running there", k.Dir, current))
		}
		if err := pause(ctx, time.Second); err != nil {
			return Holder{}, err
		}
	}
}
