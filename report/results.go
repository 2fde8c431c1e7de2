package report

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// shownAlways are modules whose result is what they are there for.
var shownAlways = []string{"debug", "assert"}

// more is what is added to a result's line: the result, where somebody wants to see it.
func (c *Console) more(task executor.Place, status executor.Status, shown values.Value) string {
	if task.Action == "setup" && (task.Name == "Gathering Facts" || status == executor.OK) { // as Ansible has it, whatever -v
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
		if _, ok := shown.Get(hidden); ok {
			return false
		}
	}
	_, judged := shown.Get("evaluated_to")
	return status != executor.Failed || judged
}

// dump prints a result as it is wanted: in one line, or over several where it is to be read.
func (c *Console) dump(task executor.Place, status executor.Status, v values.Value) string {
	hidden := []string{"exception"}
	if c.Verbosity < 3 {
		hidden = append(hidden, "invocation", "diff")
	}
	if !c.HideModuleWarnings {
		hidden = append(hidden, "warnings", "deprecations")
	}
	read, indent := toRead(task, status, v), 0
	v = without(v, hidden...)
	if c.Pretty == nil && (c.Verbosity > 2 || c.YAML) || c.Pretty != nil && *c.Pretty || read {
		indent = 4
	}
	if c.Pretty != nil && !*c.Pretty {
		indent = 0
	}
	if c.YAML {
		return c.asYAML(v, indent)
	}
	return JSON(v, indent)
}

// asYAML prints a result below the line that it belongs to. Unless it must be exact, what
// stands there twice is left out and texts are written for reading.
func (c *Console) asYAML(v values.Value, indent int) string {
	if c.Pretty == nil || *c.Pretty {
		v = legible(omitLines(v))
	}
	text := strings.TrimSuffix(string(yaml.Layout{Indent: indent, Blocks: true}.Marshal(v)), "\n")
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = "    " + line
		}
	}
	return "\n" + strings.Join(lines, "\n")
}

// omitLines leaves out the lines of what is there as a text.
func omitLines(v values.Value) values.Value {
	m, ok := v.AsMap()
	if !ok {
		return v
	}
	m = m.Clone()
	for _, name := range []string{"stdout", "stderr"} {
		if m.Has(name) && m.Has(name+"_lines") {
			m.Set(name+"_lines", values.String("<omitted>"))
		}
	}
	return values.FromMap(m)
}

var spacesAtEnd = regexp.MustCompile(` +\n`)

// legible writes texts of several lines so that YAML can show them as such: without white
// space at their ends, with blanks in place of tabs.
func legible(v values.Value) values.Value {
	if m, ok := v.AsMap(); ok {
		out := values.NewMap(m.Len())
		for key, inner := range m.All() {
			out.SetKey(key, legible(inner))
		}
		return values.FromMap(out)
	}
	if v.Kind() == values.KindList {
		items := make([]values.Value, len(v.Items()))
		for i, item := range v.Items() {
			items[i] = legible(item)
		}
		return values.FromSlice(items)
	}
	text, ok := v.AsString()
	if !ok || !strings.Contains(text, "\n") {
		return v
	}
	text = strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.TrimRightFunc(text, unicode.IsSpace))
	return values.String(spacesAtEnd.ReplaceAllString(expandTabs(text), "\n"))
}

// expandTabs puts blanks up to the next eighth column for each tab.
func expandTabs(text string) string {
	var b strings.Builder
	column := 0
	for _, r := range text {
		switch r {
		case '\t':
			n := 8 - column%8
			b.WriteString(strings.Repeat(" ", n))
			column += n
		case '\n':
			b.WriteRune(r)
			column = 0
		default:
			b.WriteRune(r)
			column++
		}
	}
	return b.String()
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
