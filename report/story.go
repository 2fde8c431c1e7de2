package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/executor"
)

// story gathers what the last line says.
type story struct {
	check    bool
	changed  map[string]bool
	failed   []string
	lost     []string
	undone   map[string]bool
	refused  string
	aborted  string
	firstWhy string
	where    whereabouts
}

func (s *story) record(event executor.Event) {
	switch e := event.(type) {
	case executor.RunStarted:
		s.check = e.Check
	case executor.HostResult:
		s.result(e)
		if s.where == nil {
			s.where = whereabouts{}
		}
		s.where.record(e)
	case executor.ItemResult:
		if s.where == nil {
			s.where = whereabouts{}
		}
		s.where.recordItem(e)
	case executor.UndoStarted:
		s.undone = with(s.undone, e.Host)
	case executor.LockRefused:
		s.refused = e.Message
	case executor.Frozen:
		if e.Refused() {
			s.refused = e.String()
		}
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
	case e.Status == executor.Failed && !slices.Contains(s.failed, e.Host):
		s.failed = append(s.failed, e.Host)
		if s.firstWhy == "" {
			s.firstWhy = e.Task.Name
		}
	case e.Status == executor.Unreachable && !slices.Contains(s.lost, e.Host):
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
	if len(e.Stats) == 0 && s.refused == "" && e.Outcome.Reason == "" {
		return ""
	}
	parts := []string{s.ending(e)}
	if len(s.lost) > 0 {
		parts = append(parts, "could not reach "+strings.Join(s.lost, ", "))
	}
	if after := s.afterwards(e); after != "" {
		parts = append(parts, after)
	}
	return strings.Join(parts, "; ") + " (" + took(e.Seconds) + ")."
}

func (s *story) ending(e executor.RunEnded) string {
	switch {
	case s.refused != "" && len(s.changed) == 0:
		return "Nothing was done: " + s.refused
	case s.refused != "":
		return "Stopped: " + s.refused
	case e.Outcome.Interrupted:
		return "Stopped by the operator"
	case len(s.failed) > 0:
		return fmt.Sprintf("%q failed on %s", s.firstWhy, strings.Join(s.failed, ", "))
	case e.Outcome.Reason != "":
		return "Stopped: " + e.Outcome.Reason
	case len(s.changed) == 0:
		return "All is as it should be: nothing " + s.would("to change", "was changed") + " on " + hosts(len(e.Stats))
	}
	return s.would("This would change ", "Done: changed ") + fmt.Sprintf("%d of %s", len(s.changed), hosts(len(e.Stats)))
}

// would gives the words of a dry run or those of a real one.
func (s *story) would(dry, real string) string {
	if s.check {
		return dry
	}
	return real
}

func (s *story) afterwards(e executor.RunEnded) string {
	switch {
	case e.Outcome.UndoFailed:
		return "what was done on " + hosts(len(s.undone)) + " could not all be taken back: see above"
	case len(s.undone) > 0:
		return "what was done on " + hosts(len(s.undone)) + " was taken back"
	case s.aborted != "" && len(s.failed) > 0:
		return "the run stopped there"
	}
	return ""
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
