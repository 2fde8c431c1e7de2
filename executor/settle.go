package executor

import (
	"context"
	"slices"
	"time"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// How often a host is looked at while it settles, and how long a repeated test may wait
// for a good answer: a host that needs longer is not in order.
const (
	settleEvery  = time.Second
	settleAnswer = 5 // seconds
)

// test is the last task of a host's way through the play that tested it.
type test struct {
	task  *playbooks.Task
	frame frame
}

// settleDown goes on testing a host that is through the play until that has passed for as
// long as it shall settle. A test that fails is a task that failed.
func (b *batch) settleDown(ctx context.Context, h *host) {
	settle := b.rolling.settle
	if settle <= 0 || b.Check {
		return
	}
	nodes, f := b.settleCheck(h)
	if len(nodes) == 0 {
		b.warn("", "rolling: there is nothing to repeat while hosts settle, so they only wait: give rolling a check, or the play an http_check")
	}
	f = f.child("settle")
	f.kind, f.rescued = Checking, false
	for end := time.Now().Add(settle); !b.halted(ctx, f) && len(b.alive(b.hosts)) > 0; {
		left := time.Until(end)
		if left <= 0 || !b.interruptedWait(ctx, min(left, settleEvery)) {
			return
		}
		b.list(ctx, nodes, hostSet{h}, f)
	}
}

// interruptedWait waits, and reports false where the operator stops the run meanwhile.
func (r *run) interruptedWait(ctx context.Context, d time.Duration) bool {
	ctx, cancel := r.interruptible(ctx)
	defer cancel()
	return wait(ctx, d)
}

// settleCheck is what is repeated on the host: the check that rolling gives, else the last
// test that the host passed.
func (b *batch) settleCheck(h *host) ([]playbooks.Node, frame) {
	if b.rolling.check != nil {
		return b.rolling.check, frame{path: b.path + "/check"}
	}
	if h.test == nil {
		return nil, frame{}
	}
	again := *h.test.task
	again.Register = ""
	again.Retries = values.Int(0)
	again.Args = values.NewMap(4)
	if h.test.task.Args != nil {
		again.Args = h.test.task.Args.Clone()
	}
	again.Args.Set("timeout", values.Int(settleAnswer))
	return []playbooks.Node{&again}, h.test.frame
}

// testers are the modules whose success says that a host is in order.
var testers = []string{"http_check", "wait_for"}

// rememberTest notes a task that a host passed and that can tell later whether the host is
// still in order.
func (v *visit) rememberTest(verdict verdict) {
	if !v.rolls() || v.frame.kind != Ordinary || v.task.Spec == nil || !slices.Contains(testers, v.task.Spec.Name) ||
		verdict.status != OK && verdict.status != Changed || waitsForTheEnd(v.task) {
		return
	}
	v.host.test = &test{task: v.task, frame: v.frame}
}

// waitsForTheEnd reports a wait_for that wants something to be gone.
func waitsForTheEnd(t *playbooks.Task) bool {
	if t.Args == nil {
		return false
	}
	state, _ := t.Args.Get("state")
	return slices.Contains([]string{"absent", "stopped", "drained"}, values.Text(state))
}

// isQuiet reports an event of a repeated test that nobody needs to see: one that went well.
func isQuiet(e Event) bool {
	switch e := e.(type) {
	case TaskStarted:
		return e.Task.Kind == Checking
	case Included:
		return e.Task.Kind == Checking
	case Progress:
		return e.Task.Kind == Checking
	case Retry:
		return e.Task.Kind == Checking
	case ItemResult:
		return e.Task.Kind == Checking && e.Status != Failed && e.Status != Unreachable
	case HostResult:
		return e.Task.Kind == Checking && e.Status != Failed && e.Status != Unreachable
	}
	return false
}
