package report

import (
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/width"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/values"
)

// Options say how a Console shows things.
type Options struct {
	// Verbosity is the number of -v.
	Verbosity int
	// Color paints for a terminal.
	Color bool
	// Width is the terminal's; 0 is 80.
	Width int
}

// Console writes events in the shape of Ansible's default output: results to out,
// warnings to errors.
type Console struct {
	Options
	out, errors io.Writer
	// free says that tasks announce themselves with their first result, because hosts
	// go on without waiting for each other.
	free bool
	// last is the task whose banner stands above what is written now.
	last  string
	story story
	// before is a play that was begun before the run went on: it is shown when
	// something new happens in it.
	before *executor.PlayStarted
}

// NewConsole makes a Console.
func NewConsole(out, errors io.Writer, o Options) *Console {
	if o.Width <= 0 {
		o.Width = 80
	}
	return &Console{Options: o, out: out, errors: errors}
}

// Record shows the event.
func (c *Console) Record(r executor.Record) {
	c.story.record(r.Event)
	if c.skips(r.Event) {
		return
	}
	switch e := r.Event.(type) {
	case executor.RunStarted:
		c.resumed(e)
	case executor.PlayStarted:
		c.play(e)
	case executor.TaskStarted:
		c.begin("TASK", e.Task)
	case executor.HandlerStarted:
		c.begin("RUNNING HANDLER", e.Task)
	case executor.HostResult:
		c.host(e)
	case executor.ItemResult:
		c.item(e)
	case executor.Retry:
		c.retry(e)
	case executor.Together:
		c.together(e)
	case executor.Progress:
		c.progress(e)
	case executor.Included:
		c.included(e)
	case executor.Warning:
		c.warning(e.Host, e.Text)
	case executor.NoMoreHosts:
		c.title("NO MORE HOSTS LEFT")
	case executor.Frozen:
		c.frozen(e)
	case executor.LockTaken:
		c.verbose(1, fmt.Sprintf("lock %s held on %s", e.Name, strings.Join(e.Hosts, ", ")))
	case executor.LockFreed:
		c.verbose(1, fmt.Sprintf("lock %s given back on %s", e.Name, strings.Join(e.Hosts, ", ")))
	case executor.LockRefused:
		c.line(red, fmt.Sprintf("fatal: [%s]: %s => %s", e.Host, lockWord(e), e.Message))
	case executor.Unwinding:
		c.title(fmt.Sprintf("TAKING BACK [%s]", strings.Join(e.Hosts, ", ")))
		c.line(purple, "because "+e.Reason)
	case executor.ApprovalAsked:
		c.asked(e)
	case executor.ApprovalAnswered:
		c.answered(e)
	case executor.Interrupted:
		c.interrupted(e)
	case executor.RunEnded:
		c.recap(e)
	}
}

// lockWord says whether somebody else holds the lock or it could not be asked for.
func lockWord(e executor.LockRefused) string {
	if e.Held {
		return "LOCKED!"
	}
	return "FAILED! the lock could not be taken"
}

func (c *Console) play(e executor.PlayStarted) {
	c.free = e.Strategy != "linear"
	c.last = ""
	c.title("PLAY [" + e.Name + "]")
	if len(e.Hosts) == 0 {
		c.line(cyan, "skipping: no hosts matched")
	}
}

// begin announces a task; under free its first result does that.
func (c *Console) begin(word string, task executor.Place) {
	c.last = ""
	if !c.free {
		c.banner(word, task)
	}
}

func (c *Console) banner(word string, task executor.Place) {
	c.last = task.Path
	c.title(word + " [" + task.Name + "]")
	if c.Verbosity >= 2 && task.Written != "" {
		path := task.Written
		if i := strings.LastIndexByte(path, ':'); strings.Count(path, ":") > 1 {
			path = path[:i]
		}
		c.line(grey, "task path: "+path)
	}
}

// under makes sure that the task's banner stands above what follows.
func (c *Console) under(task executor.Place) {
	if c.last == task.Path || c.last != "" && !c.free && task.Kind != executor.Undoing {
		return
	}
	switch task.Kind {
	case executor.Handling:
		c.banner("RUNNING HANDLER", task)
	case executor.Undoing:
		c.banner("UNDO", task)
	case executor.Checking:
		c.banner("CHECK", task)
	default:
		if c.free {
			c.banner("TASK", task)
		}
	}
}

// title writes a line that is filled with stars.
func (c *Console) title(text string) {
	stars := max(c.Width-1-textWidth(text), 3)
	fmt.Fprintf(c.out, "\n%s %s\n", text, strings.Repeat("*", stars))
}

func textWidth(s string) int {
	n := 0
	for _, r := range s {
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth:
			n += 2
		default:
			n++
		}
	}
	return n
}

