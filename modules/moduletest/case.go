package moduletest

import (
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// testCase is one file of cases, read.
type testCase struct {
	archive       *txtar.Archive
	file          string
	alwaysChanges bool
	needsRoot     bool
	checkOnly     bool
	unforeseen    bool
	// realPaths tells that the case writes $WORK before its paths.
	realPaths  bool
	before     []entry
	controller map[string]string
	// packed are members of archives.
	packed    []entry
	call      values.Value
	variables values.Value
	answers   []string
	// probed tells that the call was tried before its turn and had an answer.
	probed bool
	// did is what the latest call did.
	did []string
}

// entry is a file, directory or link that a part's name describes.
type entry struct {
	path    string
	mode    string
	link    string
	dir     bool
	missing bool
	content string
}

func parse(text []byte, file string) (*testCase, error) {
	c := &testCase{
		archive:    txtar.Parse(text),
		file:       file,
		controller: map[string]string{},
		realPaths:  strings.Contains(string(text), "$WORK"),
	}
	for line := range strings.Lines(string(c.archive.Comment)) {
		switch strings.TrimSpace(line) {
		case "# always changes":
			c.alwaysChanges = true
		case "# needs root":
			c.needsRoot = true
		case "# check":
			c.checkOnly = true
		case "# unforeseen":
			c.unforeseen = true
		}
	}
	for _, part := range c.archive.Files {
		if err := c.part(part); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", file, part.Name, err)
		}
	}
	if err := c.pack(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if m, ok := c.call.AsMap(); !ok || m.Len() != 1 {
		return nil, fmt.Errorf("%s: call must be one module with its parameters", file)
	}
	return c, nil
}

func (c *testCase) part(part txtar.File) error {
	kind, rest, _ := strings.Cut(part.Name, "/")
	var err error
	switch kind {
	case "before":
		c.before = append(c.before, readEntry(rest, string(part.Data)))
	case "controller":
		c.controller[rest] = string(part.Data)
	case "call":
		c.call, _, err = yaml.Load(part.Data, c.file)
	case "variables":
		c.variables, _, err = yaml.Load(part.Data, c.file)
	case "answers":
		c.answers = strings.Split(strings.TrimSuffix(string(part.Data), "\n"), "\n")
	case "packed":
		c.packed = append(c.packed, readEntry(rest, string(part.Data)))
	case "after", "changes", "result", "failure", "facts":
	default:
		return fmt.Errorf("unknown part")
	}
	return err
}

// readEntry reads "etc/motd (0644)", "etc/", "etc/link -> target".
func readEntry(name, content string) entry {
	e := entry{content: content}
	if name, e.link, _ = strings.Cut(name, " -> "); e.link != "" {
		e.path = name
		return e
	}
	if open := strings.LastIndex(name, " ("); open >= 0 && strings.HasSuffix(name, ")") {
		e.mode = name[open+2 : len(name)-1]
		name = name[:open]
	}
	e.missing = e.mode == "missing"
	e.dir = strings.HasSuffix(name, "/")
	e.path = strings.TrimSuffix(name, "/")
	return e
}

// title is the entry's name as a part has it.
func (e entry) title() string {
	switch {
	case e.missing:
		return e.path + " (missing)"
	case e.link != "":
		return e.path + " -> " + e.link
	}
	title := e.path
	if e.dir {
		title += "/"
	}
	if e.mode != "" {
		title += " (" + e.mode + ")"
	}
	return title
}

// rewritten is the case with what happened in place of what it expected. Where both
// are the same it is the case itself.
func (c *testCase) rewritten(got outcome) *txtar.Archive {
	made := &txtar.Archive{Comment: c.archive.Comment}
	add := func(name, data string) {
		if data != "" {
			made.Files = append(made.Files, txtar.File{Name: name, Data: []byte(data)})
		}
	}
	for _, part := range c.archive.Files {
		kind, rest, _ := strings.Cut(part.Name, "/")
		switch kind {
		case "changes", "failure":
			now := map[string]string{"changes": got.changes, "failure": got.failure}[kind]
			if linesFit(string(part.Data), now) {
				now = string(part.Data)
			}
			add(part.Name, now)
			continue
		case "result":
			part.Data = compared(part.Data, got.data)
		case "facts":
			part.Data = compared(part.Data, got.facts)
		case "after":
			e := got.after(readEntry(rest, ""))
			part = txtar.File{Name: "after/" + e.title(), Data: []byte(e.content)}
		}
		made.Files = append(made.Files, part)
		if kind != "call" {
			continue
		}
		if !c.has("changes") {
			add("changes", got.changes)
		}
		if !c.has("failure") {
			add("failure", got.failure)
		}
	}
	return made
}

func (c *testCase) has(part string) bool {
	for _, f := range c.archive.Files {
		if f.Name == part {
			return true
		}
	}
	return false
}

// linesFit compares texts in which <any> stands for whatever is there.
func linesFit(want, got string) bool {
	expected, lines := strings.Split(want, "\n"), strings.Split(got, "\n")
	if len(expected) != len(lines) {
		return false
	}
	for i, line := range expected {
		before, after, open := strings.Cut(line, "<any>")
		same := line == lines[i]
		if open {
			same = len(lines[i]) >= len(before)+len(after) && strings.HasPrefix(lines[i], before) && strings.HasSuffix(lines[i], after)
		}
		if !same {
			return false
		}
	}
	return true
}

// compared gives the expectation with those of its values replaced that differ. An
// empty one takes all.
func compared(want []byte, got values.Value) []byte {
	expected, _, err := yaml.Load(want, "")
	if err != nil {
		return []byte("this is no YAML: " + err.Error() + "\n")
	}
	if fits(expected, got) && !expected.IsNull() {
		return want
	}
	m, ok := pruned(expected, got).AsMap()
	if !ok || m.Len() == 0 {
		return nil
	}
	var text []byte
	for key, value := range m.All() {
		text = append(text, line(values.Text(key), value)...)
	}
	return text
}

// line writes one key, with a short list or dict on the same line.
func line(key string, value values.Value) []byte {
	layout := yaml.Layout{KeepOrder: true, FlowLeaves: true, Width: -1}
	in := layout.Marshal(values.ListOf(values.MapOf(key, value)))
	if text, ok := strings.CutPrefix(string(in), "- {"); ok && strings.HasSuffix(text, "}\n") {
		return []byte(strings.TrimSuffix(text, "}\n") + "\n")
	}
	return layout.Marshal(values.MapOf(key, value))
}

// pruned is what came, without the keys that nobody expects.
func pruned(want, got values.Value) values.Value {
	m, ok := want.AsMap()
	if !ok || fits(want, got) {
		if fits(want, got) && !want.IsNull() {
			return want
		}
		return got
	}
	kept := values.NewMap(m.Len())
	for key, value := range m.All() {
		if now, there := got.Get(values.Text(key)); there {
			kept.SetKey(key, pruned(value, now))
		}
	}
	return values.FromMap(kept)
}

// fits compares an expected value with one that came; of maps only the expected keys.
func fits(want, got values.Value) bool {
	if s, ok := want.AsString(); ok && s == "<any>" {
		return true
	}
	if m, ok := want.AsMap(); ok {
		for key, value := range m.All() {
			now, there := got.Get(values.Text(key))
			if !there || !fits(value, now) {
				return false
			}
		}
		return got.Kind() == values.KindMap
	}
	if list := want.Items(); list != nil {
		other := got.Items()
		if len(list) != len(other) {
			return false
		}
		for i := range list {
			if !fits(list[i], other[i]) {
				return false
			}
		}
		return true
	}
	return want.Kind() == got.Kind() && values.Equal(want, got)
}

// changeLines prints changes, one a line.
func changeLines(changes []modules.Change) string {
	var b strings.Builder
	for _, c := range changes {
		b.WriteString(c.Action + " " + c.Path)
		switch c.Action {
		case "chmod", "chown":
			b.WriteString(": " + c.Before + " -> " + c.After)
		case "rename":
			b.WriteString(" -> " + c.After)
		case "link":
			b.WriteString(": " + c.After)
		}
		b.WriteString("\n")
	}
	return b.String()
}
