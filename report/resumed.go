package report

import "github.com/gdeploy/gdeploy/executor"

// resumed tells that a run goes on.
func (c *Console) resumed(e executor.RunStarted) {
	if !e.Resumed {
		return
	}
	word := "GOING ON"
	if e.TakeBack {
		word = "TAKING BACK"
	}
	c.title(word + " [" + e.ID + "]")
	c.line(debugging, "what was done before is not shown again: gdeploy show "+e.ID)
}

// skips leaves out what was shown before the run went on. The play in which something new
// happens is named once more.
func (c *Console) skips(e executor.Event) bool {
	if executor.Replayed(e) {
		if play, ok := e.(executor.PlayStarted); ok {
			c.before = &play
		}
		return true
	}
	switch e.(type) {
	case executor.PlayStarted:
		c.before = nil
	case executor.TaskStarted, executor.HandlerStarted, executor.UndoStarted, executor.HostResult, executor.ItemResult, executor.Included, executor.Unwinding:
		if c.before != nil {
			c.play(*c.before)
			c.before = nil
		}
	}
	return false
}
