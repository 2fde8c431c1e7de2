package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode"

	"golang.org/x/text/width"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/values"
)

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
	words map[string]string // what the banners of tasks begin with, by their paths
	check map[string]bool   // tasks that change nothing because of check mode
	// warned are the warnings of modules that were shown.
	warned map[string]bool
	story  story
	// before is a play that was begun before the run went on: it is shown when
	// something new happens in it.
	before *executor.PlayStarted
}

// NewConsole makes a Console.
func NewConsole(out, errors io.Writer, o Options) *Console {
	if o.Width <= 0 {
		o.Width = 80
	}
	return &Console{Options: o, out: out, errors: errors, words: map[string]string{}, check: map[string]bool{}, warned: map[string]bool{}}
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
		c.dryRun(e.Check)
	case executor.PlaybookStarted:
		c.playbook(e)
	case executor.PlayStarted:
		c.play(e)
	case executor.TaskStarted:
		c.begin("TASK", e.Task, e.Check)
	case executor.HandlerStarted:
		c.begin("RUNNING HANDLER", e.Task, e.Check)
	case executor.HostStarted:
		c.hostStarted(e)
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
	case executor.Note:
		c.verbose(e.Level, e.Text)
	case executor.Background:
		c.background(e)
	case executor.NoMoreHosts:
		c.title("NO MORE HOSTS LEFT")
	case executor.Frozen:
		c.frozen(e)
	case executor.LockTaken:
		c.verbose(1, fmt.Sprintf("lock %s held on %s", e.Name, strings.Join(e.Hosts, ", ")))
	case executor.LockFreed:
		c.verbose(1, fmt.Sprintf("lock %s given back on %s", e.Name, strings.Join(e.Hosts, ", ")))
	case executor.LockRefused:
		c.line(failed, fmt.Sprintf("fatal: [%s]: %s => %s", e.Host, lockWord(e), e.Message))
	case executor.Unwinding:
		c.title(fmt.Sprintf("TAKING BACK [%s]", strings.Join(e.Hosts, ", ")))
		c.line(warned, "because "+e.Reason)
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
	c.title("PLAY [" + e.Name + "]" + c.mark(e.Check))
	if len(e.Hosts) == 0 && !e.Gone {
		c.line(skipped, "skipping: no hosts matched")
	}
}

// begin announces a task. Where it may turn out that nothing of it is to be shown, and
// under free, its first result does that.
func (c *Console) begin(word string, task executor.Place, check bool) {
	c.words[task.Path], c.check[task.Path] = word, check
	if c.free {
		return
	}
	c.last = ""
	if !c.HideSkipped && !c.HideOK {
		c.banner(word, task)
	}
}

func (c *Console) banner(word string, task executor.Place) {
	c.last = task.Path
	args := ""
	if c.ShowArgs && task.Args != "" {
		args = " " + task.Args
	}
	c.title(word + " [" + task.Name + args + "]" + c.mark(c.check[task.Path]))
	if c.Verbosity >= 2 {
		c.path(task)
	}
}

// mark is added to the banner of what runs in check mode.
func (c *Console) mark(check bool) string {
	if check && c.CheckMarkers {
		return " [CHECK MODE]"
	}
	return ""
}

// under makes sure that the task's banner stands above what follows.
func (c *Console) under(task executor.Place) {
	if c.last == task.Path {
		return
	}
	if task.Kind == executor.Undoing {
		c.banner("UNDO", task)
		return
	}
	if task.Kind == executor.Checking {
		c.banner("CHECK", task)
		return
	}
	if word, begun := c.words[task.Path]; begun || task.Kind == executor.Handling || c.free {
		c.banner(cmp.Or(word, map[bool]string{true: "RUNNING HANDLER", false: "TASK"}[task.Kind == executor.Handling]), task)
	}
}

// title writes a line that is filled with stars.
func (c *Console) title(text string) {
	text = strings.TrimSpace(text)
	stars := max(c.Width-1-textWidth(text), 3)
	fmt.Fprintf(c.out, "\n%s %s\n", text, strings.Repeat("*", stars))
}