func (c *Console) host(e executor.HostResult) {
	c.under(e.Task)
	c.warnings(e.Warnings)
	if !e.Looped && (e.Status == executor.OK || e.Status == executor.Changed) {
		c.diffs(e.Task, e.Result)
	}
	where := label(e.Host, e.Delegate, e.DelegateAddress)
	shown := cleaned(e.Task.Action, withoutItems(e))
	switch e.Status {
	case executor.Failed:
		if !e.Looped || e.Task.Action == "debug" { // of debug Ansible shows the sum too
			c.line(red, fmt.Sprintf("fatal: [%s]: FAILED! => %s", where, c.dump(e.Task, e.Status, shown)))
		}
	case executor.Unreachable:
		c.line(brightRed, fmt.Sprintf("fatal: [%s]: UNREACHABLE! => %s", where, c.dump(e.Task, e.Status, shown)))
	case executor.Skipped:
		c.line(cyan, "skipping: ["+where+"]"+c.more(e.Task, e.Status, shown))
	case executor.Changed:
		c.good(e, yellow, "changed: ["+where+"]", shown)
	default:
		c.good(e, green, "ok: ["+where+"]", shown)
	}
	if e.Ignored {
		c.line(cyan, "...ignoring")
	}
}

// good shows a result that is no failure. A loop's rounds were shown already.
func (c *Console) good(e executor.HostResult, color color, text string, shown values.Value) {
	if !e.Looped {
		c.line(color, text+c.more(e.Task, e.Status, shown))
	}
}

func (c *Console) item(e executor.ItemResult) {
	c.under(e.Task)
	c.warnings(e.Warnings)
	if e.Status == executor.OK || e.Status == executor.Changed {
		c.diffs(e.Task, e.Result)
	}
	where := label(e.Host, e.Delegate, e.DelegateAddress)
	shown := cleaned(e.Task.Action, e.Result)
	switch e.Status {
	case executor.Failed:
		c.line(red, fmt.Sprintf("failed: [%s] (item=%s) => %s", where, e.Label, c.dump(e.Task, e.Status, shown)))
	case executor.Unreachable:
		c.line(brightRed, fmt.Sprintf("fatal: [%s] (item=%s): UNREACHABLE! => %s", where, e.Label, c.dump(e.Task, e.Status, shown)))
	case executor.Skipped:
		c.line(cyan, fmt.Sprintf("skipping: [%s] => (item=%s) %s", where, e.Label, c.more(e.Task, e.Status, shown)))
	case executor.Changed:
		c.line(yellow, fmt.Sprintf("changed: [%s] => (item=%s)%s", where, e.Label, c.more(e.Task, e.Status, shown)))
	default:
		c.line(green, fmt.Sprintf("ok: [%s] => (item=%s)%s", where, e.Label, c.more(e.Task, e.Status, shown)))
	}
}

func (c *Console) retry(e executor.Retry) {
	c.under(e.Task)
	text := fmt.Sprintf("FAILED - RETRYING: [%s]: %s (%d retries left).", label(e.Host, e.Delegate, ""), e.Task.Name, e.Left)
	if c.Verbosity > 2 {
		text += "Result was: " + c.dump(e.Task, executor.Failed, e.Result)
	}
	c.line(grey, text)
}

// progress shows what a module says while it works, where somebody watches.
func (c *Console) progress(e executor.Progress) {
	if c.Color || c.Verbosity > 0 {
		c.under(e.Task)
		c.line(grey, e.Host+": "+e.Line)
	}
}

func (c *Console) included(e executor.Included) {
	c.under(e.Task)
	if e.Role != "" {
		return
	}
	text := "included: " + e.File + " for " + strings.Join(e.Hosts, ", ")
	if e.Label != "" {
		text += " => (item=" + e.Label + ")"
	}
	c.line(cyan, text)
}

func (c *Console) interrupted(e executor.Interrupted) {
	c.title("INTERRUPTED")
	if !e.Now {
		c.line(purple, "the tasks that run now are finished; what was done is taken back then. Again to stop at once.")
	}
	for _, open := range e.Open {
		c.line(red, "left as it is: "+open)
	}
}

// label names a host and, where a task ran elsewhere, that place.
func label(host, delegate, address string) string {
	if delegate == "" || delegate == host {
		return host
	}
	if address != "" && address != delegate {
		delegate += "(" + address + ")"
	}
	return host + " -> " + delegate
}

func (c *Console) warnings(texts []string) {
	for _, text := range texts {
		c.warning("", text)
	}
}

func (c *Console) warning(host, text string) {
	if host != "" {
		text = host + ": " + text
	}
	c.paint(c.errors, purple, "[WARNING]: "+text)
}

func (c *Console) verbose(level int, text string) {
	if c.Verbosity >= level {
		c.line(grey, text)
	}
}
