package report

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/gdeploy/gdeploy/executor"
)

// Options say how a Console shows things. The zero value is Ansible's default output.
type Options struct {
	// Verbosity is the number of -v.
	Verbosity int
	// Color paints for a terminal, Colors are other colours than Ansible's.
	Color  bool
	Colors Colors
	// Width is the terminal's; 0 is 80.
	Width int

	// HideSkipped and HideOK leave out what was skipped, and what was fine already.
	HideSkipped, HideOK bool
	// FailedToErrors shows failures where warnings are shown.
	FailedToErrors bool
	// ShowArgs adds arguments to the banners of tasks.
	ShowArgs bool
	// PathOnFailure shows where the task is written that failed.
	PathOnFailure bool
	// CustomStats shows the figures of set_stats below the recap.
	CustomStats bool
	// CheckMarkers marks what runs in check mode.
	CheckMarkers bool
	// HideModuleWarnings keeps the warnings of modules back.
	HideModuleWarnings bool
	// YAML prints results as YAML in place of JSON.
	YAML bool
	// Pretty prints results over several lines (true) or never (false); nil leaves that to
	// the result and to -vvv.
	Pretty *bool
	// DiffContext is the number of lines around each difference; nil is 3.
	DiffContext *int
}

// playbook opens the output of a playbook, with -vv.
func (c *Console) playbook(e executor.PlaybookStarted) {
	if len(e.Stats) > 0 {
		c.counts(e.Stats) // of the playbooks before it
	}
	if c.Verbosity >= 2 {
		c.title("PLAYBOOK: " + filepath.Base(e.File))
		c.verbose(2, fmt.Sprintf("%d plays in %s", e.Plays, e.File))
	}
}

// dryRun frames a run in check mode, where that is wanted.
func (c *Console) dryRun(check bool) {
	if check && c.CheckMarkers {
		c.title("DRY RUN")
	}
}

func (c *Console) hostStarted(e executor.HostStarted) {
	c.under(e.Task)
	c.line(fine, fmt.Sprintf(" [started %s: %s on %s]", map[bool]string{true: "HANDLER", false: "TASK"}[e.Task.Kind == executor.Handling], e.Task.Name, e.Host))
}

// background tells of a task that is polled.
func (c *Console) background(e executor.Background) {
	c.under(e.Task)
	if e.State == executor.Running {
		c.line(debugging, fmt.Sprintf("ASYNC POLL on %s: jid=%s started=1 finished=0", e.Host, e.ID))
		return
	}
	c.line(debugging, fmt.Sprintf("ASYNC %s on %s: jid=%s", map[bool]string{true: "OK", false: "FAILED"}[e.State == executor.Succeeded], e.Host, e.ID))
}

// failedPath shows where a task is written that failed; -vv showed it already.
func (c *Console) failedPath(e executor.HostResult) {
	if c.PathOnFailure && c.Verbosity < 2 && !e.Looped {
		c.path(e.Task)
	}
}

func (c *Console) path(task executor.Place) {
	if task.Written == "" {
		return
	}
	path := task.Written
	if i := strings.LastIndexByte(path, ':'); strings.Count(path, ":") > 1 {
		path = path[:i]
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	c.line(debugging, "task path: "+path)
}

// Tell writes a line in the colour of what -v adds.
func (c *Console) Tell(text string) { c.line(verbose, text) }
