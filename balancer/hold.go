package balancer

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// lockOf is the lock of a file. It is not beside it, where nginx might include it, and
// does not survive a reboot, after which nginx has read the file.
func lockOf(file string) string { return "/run/lock/gdeploy-lb-" + url.PathEscape(file) }

// lockTime is how long others may need for their changes to a file.
const lockTime = 2 * time.Minute

// inside guards what calls of one helper do, which share their locks.
var inside = struct {
	sync.Mutex
	busy map[string]chan struct{}
}{busy: map[string]chan struct{}{}}

// hold takes a lock against other calls of this helper and against other helpers, and
// says in it what is done meanwhile. free gives it back; what was not finished stays written
// in it.
func hold(ctx context.Context, sys modules.System, lock, says string) (free func(finished bool) error, err error) {
	ctx, cancel := context.WithTimeout(ctx, lockTime)
	defer cancel()
	inside.Lock()
	gate := inside.busy[lock]
	if gate == nil {
		gate = make(chan struct{}, 1)
		inside.busy[lock] = gate
	}
	inside.Unlock()
	select {
	case gate <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for the lock %s: %w", lock, ctx.Err())
	}
	if err := holdFile(ctx, sys, lock, says); err != nil {
		<-gate
		return nil, err
	}
	return func(finished bool) error {
		defer func() { <-gate }()
		var err error
		if finished {
			_, _, err = sys.HoldLock(lock, []byte("free\n"))
		}
		return errors.Join(err, sys.ReleaseLock(lock))
	}, nil
}

func holdFile(ctx context.Context, sys modules.System, lock, says string) error {
	for {
		held, current, err := sys.HoldLock(lock, []byte(says))
		if errors.Is(err, fs.ErrNotExist) {
			if err := modules.MkdirAll(sys, path.Dir(lock), modules.Attributes{}); err != nil {
				return err
			}
			continue
		}
		if err != nil || held {
			return err
		}
		if err := sleep(ctx, firstPause); err != nil {
			return fmt.Errorf("wait for the lock %s (somebody is %s): %w", lock, strings.TrimSpace(string(current)), err)
		}
	}
}

// sleep waits, or until ctx is over.
func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
