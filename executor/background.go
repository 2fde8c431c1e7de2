package executor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/async_status"
	"github.com/gdeploy/gdeploy/values"
)

// background is what async and poll say. A task that is polled is waited for on its
// connection, which a long silence does not end here; only with poll: 0 it is left alone.
type background struct {
	id     string
	limit  time.Duration
	polled bool
	dir    string // ansible_async_dir
	every  time.Duration
}

// fillBackground evaluates async and poll.
func (v *visit) fillBackground(_ context.Context, s *step) error {
	dir, err := s.scope.Text(values.String("{{ ansible_async_dir | default('') }}"))
	if err != nil {
		return err
	}
	if dir == "" {
		dir = v.Defaults.AsyncDir
	}
	if s.spec != nil && s.spec.Name == "async_status" {
		v.lookFor(s, dir)
	}
	if v.task.Async.IsNull() {
		return nil
	}
	seconds, err := s.scope.Float(v.task.Async)
	if err != nil || seconds <= 0 {
		return err
	}
	id, err := remember(v.play.run, "job "+v.stepName(s.item), func() (string, error) {
		return fmt.Sprintf("j%d.%d", rand.Int64N(1e12), os.Getpid()), nil
	})
	if err != nil {
		return err
	}
	b := &background{
		id: id, limit: time.Duration(seconds * float64(time.Second)), polled: true, dir: dir,
	}
	if !v.task.Poll.IsNull() {
		poll, err := s.scope.Float(v.task.Poll)
		if err != nil {
			return err
		}
		b.polled, b.every = poll > 0, time.Duration(poll*float64(time.Second))
	}
	if v.task.Poll.IsNull() {
		b.polled, b.every = v.Defaults.Poll >= 0, cmp.Or(v.Defaults.Poll, 15*time.Second)
	}
	s.background = b
	if b.polled {
		s.call.TimeoutMS = b.limit.Milliseconds()
		return nil
	}
	s.call.TimeoutMS = 0
	s.call.Background = &modules.Background{ID: b.id, Dir: dir, LimitMS: b.limit.Milliseconds()}
	if v.hides(s.item) {
		s.call.Background.Key, err = v.newJobKey(b.id)
	}
	return err
}

// keepJobKey is the answer that seals the result of a job.
const keepJobKey = "job key "

// newJobKey gives what seals the result of a job whose task is hidden.
func (r *run) newJobKey(id string) (string, error) {
	key, err := remember(r, keepJobKey+id, func() (string, error) { return async_status.NewKey(), nil })
	r.mu.Lock()
	defer r.mu.Unlock()
	r.jobKeys[id] = key
	return key, err
}

// jobKey is what seals the result of a job of this run; empty where that is not sealed.
func (r *run) jobKey(id string) string {
	r.mu.Lock()
	key := r.jobKeys[id]
	r.mu.Unlock()
	if key == "" {
		r.Journal.Kept(keepAnswer+keepJobKey+id, &key)
	}
	return key
}

// lookFor tells async_status where the results of jobs lie, and what opens this one.
func (v *visit) lookFor(s *step, dir string) {
	args, ok := s.call.Args.AsMap()
	if !ok {
		return
	}
	if dir != "" && !args.Has("_async_dir") {
		args.Set("_async_dir", values.String(dir))
	}
	if key := v.jobKey(textArg(args, "jid")); key != "" {
		v.learns.Add(key)
		args.Set("_async_key", values.String(key))
	}
}

// refuseBackground is the result of a task that async does not fit.
func refuseBackground(s *step) *result {
	var r *result
	switch {
	case s.background == nil:
		return nil
	case !runsAlone(s.spec):
		r = failedBy(errors.New("async is not supported for this task."))
	case s.call.Check:
		r = failedBy(errors.New("check mode and async cannot be used on same task."))
	default:
		return nil
	}
	if s.spec == nil || s.spec.Where == modules.OnHost {
		r.setChanged(false)
	}
	return r
}

// runsAlone reports that a module can do without its controller.
func runsAlone(spec *modules.Spec) bool {
	if spec == nil || spec.Where != modules.OnHost {
		return false
	}
	for _, p := range spec.Parameters() {
		if p.From != "" {
			return false
		}
	}
	return true
}

// watch tells at each poll that the task still runs, until the returned function is called
// with how it ended.
func (v *visit) watch(s *step) (ended func(*result)) {
	b := s.background
	if b == nil || !b.polled || b.every <= 0 {
		return func(*result) {}
	}
	event := func(state BackgroundState) {
		v.tell(Background{Task: v.place, Host: v.host.name, ID: b.id, State: state})
	}
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		ticker := time.NewTicker(b.every)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				event(Running)
			}
		}
	}()
	return func(r *result) {
		close(done)
		<-stopped
		switch {
		case r.unreachable:
		case r.failed:
			event(Broken)
		default:
			event(Succeeded)
		}
	}
}

// tell adds what Ansible tells of a task that it left alone or polled.
func (b *background) tell(r *result) {
	if r.unreachable {
		return
	}
	if !b.polled {
		r.launched = !r.failed
		return
	}
	dir := b.dir
	if dir == "" {
		dir = "~/.cache/gdeploy/async"
	}
	late := fmt.Sprintf("async task did not complete within the requested time - %ds", int(b.limit.Seconds()))
	if msg, _ := r.fields.Get("msg"); r.kind == modules.KindTimeout || values.Text(msg) == late {
		running := values.MapOf("ansible_job_id", values.String(b.id), "finished", values.Int(0),
			"results_file", values.String(dir+"/"+b.id), "started", values.Int(1))
		r.fields = values.NewMap(3)
		r.setChanged(false)
		r.fields.Set("msg", values.String(late))
		r.fields.Set("async_result", running)
		return
	}
	r.fields.Set("ansible_job_id", values.String(b.id))
	r.fields.Set("results_file", values.String(dir+"/"+b.id))
	r.fields.Set("started", values.Int(1))
	r.fields.Set("finished", values.Int(1))
	for _, name := range []string{"stdout", "stderr"} {
		if !r.fields.Has(name) {
			r.fields.Set(name, values.String(""))
			r.fields.Set(name+"_lines", values.Strings())
		}
	}
}
