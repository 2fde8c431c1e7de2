//go:build lab

package endtoend

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// moment is a point of a deploy: the beginning of its Nth task, or some time after it.
type moment struct {
	number int    // of the task, counted from 0 over the whole run
	task   string // its name
	again  int    // how many tasks of this name came before
	hosts  []string
	after  time.Duration
}

func (m moment) String() string {
	name := fmt.Sprintf("%s %d", strings.TrimPrefix(m.task, "stock : "), m.again+1)
	if m.after > 0 {
		name += " +" + m.after.String()
	}
	return name
}

// victim is the node on which something breaks: the pre-production node while the deploy is about it alone, else one
// of the others.
func (m moment) victim() string {
	if len(m.hosts) == 1 {
		return m.hosts[0]
	}
	return "n2"
}

// within are the tasks that are broken in their middle too.
var within = []string{"stock : Send the code", "stock : Unpack, add configuration and node files, verify", "stock : Switch the webroot", "stock : Restart the service"}

// momentsOfADeploy makes a deploy that nothing disturbs, and tells its moments.
func momentsOfADeploy(t *testing.T) []moment {
	t.Helper()
	r := deployUntil(t, moment{number: -1}, fresh("f"))
	r.wait(t).exits(t, 0)
	seen := map[string]int{}
	var all []moment
	for number, started := range tasksStarted(r.out.String()) {
		m := moment{number: number, task: started.Task.Name, again: seen[started.Task.Name], hosts: started.Hosts}
		seen[m.task]++
		all = append(all, m)
		if !slices.Contains(within, m.task) {
			continue
		}
		for _, m.after = range []time.Duration{3 * time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond} {
			all = append(all, m)
		}
	}
	if len(all) < 40 {
		t.Fatalf("a deploy has only %d moments:\n%s", len(all), r.out.String())
	}
	return all
}

// taskBegun is what the event of a task's beginning says.
type taskBegun struct {
	Type string `json:"type"`
	Task struct {
		Name string `json:"name"`
	} `json:"task"`
	Hosts []string `json:"hosts"`
}

func tasksStarted(events string) []taskBegun {
	var all []taskBegun
	for line := range strings.Lines(events) {
		var s taskBegun
		if json.Unmarshal([]byte(line), &s) == nil && s.Type == "task_started" {
			all = append(all, s)
		}
	}
	return all
}

// deployUntil starts a deploy of a release that the nodes do not have, which is to be stopped at a moment.
func deployUntil(t *testing.T, m moment, release string) *running {
	t.Helper()
	r := &running{command: "gdeploy play deploy.yml " + limit(few), ended: make(chan struct{}), reached: make(chan struct{})}
	args := append([]string{"gdeploy", "play", "deploy.yml", limit(few), "--output", "json", "-T", "3", "--ssh-common-args", "-o ServerAliveInterval=2", "-e", "batch=100%", faultSource(release)}, "-e", "health_timeout=3", "-e", "drain_timeout=3")
	r.cmd = onController(t.Context(), args...)
	r.cmd.Stdout = &watch{running: r, wanted: m.number}
	r.cmd.Stderr = &r.out
	r.cmd.WaitDelay = time.Second
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		r.err = r.cmd.Wait()
		close(r.ended)
	}()
	return r
}

// faultSource deploys v2's archive under a new name, so that all of it is sent and unpacked.
func faultSource(release string) string {
	keep := 50 // other tests go back to what this lab had
	if *every > 0 {
		keep = 3 // hundreds of releases do not fit
	}
	return fmt.Sprintf("-e={source: archive, repo: /deploy/src/web-demo-v2.tar.gz, ref: v2, release_name: %s, keep: %d}", release, keep)
}

// watch reads events, and stops gdeploy when the wanted task begins.
type watch struct {
	*running
	wanted int
	mu     sync.Mutex
	seen   int
}

func (w *watch) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for range strings.Count(string(p), `"type":"task_started"`) {
		if w.seen == w.wanted {
			_ = w.cmd.Process.Signal(syscall.SIGSTOP)
			close(w.reached)
		}
		w.seen++
	}
	return w.out.Write(p)
}

// stopsAt waits until gdeploy stands still at the moment; it reports whether it came there.
func (r *running) stopsAt(t *testing.T, m moment) bool {
	t.Helper()
	select {
	case <-r.reached:
	case <-r.ended:
		return false
	case <-time.After(tooLong):
		return false
	}
	if m.after > 0 {
		r.goesOn()
		time.Sleep(m.after)
	}
	return true
}

// goesOn ends what stopsAt began. A process that was killed meanwhile does not mind.
func (r *running) goesOn() {
	_ = r.cmd.Process.Signal(syscall.SIGCONT)
}
