package report

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

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

// OneLine shows what each host answers in one line, as ansible --one-line does.
type OneLine struct{ console *Console }

// NewOneLine makes a OneLine that writes answers to out and warnings to errors.
func NewOneLine(out, errors io.Writer, o Options) *OneLine {
	return &OneLine{console: NewConsole(out, errors, o)}
}

// Record shows the event.
func (a *OneLine) Record(r executor.Record) {
	e, ok := r.Event.(executor.HostResult)
	if !ok {
		(&Answers{a.console}).Record(r)
		return
	}
	c := a.console
	c.moduleWarnings(e.Warnings)
	color, state := answerState(e.Status)
	switch {
	case e.Status == executor.Unreachable:
		c.line(color, e.Host+" | UNREACHABLE!: "+field(e, "msg", ""))
	case e.Status == executor.Skipped:
		c.line(color, e.Host+" | "+state)
	case slices.Contains(plainText, e.Task.Action) && e.Status != executor.Failed:
		c.line(color, oneLine(e, state))
	default:
		if e.Status == executor.Failed {
			state += "!"
		}
		c.line(color, fmt.Sprintf("%s | %s => %s", e.Host, state, joinedLines(c.whole(e))))
	}
}

// oneLine is what a command printed, its lines parted by a written \\n.
func oneLine(e executor.HostResult, state string) string {
	text := fmt.Sprintf("%s | %s | rc=%s | (stdout) %s", e.Host, state, field(e, "rc", "0"), written(field(e, "stdout", "")))
	if errors := field(e, "stderr", ""); errors != "" {
		text += " (stderr) " + written(errors)
	}
	return text
}

func written(text string) string { return strings.ReplaceAll(text, "\n", "\\n") }

// joinedLines makes one line of JSON over several, without the blanks that lead its lines.
func joinedLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimLeft(line, " ")
	}
	return strings.Join(lines, "")
}

// Tree gives a sink that writes each host's result, as one line of JSON, into the file of
// its name in dir. What cannot be written is told to warn.
func Tree(dir string, warn func(text string)) executor.Sink { return tree{dir, warn} }

type tree struct {
	dir  string
	warn func(text string)
}

// Record writes the result of a host.
func (t tree) Record(r executor.Record) {
	e, ok := r.Event.(executor.HostResult)
	if !ok {
		return
	}
	text := JSON(without(e.Result, "invocation", "diff", "exception", "warnings"), 0)
	if err := os.WriteFile(filepath.Join(t.dir, strings.ReplaceAll(e.Host, "/", "_")), []byte(text), 0o644); err != nil {
		t.warn(err.Error())
	}
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
	c.moduleWarnings(e.Warnings)
	c.diffs(e.Task, e.Result)
	color, state := answerState(e.Status)
	switch {
	case e.Status == executor.Skipped:
		c.line(color, e.Host+" | "+state)
	case slices.Contains(plainText, e.Task.Action) && e.Status != executor.Unreachable && !e.Polled:
		c.line(color, fmt.Sprintf("%s | %s | rc=%s >>\n%s%s%s", e.Host, state, field(e, "rc", "-1"), field(e, "stdout", ""), field(e, "stderr", ""), field(e, "msg", "")))
	default:
		if e.Status == executor.Failed || e.Status == executor.Unreachable {
			state += "!"
		}
		c.line(color, fmt.Sprintf("%s | %s => %s", e.Host, state, c.whole(e)))
	}
}

func answerState(s executor.Status) (role, string) {
	switch s {
	case executor.Changed:
		return changed, "CHANGED"
	case executor.Skipped:
		return skipped, "SKIPPED"
	case executor.Failed:
		return failed, "FAILED"
	case executor.Unreachable:
		return unreachable, "UNREACHABLE"
	}
	return fine, "SUCCESS"
}

// whole prints a result over several lines.
func (c *Console) whole(e executor.HostResult) string {
	v := cleaned(e.Task.Action, e.Result)
	hidden := []string{"exception", "warnings"}
	if c.Verbosity < 3 {
		hidden = append(hidden, "invocation", "diff")
	}
	v = without(v, hidden...)
	if c.YAML {
		return c.asYAML(v, 4)
	}
	return JSON(v, 4)
}

func field(e executor.HostResult, name, missing string) string {
	v, ok := e.Result.Get(name)
	if !ok {
		return missing
	}
	return values.Text(v)
}
