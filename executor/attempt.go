package executor

import (
	"context"
	"fmt"
	"time"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// attempts does a step until it is good enough, as until, retries and delay say.
func (v *visit) attempts(ctx context.Context, s *step) *result {
	if len(v.task.Until) == 0 {
		return v.attempt(ctx, s)
	}
	step := s.call.Step
	retries, delay, err := v.patience(s.scope)
	if err != nil {
		return failedBy(err)
	}
	for n := 1; ; n++ {
		s.call.Step = fmt.Sprintf("%s~%d", step, n)
		r := v.attempted(ctx, s)
		if r.unborn {
			return r
		}
		r.fields.Set("attempts", values.Int(int64(n)))
		good, err := v.goodEnough(s, r)
		switch {
		case err != nil:
			return failedBy(err)
		case good || r.unreachable:
			return r
		case n > retries:
			r.fields.Set("attempts", values.Int(int64(retries)))
			r.exhausted = true
			r.failed = r.failed || v.task.FailedWhen == nil // as in Ansible, where failed_when has the last word
			return r
		}
		if r.replayed {
			continue
		}
		v.tell(Retry{Task: v.place, Host: v.host.name, Delegate: r.delegate, Attempt: n, Left: retries - n + 1, NoLog: v.hides(s.item), Result: v.shown(r, v.hides(s.item))})
		if !v.pauseBetween(ctx, delay) {
			r.failed, r.cut = true, true
			v.cut.Store(true)
			return r
		}
	}
}

// attempted does one of several attempts, unless the journal has how it ended.
func (v *visit) attempted(ctx context.Context, s *step) *result {
	var before ended
	if v.Journal.Kept(keepTry+s.call.Step, &before) {
		r := before.result()
		v.again(r)
		return r
	}
	r := v.attempt(ctx, s)
	if !r.cut {
		v.keep(keepTry+s.call.Step, r.ended())
	}
	return r
}

// patience gives retries (3 where not written) and delay (5 s).
func (v *visit) patience(scope *variables.Scope) (retries int, delay time.Duration, err error) {
	retries, seconds := 3, 5.0
	if !v.task.Retries.IsNull() {
		n, err := scope.Int(v.task.Retries)
		if err != nil {
			return 0, 0, err
		}
		retries = max(int(n), 0)
	}
	if !v.task.Delay.IsNull() {
		if seconds, err = scope.Float(v.task.Delay); err != nil {
			return 0, 0, err
		}
	}
	return retries, time.Duration(max(seconds, 0) * float64(time.Second)), nil
}

// pauseBetween waits for the next attempt; it reports false where the run shall end.
func (v *visit) pauseBetween(ctx context.Context, delay time.Duration) bool {
	if v.frame.kind == Undoing {
		return wait(ctx, delay)
	}
	select {
	case <-v.Interrupt:
		return false
	case <-ctx.Done():
		return false
	case <-time.After(delay):
		return !v.stopped()
	}
}

func (v *visit) goodEnough(s *step, r *result) (bool, error) {
	good, _, err := v.withResult(s, r).Condition(v.task.Until)
	return good, err
}

// attempt does a step once and lets changed_when and failed_when judge it.
func (v *visit) attempt(ctx context.Context, s *step) *result {
	ended := v.watch(s)
	r := v.call(ctx, s)
	ended(r)
	return v.judged(s, r)
}

func (v *visit) judged(s *step, r *result) *result {
	if r.unborn {
		return r
	}
	r.delegate, r.address = s.delegate, s.address
	if s.background != nil {
		s.background.tell(r)
	}
	if r.unreachable || r.skipped {
		r.address = "" // Ansible names the host only
	}
	if r.skipped {
		r.delegate = ""
	}
	if r.unreachable || r.skipped {
		return r
	}
	if v.task.ChangedWhen != nil {
		changed, _, err := v.withResult(s, r).Condition(v.task.ChangedWhen)
		if err != nil {
			return v.misjudged(r, "changed_when_result", err)
		}
		r.setChanged(changed)
	}
	if v.task.FailedWhen != nil {
		failed, _, err := v.withResult(s, r).Condition(v.task.FailedWhen)
		if err != nil {
			return v.misjudged(r, "failed_when_result", err)
		}
		r.setFailed(failed)
		r.fields.Set("failed_when_result", values.Bool(failed))
	}
	return r
}

// misjudged is the result whose judgement failed; it says why under the name of the verdict.
func (v *visit) misjudged(r *result, verdict string, err error) *result {
	r.failed = true
	r.fields.Set(verdict, values.String(err.Error()))
	return r
}

// withResult is the scope in which the result is known under its registered name.
func (v *visit) withResult(s *step, r *result) *variables.Scope {
	if v.task.Register == "" {
		return s.scope
	}
	return s.scope.With(oneVar(v.task.Register, r.registered().MarkUnsafe()))
}
