package report

import (
	"fmt"
	"io"
	"slices"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/values"
)

// Answers shows what each host answers to one module, in the shape of Ansible's ad-hoc
// command: no banners and no recap.
type Answers struct{ console *Console }

// NewAnswers makes an Answers that writes answers to out and warnings to errors.
func NewAnswers(out, errors io.Writer, o Options) *Answers {
	return &Answers{console: NewConsole(out, errors, o)}
}

// Record shows the event.
func (a *Answers) Record(r executor.Record) {
	switch e := r.Event.(type) {
	case executor.PlayStarted:
		if len(e.Hosts) == 0 {
			a.console.warning("", "No hosts matched, nothing to do")
		}
	case executor.HostResult:
		a.host(e)
	case executor.Warning, executor.Interrupted, executor.ApprovalAsked, executor.ApprovalAnswered, executor.LockRefused, executor.Frozen, executor.Progress:
		a.console.Record(r)
	}
}

// plainText are modules whose answer is shown as text.
var plainText = []string{"command", "shell", "raw"}

func (a *Answers) host(e executor.HostResult) {
	c := a.console
	c.warnings(e.Warnings)
	c.diffs(e.Task, e.Result)
	color, state := answerState(e.Status)
	switch {
	case e.Status == executor.Skipped:
		c.line(color, e.Host+" | "+state)
	case slices.Contains(plainText, e.Task.Action) && e.Status != executor.Unreachable:
		c.line(color, fmt.Sprintf("%s | %s | rc=%s >>\n%s%s%s", e.Host, state, field(e, "rc", "-1"), field(e, "stdout", ""), field(e, "stderr", ""), field(e, "msg", "")))
	default:
		if e.Status == executor.Failed || e.Status == executor.Unreachable {
			state += "!"
		}
		c.line(color, fmt.Sprintf("%s | %s => %s", e.Host, state, c.whole(e)))
	}
}

func answerState(s executor.Status) (color, string) {
	switch s {
	case executor.Changed:
		return yellow, "CHANGED"
	case executor.Skipped:
		return cyan, "SKIPPED"
	case executor.Failed:
		return red, "FAILED"
	case executor.Unreachable:
		return brightRed, "UNREACHABLE"
	}
	return green, "SUCCESS"
}

// whole prints a result over several lines.
func (c *Console) whole(e executor.HostResult) string {
	v := cleaned(e.Task.Action, e.Result)
	hidden := []string{"exception", "warnings"}
	if c.Verbosity < 3 {
		hidden = append(hidden, "invocation", "diff")
	}
	return JSON(without(v, hidden...), 4)
}

func field(e executor.HostResult, name, missing string) string {
	v, ok := e.Result.Get(name)
	if !ok {
		return missing
	}
	return values.Text(v)
}
