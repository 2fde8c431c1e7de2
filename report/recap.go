package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/values"
)

// recap shows the counts of every host and, in words, what happened.
func (c *Console) recap(e executor.RunEnded) {
	c.counts(e.Stats)
	c.figures(e.Custom)
	c.dryRun(c.story.check)
	if text := c.story.tell(e); text != "" { // beside what Ansible prints, for scripts read that
		c.paint(c.errors, c.storyColor(e.Outcome), text)
	}
	if e.Outcome.Undone || e.Outcome.UndoFailed || e.Outcome.Open {
		for _, line := range c.story.where.lines() {
			c.line(plain, line)
		}
	}
}

// counts shows how tasks ended on each host.
func (c *Console) counts(stats []executor.HostStats) {
	c.title("PLAY RECAP")
	for _, s := range stats {
		c.line(plain, c.recapLine(s))
	}
	fmt.Fprintln(c.out)
}

// figures shows those of set_stats, host by host and then those of the run.
func (c *Console) figures(custom values.Value) {
	stats, ok := custom.AsMap()
	if !ok || !c.CustomStats || stats.Len() == 0 {
		return
	}
	c.title("CUSTOM STATS: ")
	var hosts []string
	for name := range stats.All() {
		if host := values.Text(name); host != "_run" {
			hosts = append(hosts, host)
		}
	}
	slices.Sort(hosts)
	for _, host := range hosts {
		c.line(plain, "\t"+host+": "+figures(custom, host))
	}
	if stats.Has("_run") {
		c.line(plain, "\n\tRUN: "+figures(custom, "_run"))
	}
	fmt.Fprintln(c.out)
}

// figures are those of one host, in one line as Ansible prints them.
func figures(custom values.Value, host string) string {
	v, _ := custom.Get(host)
	return strings.ReplaceAll(JSON(v, 1), "\n", "")
}

func (c *Console) recapLine(s executor.HostStats) string {
	parts := []string{
		c.counted("ok", s.OK, fine), c.counted("changed", s.Changed, changed),
		c.counted("unreachable", s.Unreachable, unreachable), c.counted("failed", s.Failed, failed),
		c.counted("skipped", s.Skipped, skipped), c.counted("rescued", s.Rescued, fine),
		c.counted("ignored", s.Ignored, warned),
	}
	return c.recapHost(s) + " : " + strings.Join(parts, " ")
}

func (c *Console) recapHost(s executor.HostStats) string {
	if !c.Color {
		return fmt.Sprintf("%-26s", s.Host)
	}
	color := fine
	switch {
	case s.Failed > 0 || s.Unreachable > 0:
		color = failed
	case s.Changed > 0:
		color = changed
	}
	return fmt.Sprintf("%-37s", c.painted(color, s.Host))
}

func (c *Console) counted(name string, n int, color role) string {
	text := fmt.Sprintf("%s=%-4d", name, n)
	if n == 0 {
		return text
	}
	return c.painted(color, text)
}

func (c *Console) storyColor(o executor.Outcome) role {
	switch {
	case o.UndoFailed || o.Failed > 0 || o.Unreachable > 0 || o.Locked:
		return failed
	case o.Interrupted || o.Undone:
		return warned
	}
	return fine
}
