package report

import (
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/executor"
)

// recap shows the counts of every host and, in words, what happened.
func (c *Console) recap(e executor.RunEnded) {
	c.title("PLAY RECAP")
	for _, s := range e.Stats {
		c.line(plain, c.recapLine(s))
	}
	fmt.Fprintln(c.out)
	if text := c.story.tell(e); text != "" {
		c.line(c.storyColor(e.Outcome), text)
	}
}

func (c *Console) recapLine(s executor.HostStats) string {
	parts := []string{
		c.counted("ok", s.OK, green), c.counted("changed", s.Changed, yellow),
		c.counted("unreachable", s.Unreachable, brightRed), c.counted("failed", s.Failed, red),
		c.counted("skipped", s.Skipped, cyan), c.counted("rescued", s.Rescued, green),
		c.counted("ignored", s.Ignored, purple),
	}
	return c.recapHost(s) + " : " + strings.Join(parts, " ")
}

func (c *Console) recapHost(s executor.HostStats) string {
	if !c.Color {
		return fmt.Sprintf("%-26s", s.Host)
	}
	color := green
	switch {
	case s.Failed > 0 || s.Unreachable > 0:
		color = red
	case s.Changed > 0:
		color = yellow
	}
	return fmt.Sprintf("%-37s", c.painted(color, s.Host))
}

func (c *Console) counted(name string, n int, color color) string {
	text := fmt.Sprintf("%s=%-4d", name, n)
	if n == 0 {
		return text
	}
	return c.painted(color, text)
}

func (c *Console) storyColor(o executor.Outcome) color {
	switch {
	case o.UndoFailed || o.Failed > 0 || o.Unreachable > 0 || o.Locked:
		return red
	case o.Interrupted || o.Undone:
		return purple
	}
	return green
}

// story gathers what the last line says.
type story struct {
	changed  map[string]bool
	failed   []string
	lost     []string
	undone   map[string]bool
	refused  string
	aborted  string
	firstWhy string
}

func (s *story) record(event executor.Event) {
	switch e := event.(type) {
	case executor.HostResult:
		s.result(e)
	case executor.UndoStarted:
		s.undone = with(s.undone, e.Host)
	case executor.LockRefused:
		s.refused = e.Message
	case executor.PlayEnded:
		if e.Aborted != "" {
			s.aborted = e.Aborted
		}
	}
}

func (s *story) result(e executor.HostResult) {
	switch {
	case e.Task.Kind == executor.Undoing || e.Ignored || e.Rescued:
	case e.Status == executor.Changed:
		s.changed = with(s.changed, e.Host)
	case e.Status == executor.Failed:
		s.failed = append(s.failed, e.Host)
		if s.firstWhy == "" {
			s.firstWhy = e.Task.Name
		}
	case e.Status == executor.Unreachable:
		s.lost = append(s.lost, e.Host)
	}
}

func with(set map[string]bool, name string) map[string]bool {
	if set == nil {
		set = map[string]bool{}
	}
	set[name] = true
	return set
}

// tell says in one line what came of the run.
func (s *story) tell(e executor.RunEnded) string {
	if len(e.Stats) == 0 && s.refused == "" {
		return ""
	}
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	switch {
	case s.refused != "":
		add("Nothing was done: %s", s.refused)
	case e.Outcome.Interrupted:
		add("Stopped by the operator")
	case len(s.failed) > 0:
		add("%q failed on %s", s.firstWhy, strings.Join(s.failed, ", "))
	case len(s.lost) == 0 && len(s.changed) == 0:
		add("All is as it should be: nothing was changed on %s", hosts(len(e.Stats)))
	case len(s.lost) == 0:
		add("Done: changed %d of %s", len(s.changed), hosts(len(e.Stats)))
	}
	if len(s.lost) > 0 {
		add("could not reach %s", strings.Join(s.lost, ", "))
	}
	s.addUndo(e, add)
	text := strings.Join(parts, "; ")
	return strings.ToUpper(text[:1]) + text[1:] + " (" + took(e.Seconds) + ")."
}

func (s *story) addUndo(e executor.RunEnded, add func(string, ...any)) {
	switch {
	case e.Outcome.UndoFailed:
		add("taking it back on %s did not work everywhere: see above", hosts(len(s.undone)))
	case len(s.undone) > 0:
		add("what was done on %s was taken back", hosts(len(s.undone)))
	case s.aborted != "" && len(s.failed) > 0:
		add("the run stopped there")
	}
}

func hosts(n int) string {
	if n == 1 {
		return "1 host"
	}
	return fmt.Sprintf("%d hosts", n)
}

func took(seconds float64) string {
	if seconds < 60 {
		return fmt.Sprintf("%.1f s", seconds)
	}
	return fmt.Sprintf("%d min %d s", int(seconds)/60, int(seconds)%60)
}