func textWidth(s string) int {
	n := 0
	for _, r := range s {
		if unicode.IsControl(r) {
			continue
		}
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
	if e.Status == executor.OK || e.Status == executor.Changed {
		if !e.Looped {
			c.diffs(e.Task, e.Result)
		}
	}
	if c.hides(e.Status) {
		return
	}
	c.under(e.Task)
	c.moduleWarnings(e.Warnings)
	where := label(e.Host, e.Delegate, e.DelegateAddress)
	shown := cleaned(e.Task.Action, withoutItems(e))
	switch e.Status {
	case executor.Failed:
		c.failedPath(e)
		if !e.Looped || e.Task.Action == "debug" { // of debug Ansible shows the sum too
			c.bad(failed, fmt.Sprintf("fatal: [%s]: FAILED! => %s", where, c.dump(e.Task, e.Status, shown)))
		}
	case executor.Unreachable:
		c.bad(unreachable, fmt.Sprintf("fatal: [%s]: UNREACHABLE! => %s", where, c.dump(e.Task, e.Status, shown)))
	case executor.Skipped:
		c.line(skipped, "skipping: ["+where+"]"+c.more(e.Task, e.Status, shown))
	case executor.Changed:
		c.good(e, changed, "changed: ["+where+"]", shown)
	default:
		c.good(e, fine, "ok: ["+where+"]", shown)
	}
	if e.Ignored {
		c.line(skipped, "...ignoring")
	}
}

// hides reports that results of that kind are not to be shown.
func (c *Console) hides(s executor.Status) bool {
	return s == executor.Skipped && c.HideSkipped || s == executor.OK && c.HideOK
}

// good shows a result that is no failure. A loop's rounds were shown already.
func (c *Console) good(e executor.HostResult, color role, text string, shown values.Value) {
	if !e.Looped {
		c.line(color, text+c.more(e.Task, e.Status, shown))
	}
}

func (c *Console) item(e executor.ItemResult) {
	if e.Status == executor.OK || e.Status == executor.Changed {
		c.diffs(e.Task, e.Result)
	}
	if c.hides(e.Status) {
		return
	}
	c.under(e.Task)
	c.moduleWarnings(e.Warnings)
	where := label(e.Host, e.Delegate, e.DelegateAddress)
	shown := cleaned(e.Task.Action, e.Result)
	switch e.Status {
	case executor.Failed:
		c.bad(failed, fmt.Sprintf("failed: [%s] (item=%s) => %s", where, e.Label, c.dump(e.Task, e.Status, shown)))
	case executor.Unreachable:
		c.bad(unreachable, fmt.Sprintf("fatal: [%s] (item=%s): UNREACHABLE! => %s", where, e.Label, c.dump(e.Task, e.Status, shown)))
	case executor.Skipped:
		c.line(skipped, fmt.Sprintf("skipping: [%s] => (item=%s) %s", where, e.Label, c.more(e.Task, e.Status, shown)))
	case executor.Changed:
		c.line(changed, fmt.Sprintf("changed: [%s] => (item=%s)%s", where, e.Label, c.more(e.Task, e.Status, shown)))
	default:
		c.line(fine, fmt.Sprintf("ok: [%s] => (item=%s)%s", where, e.Label, c.more(e.Task, e.Status, shown)))
	}
}

func (c *Console) retry(e executor.Retry) {
	c.under(e.Task)
	text := fmt.Sprintf("FAILED - RETRYING: [%s]: %s (%d retries left).", label(e.Host, e.Delegate, ""), e.Task.Name, e.Left)
	if c.Verbosity > 2 { // as Ansible has it, without a space
		text += "Result was: " + c.dump(e.Task, executor.Failed, e.Result)
	}
	c.line(debugging, text)
}

// progress shows what a module says while it works, where somebody watches.
func (c *Console) progress(e executor.Progress) {
	if c.Color || c.Verbosity > 0 {
		c.under(e.Task)
		c.line(debugging, e.Host+": "+e.Line)
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
	c.line(skipped, text)
}

func (c *Console) interrupted(e executor.Interrupted) {
	c.title("INTERRUPTED")
	if !e.Now {
		c.line(warned, "the tasks that run now are finished; what was done is taken back then. Again to stop at once.")
	}
	for _, open := range e.Open {
		c.line(failed, "left as it is: "+open)
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

// moduleWarnings shows what a module warns of, and what others warned of too only once.
func (c *Console) moduleWarnings(texts []string) {
	if c.HideModuleWarnings {
		return
	}
	for _, text := range texts {
		if !c.warned[text] {
			c.warned[text] = true
			c.warning("", text)
		}
	}
}

func (c *Console) warning(host, text string) {
	if host != "" {
		text = host + ": " + text
	}
	c.paint(c.errors, warned, "[WARNING]: "+text)
}

func (c *Console) verbose(level int, text string) {
	if c.Verbosity >= level {
		c.line(verbose, text)
	}
}

// bad shows a failure, on the errors where that is wanted.
func (c *Console) bad(color role, text string) {
	if c.FailedToErrors {
		c.paint(c.errors, color, text)
		return
	}
	c.line(color, text)
}
