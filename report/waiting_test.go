package report_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/report"
)

var (
	restart = executor.Place{Path: "0.0/tasks/0", Name: "restart", Action: "systemd"}
	build   = executor.Place{Path: "0.0/tasks/1", Action: "command"}
)

// page is what was written, by whichever goroutine.
type page struct {
	mu   sync.Mutex
	text strings.Builder
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(b)
}

// has wants this text since it was asked last.
func (p *page) has(t *testing.T, want string) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if diff := cmp.Diff(want, p.text.String()); diff != "" {
		t.Error(diff)
	}
	p.text.Reset()
}

// waiting gives a run that has just begun, and what was written to its screen. It must be
// called in a bubble of synctest.
func waiting(screen report.Screen) (w *report.Waiting, record func(executor.Event), out *page) {
	out = &page{}
	screen.Out = out
	w = report.NewWaiting(screen)
	record = func(e executor.Event) { w.Record(executor.Record{Time: time.Now(), Event: e}) }
	record(executor.RunStarted{})
	return w, record, out
}

// passes lets time go by, and what is due then happen.
func passes(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func hostsUpTo(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("n%d", i+1))
	}
	return names
}

func TestWaitingInALog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, record, out := waiting(report.Screen{Silence: 30 * time.Second})
		passes(time.Minute)
		out.has(t, "") // nobody is at work
		console := w.Over(out)
		record(executor.TaskStarted{Task: restart, Hosts: hostsUpTo(9)})
		fmt.Fprintln(console, "TASK [restart]")
		passes(29 * time.Second)
		out.has(t, "TASK [restart]\n")
		for _, host := range hostsUpTo(4) {
			record(executor.HostResult{Task: restart, Host: host})
		}
		passes(time.Second)
		out.has(t, "30s: [restart] on n5, n6, n7 and 2 more\n")
		fmt.Fprintln(console, "ok: [n5]")
		record(executor.HostResult{Task: restart, Host: "n5"})
		passes(29 * time.Second)
		out.has(t, "ok: [n5]\n")
		record(executor.Progress{Task: restart, Host: "n6", Line: "halfway"})
		passes(time.Second)
		out.has(t, "1m0s: [restart] on n6, n7, n8, n9: halfway\n")
		passes(time.Minute)
		out.has(t, "1m30s: [restart] on n6, n7, n8, n9: halfway\n2m0s: [restart] on n6, n7, n8, n9: halfway\n")
		record(executor.TaskStarted{Task: build, Hosts: []string{"n6"}})
		record(executor.UndoStarted{Task: executor.Place{Path: "0.0/tasks/0/undo/0", Action: "lb"}, Host: "n7"})
		passes(30 * time.Second)
		out.has(t, "2m30s: [restart] on n8, n9, and 2 other tasks\n")
		record(executor.RunEnded{})
		passes(time.Hour)
		out.has(t, "")
	})
}

func TestWaitingOnATerminal(t *testing.T) {
	const wiped = "\r\x1b[K"
	synctest.Test(t, func(t *testing.T) {
		var width atomic.Int64
		width.Store(24)
		w, record, out := waiting(report.Screen{Width: func() int { return int(width.Load()) }})
		console := w.Over(out)
		record(executor.TaskStarted{Task: build, Hosts: []string{"n1", "n2"}})
		fmt.Fprintln(console, "TASK [command]")
		passes(1900 * time.Millisecond)
		out.has(t, "TASK [command]\n")
		passes(1100 * time.Millisecond)
		out.has(t, "2s: [command] on n1, n2"+wiped+"3s: [command] on n1, n2")
		record(executor.Progress{Task: build, Host: "n1", Line: "a\r中中"})
		width.Store(27)
		passes(time.Second)
		out.has(t, wiped+"4s: [command] on n1, n2: a")
		width.Store(31)
		passes(time.Second)
		out.has(t, wiped+"5s: [command] on n1, n2: a 中")
		fmt.Fprintln(console, "ok: [n1]")
		out.has(t, wiped+"ok: [n1]\n")

		free := w.Hold() // somebody is asked
		passes(time.Minute)
		out.has(t, "")
		free()
		passes(3 * time.Second)
		out.has(t, "1m7s: [command] on n1, n2: a "+wiped+"1m8s: [command] on n1, n2: a ")
		record(executor.RunEnded{})
		out.has(t, wiped)
	})
}
