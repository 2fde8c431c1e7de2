package report

import (
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/values"
)

// shownAlways are modules whose result is what they are there for.
var shownAlways = []string{"debug", "assert"}

// more is what is added to a result's line: the result, where somebody wants to see it.
func (c *Console) more(task executor.Place, status executor.Status, shown values.Value) string {
	if task.Name == "Gathering Facts" && task.Action == "setup" {
		return ""
	}
	if c.Verbosity < 1 && !toRead(task, status, shown) {
		return ""
	}
	return " => " + c.dump(task, status, shown)
}

// toRead reports that a result is what the task is there for.
func toRead(task executor.Place, status executor.Status, shown values.Value) bool {
	if !slices.Contains(shownAlways, task.Action) || status == executor.Skipped {
		return false
	}
	for _, hidden := range []string{"_ansible_verbose_always", "censored"} {
		if _, ok := shown.Get(hidden); ok && status != executor.Failed {
			return false
		}
	}
	_, judged := shown.Get("evaluated_to")
	return status != executor.Failed || judged
}

// dump prints a result as JSON: in one line, or indented where it is to be read.
func (c *Console) dump(task executor.Place, status executor.Status, v values.Value) string {
	hidden := []string{}
	if c.Verbosity < 3 {
		hidden = append(hidden, "invocation", "diff")
	}
	hidden = append(hidden, "exception", "warnings")
	v = without(v, hidden...)
	if c.Verbosity > 2 || toRead(task, status, v) {
		return JSON(v, 4)
	}
	return JSON(v, 0)
}

// cleaned gives a result as the console has it: of debug only what it was asked for.
func cleaned(action string, v values.Value) values.Value {
	m, ok := v.AsMap()
	if !ok || action != "debug" {
		return v
	}
	if msg, ok := m.Get("msg"); ok {
		return values.MapOf("msg", msg)
	}
	return without(v, "changed", "failed", "skipped", "invocation", "skip_reason")
}

// withoutItems leaves out the rounds of a loop, which were shown one by one.
func withoutItems(e executor.HostResult) values.Value {
	if e.Looped || e.Status == executor.Skipped {
		return without(e.Result, "results")
	}
	return e.Result
}

func without(v values.Value, names ...string) values.Value {
	m, ok := v.AsMap()
	if !ok {
		return v
	}
	m = m.Clone()
	for _, key := range slices.Clone(m.Keys()) {
		name := values.Text(key)
		if slices.Contains(names, name) || strings.HasPrefix(name, "_ansible_") {
			m.Delete(key)
		}
	}
	return values.FromMap(m)
}
