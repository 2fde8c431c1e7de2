package executor_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gdeploy/gdeploy/executor"
)

const wavesPlay = `
-- inventory --
[web]
h[1:3]
[canary]
h1
-- play.yml --
- hosts: web
  gather_facts: false
  max_fail_percentage: 99
  waves: [canary, all]
  approve: APPROVE
  tasks:
    - do: work
      undo:
        - do: undo work
    - do: {text: test, fail: "{{ inventory_hostname in FAILING }}"}
`

// elsewhere answers a question after some time, or never.
type elsewhere struct {
	after  time.Duration
	answer executor.Answer
	asked  []executor.Question
}

func (e *elsewhere) Answer(ctx context.Context, q executor.Question) (executor.Answer, error) {
	e.asked = append(e.asked, q)
	select {
	case <-time.After(e.after):
		return e.answer, nil
	case <-ctx.Done():
		return executor.Answer{}, ctx.Err()
	}
}

// Between two waves somebody says yes or no, or the time passes.
func TestApprove(t *testing.T) {
	const never = 1000 * time.Hour
	yes := executor.Answer{Approved: true, Who: "bob@ops2", How: "command"}
	no := executor.Answer{Who: "bob@ops2", How: "command", Reason: "too many errors"}
	for _, c := range []struct {
		name, approve, failing string
		elsewhere              *elsewhere
		goesOn                 bool
		took                   time.Duration
		reason                 string
	}{
		{"a yes", "ask", "[]", &elsewhere{after: time.Minute, answer: yes}, true, time.Minute, ""},
		{"a no", "ask", "[]", &elsewhere{after: time.Minute, answer: no}, false, time.Minute, "bob@ops2 said no to the wave all: too many errors"},
		{"no answer", "ask 2h", "[]", &elsewhere{after: never}, false, 2 * time.Hour, "nobody said yes to the wave all in time"},
		{"time passes", "30m", "[]", &elsewhere{after: never}, true, 30 * time.Minute, ""},
		{"a yes before the time", "30m", "[]", &elsewhere{after: time.Minute, answer: yes}, true, time.Minute, ""},
		{"a no before the time", "30m", "[]", &elsewhere{after: time.Minute, answer: no}, false, time.Minute, "bob@ops2 said no to the wave all: too many errors"},
		{"nobody is asked", `"{{ '' }}"`, "[]", &elsewhere{after: never}, true, 0, ""},
		{"nobody can answer", "1h", "[]", nil, true, time.Hour, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := laidOut(t, strings.NewReplacer("APPROVE", c.approve, "FAILING", c.failing).Replace(wavesPlay))
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, dir, nil)
				if c.elsewhere != nil {
					f.request.Approvals = c.elsewhere
				}
				began := time.Now()
				outcome, err := executor.Run(context.Background(), f.request)
				if err != nil || outcome.Reason != c.reason || outcome.Undone != !c.goesOn || time.Since(began) != c.took {
					t.Errorf("after %s: %+v, %v", time.Since(began), outcome, err)
				}
				all := strings.Join(f.hosts.effects(), "\n")
				if strings.Contains(all, "h3: work") != c.goesOn || strings.Contains(all, "h1: undo work") == c.goesOn {
					t.Errorf("what was done:\n%s", all)
				}
			})
		})
	}
}

// A mistake in what is needed when the first wave is through, or has failed, is told before
// anything is done.
func TestWhatIsNeededLaterIsReadBeforeTheFirstWave(t *testing.T) {
	for _, c := range []struct{ approve, want string }{
		{`"{{ 'maybe' }}"`, "play.yml:5:13: approve: approve takes ask"},
		{"ask\n  on_failure: \"{{ 'undo_hst' }}\"", `play.yml:6:16: on_failure: it takes undo or undo_host, not "undo_hst"`},
	} {
		dir := laidOut(t, strings.NewReplacer("APPROVE", c.approve, "FAILING", "[]").Replace(wavesPlay))
		f := newFixture(t, dir, nil)
		_, err := executor.Run(context.Background(), f.request)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("the error is %v, want %s", err, c.want)
		}
		if did := f.hosts.effects(); len(did) > 0 {
			t.Errorf("done was %q", did)
		}
	}
}

// Where a host of the wave failed, time alone is not enough.
func TestApproveAfterAFailure(t *testing.T) {
	play := strings.NewReplacer("APPROVE", "30m", "FAILING", "['h1']", "canary\n", "canary\n", "h1\n-- play", "h[1:2]\n-- play").Replace(wavesPlay)
	dir := laidOut(t, play)
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, dir, nil)
		e := &elsewhere{after: 1000 * time.Hour}
		f.request.Approvals = e
		outcome, err := executor.Run(context.Background(), f.request)
		if err != nil || outcome.Reason != "nobody said yes to the wave all in time" {
			t.Errorf("%+v, %v", outcome, err)
		}
		if len(e.asked) != 1 || strings.Join(e.asked[0].Failed, ",") != "h1" || !e.asked[0].Ask {
			t.Errorf("asked %+v", e.asked)
		}
	})
}

// The operator stops a run that waits for an answer.
func TestInterruptWhileAsked(t *testing.T) {
	dir := laidOut(t, strings.NewReplacer("APPROVE", "ask", "FAILING", "[]").Replace(wavesPlay))
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, dir, nil)
		f.request.Approvals = &elsewhere{after: 1000 * time.Hour}
		stop := make(chan struct{})
		f.request.Interrupt = stop
		time.AfterFunc(time.Minute, func() { close(stop) })
		outcome, err := executor.Run(context.Background(), f.request)
		if err != nil || !outcome.Interrupted || !outcome.Undone || outcome.UndoFailed {
			t.Errorf("%+v, %v", outcome, err)
		}
		if all := strings.Join(f.hosts.effects(), "\n"); !strings.HasSuffix(all, "h1: undo work") || strings.Contains(all, "h2: work") {
			t.Errorf("what was done:\n%s", all)
		}
	})
}
