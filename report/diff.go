package report

import (
	"strings"

	udiff "github.com/aymanbagabas/go-udiff"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/values"
)

// diffs shows what a task, or a round of its loop, changed, where it was asked to tell.
func (c *Console) diffs(task executor.Place, result values.Value) {
	changed, _ := result.Get("changed")
	diff, ok := result.Get("diff")
	if !ok || !changed.Truthy() {
		return
	}
	if text := c.diff(diff); text != "" {
		c.under(task)
		c.line(plain, strings.TrimSuffix(text, "\n"))
	}
}

// diff prints one or several differences in the unified form, each with an empty line below.
func (c *Console) diff(v values.Value) string {
	if v.Kind() == values.KindMap {
		return c.one(v)
	}
	var b strings.Builder
	for _, one := range v.Items() {
		b.WriteString(c.one(one))
	}
	return b.String()
}

func (c *Console) one(v values.Value) string {
	if ready, ok := v.Get("prepared"); ok {
		return values.Text(ready)
	}
	before, after := side(v, "before"), side(v, "after")
	if before == after {
		return withheld(v)
	}
	context := udiff.DefaultContextLines
	if c.DiffContext != nil {
		context = max(*c.DiffContext, 0)
	}
	text, err := udiff.ToUnified(header(v, "before"), header(v, "after"), before, udiff.Lines(before, after), context)
	if err != nil {
		return err.Error() + "\n"
	}
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		lines[i] = c.diffLine(line)
	}
	return strings.Join(lines, "") + "\n"
}

// unfit are the sides of a difference that are not shown, and how that is told.
var unfit = []struct{ key, text string }{
	{"dst_binary", "destination file appears to be binary"},
	{"src_binary", "source file appears to be binary"},
	{"dst_larger", "destination file size is greater than "},
	{"src_larger", "source file size is greater than "},
}

// withheld tells why contents are not shown.
func withheld(v values.Value) string {
	var b strings.Builder
	for _, u := range unfit {
		size, ok := v.Get(u.key)
		if !ok {
			continue
		}
		b.WriteString("diff skipped: " + u.text)
		if strings.HasSuffix(u.key, "_larger") {
			b.WriteString(values.Text(size))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// side is the text before or after; a mapping is shown as JSON.
func side(v values.Value, name string) string {
	text, ok := v.Get(name)
	if !ok || text.IsNull() {
		return ""
	}
	if text.Kind() == values.KindMap || text.Kind() == values.KindList {
		return JSON(text, 4) + "\n"
	}
	return values.Text(text)
}

func header(v values.Value, name string) string {
	if title, ok := v.Get(name + "_header"); ok && values.Text(title) != "" {
		return name + ": " + values.Text(title)
	}
	return name
}

func (c *Console) diffLine(line string) string {
	text, ended := strings.CutSuffix(line, "\n")
	color := plain
	switch {
	case strings.HasPrefix(text, "+"):
		color = added
	case strings.HasPrefix(text, "-"):
		color = removed
	case strings.HasPrefix(text, "@@"):
		color = position
	}
	if text = c.painted(color, text); ended {
		text += "\n"
	}
	return text
}
