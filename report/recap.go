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
