package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gdeploy/gdeploy/executor"
)

// Screen is where a Waiting writes.
type Screen struct {
	// Out gets the lines.
	Out io.Writer
	// Width asks how wide the terminal is that Out is; nil where Out is none.
	Width func() int
	// Silence is how long nothing has to be told before a line is written; on a terminal
	// that is shorter.
	Silence time.Duration
}

// How long a terminal is silent before its last line tells what is waited for, and how often
// that line is written anew.
const (
	terminalSilence = 2 * time.Second
	terminalPace    = time.Second
)

// Waiting tells which hosts a run waits for while it tells nothing else. On a terminal that
// is one line below all others, which goes when something else is written; elsewhere a line
// after each time of silence, so that whoever reads the log of a pipeline, and the pipeline's
// own watchdog, sees that the run is alive.
//
// It is a sink beside the one that shows the run; what else writes to the same place
// writes through Over.
type Waiting struct {
	screen Screen

	mu     sync.Mutex
	work   map[string]work // by host
	said   map[string]string
	told   time.Time // when something else was written last
	shown  bool
	held   int
	ticker *time.Timer
}

// work is what a host does.
type work struct {
	task  executor.Place
	begun time.Time
}

// NewWaiting makes a Waiting.
func NewWaiting(s Screen) *Waiting {
	return &Waiting{screen: s, work: map[string]work{}, said: map[string]string{}}
}

// Record follows who is at work.
func (w *Waiting) Record(r executor.Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := r.Event.(type) {
	case executor.RunStarted:
		w.told = time.Now()
		w.ticker = time.AfterFunc(w.pace(), w.tick)
	case executor.TaskStarted:
		w.begin(r.Time, e.Task, e.Hosts...)
	case executor.HandlerStarted:
		w.begin(r.Time, e.Task, e.Hosts...)
	case executor.UndoStarted:
		w.begin(r.Time, e.Task, e.Host)
	case executor.HostStarted:
		w.begin(r.Time, e.Task, e.Host)
	case executor.Progress:
		w.said[e.Host] = e.Line
	case executor.HostResult:
		w.end(e.Host)
	case executor.PlayStarted:
		w.end(e.Hosts...)
	case executor.RunEnded:
		clear(w.work)
		w.ticker.Stop()
		w.wipe()
	}
}

func (w *Waiting) begin(now time.Time, task executor.Place, hosts ...string) {
	w.end(hosts...)
	for _, host := range hosts {
		w.work[host] = work{task, now}
	}
}

func (w *Waiting) end(hosts ...string) {
	for _, host := range hosts {
		delete(w.work, host)
		delete(w.said, host)
	}
}

// Over gives what writes to out, with the line gone that may stand there.
func (w *Waiting) Over(out io.Writer) io.Writer { return over{w, out} }

type over struct {
	waiting *Waiting
	out     io.Writer
}

func (o over) Write(p []byte) (int, error) {
	o.waiting.mu.Lock()
	defer o.waiting.mu.Unlock()
	o.waiting.wipe()
	o.waiting.told = time.Now()
	return o.out.Write(p)
}

// Hold keeps the screen as it is, while somebody is asked, until the function that it
// gives is called.
func (w *Waiting) Hold() (free func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wipe()
	w.held++
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.held--
		w.told = time.Now()
	}
}

func (w *Waiting) wipe() {
	if w.shown {
		io.WriteString(w.screen.Out, "\r\x1b[K")
		w.shown = false
	}
}

func (w *Waiting) onTerminal() bool { return w.screen.Width != nil }

func (w *Waiting) pace() time.Duration {
	if w.onTerminal() {
		return terminalPace
	}
	return w.screen.Silence
}

// tick writes the line if it is time to.
func (w *Waiting) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := w.pace()
	now := time.Now()
	silent := now.Sub(w.told)
	switch {
	case len(w.work) == 0 || w.held > 0:
	case w.onTerminal() && silent >= terminalSilence:
		w.wipe()
		io.WriteString(w.screen.Out, cut(w.line(now), w.screen.Width()-1))
		w.shown = true
	case !w.onTerminal() && silent >= w.screen.Silence:
		fmt.Fprintln(w.screen.Out, w.line(now))
		w.told = now
	case !w.onTerminal():
		next = w.screen.Silence - silent
	}
	w.ticker.Reset(next)
}

// line tells of the task that is at work for the longest time.
func (w *Waiting) line(now time.Time) string {
	first, tasks := work{}, map[string]bool{}
	for _, at := range w.work {
		tasks[at.task.Path] = true
		if first.begun.IsZero() || at.begun.Before(first.begun) || at.begun.Equal(first.begun) && at.task.Path < first.task.Path {
			first = at
		}
	}
	var hosts []string
	for host, at := range w.work {
		if at.task.Path == first.task.Path {
			hosts = append(hosts, host)
		}
	}
	slices.Sort(hosts)
	text := fmt.Sprintf("%s: [%s] on %s", now.Sub(first.begun).Round(time.Second), nameOf(first.task), fewOf(hosts))
	switch others := len(tasks) - 1; {
	case others == 1:
		text += ", and 1 other task"
	case others > 1:
		text += fmt.Sprintf(", and %d other tasks", others)
	}
	if said := w.said[hosts[0]]; said != "" {
		text += ": " + said
	}
	return text
}

func nameOf(task executor.Place) string {
	if task.Name != "" {
		return task.Name
	}
	return task.Action
}

// fewOf names three hosts at most.
func fewOf(hosts []string) string {
	const named = 3
	if len(hosts) <= named+1 {
		return strings.Join(hosts, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(hosts[:named], ", "), len(hosts)-named)
}

// cut shortens a text to a width, and leaves out what would move a cursor.
func cut(text string, width int) string {
	var b strings.Builder
	for _, r := range text {
		letter := string(r)
		if r < ' ' || r == 0x7f {
			letter = " "
		}
		if width -= textWidth(letter); width < 0 {
			break
		}
		b.WriteString(letter)
	}
	return b.String()
}
