package executor

import (
	"maps"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// tellDiff tells in a result how what its module changed differs from what was there. In
// full only where that is asked for: else Ansible's modules tell of a file's state all the
// same, and of its content only that there would be something to tell.
func (r *result) tellDiff(s *step, changes []modules.Change) {
	module, path := s.call.Module, s.file(r)
	one, ok := r.ofOneFile(module, path, changes)
	switch {
	case ok:
		r.fields.Set("diff", one)
	case s.diff:
		r.addDiff(module, path, changes)
	case r.failed || r.skipped:
	case edits(module):
		r.fields.Set("diff", values.FromSlice(bothParts(path, nil)))
	case places(module) && r.changed && !strings.HasSuffix(path, "/"):
		r.fields.Set("diff", values.FromSlice(nil))
	}
}

// file is the path that a step's result is about, else the one that its call named.
func (s *step) file(r *result) string {
	for _, told := range []values.Value{values.FromMap(r.fields), s.call.Args} {
		for _, key := range []string{"dest", "path"} {
			if v, ok := told.Get(key); ok {
				return values.Text(v)
			}
		}
	}
	return ""
}

// places tells whether a module puts whole files somewhere.
func places(module string) bool { return module == "copy" || module == "template" }

// ofOneFile is the difference of a call that dealt with the state of one file and no content.
func (r *result) ofOneFile(module, path string, changes []modules.Change) (values.Value, bool) {
	if module != "file" && !places(module) || r.failed || r.skipped || path == "" || strings.HasSuffix(path, "/") {
		return values.Null, false
	}
	if state, _ := r.fields.Get("state"); len(changes) == 0 && values.Text(state) == "absent" {
		return values.Null, false
	}
	for _, c := range changes {
		if _, _, ok := states(module, c); !ok || c.Path != path {
			return values.Null, false
		}
	}
	return stateDiff(module, path, changes), true
}

// addDiff tells changes as Ansible's results do: contents of files, and of all else the
// state before and after.
func (r *result) addDiff(module, path string, changes []modules.Change) {
	var all []values.Value
	for len(changes) > 0 {
		same := 1
		if _, _, ok := states(module, changes[0]); ok {
			same = sameFile(module, changes)
		}
		if changes[0].Action != "exec" {
			all = append(all, diffOf(module, changes[:same]))
		}
		changes = changes[same:]
	}
	if edits(module) && !r.failed {
		all = bothParts(path, all)
	}
	if len(all) > 0 {
		r.fields.Set("diff", values.FromSlice(all))
	}
}

const ofContent, ofAttributes = " (content)", " (file attributes)"

// bothParts gives what modules that edit files tell of content and of attributes; what is
// not among the differences is told empty.
func bothParts(path string, told []values.Value) []values.Value {
	content := headed(values.MapOf("before", values.String(""), "after", values.String("")), path+ofContent, true, true)
	attributes := headed(values.MapOf(), path+ofAttributes, true, true)
	for _, part := range told {
		header, _ := part.Get("after_header")
		if strings.HasSuffix(values.Text(header), ofAttributes) {
			attributes = part
		} else {
			content = part
		}
	}
	return []values.Value{content, attributes}
}

// sameFile counts the changes of states at the beginning that are of one file.
func sameFile(module string, changes []modules.Change) int {
	for i, c := range changes {
		if _, _, ok := states(module, c); !ok || c.Path != changes[0].Path {
			return i
		}
	}
	return len(changes)
}

// diffOf is one difference, of one change or of several of a file's state.
func diffOf(module string, changes []modules.Change) values.Value {
	c := changes[0]
	if _, _, ok := states(module, c); ok {
		return stateDiff(module, c.Path, changes)
	}
	if len(c.Withheld) > 0 {
		return withheldDiff(c)
	}
	if c.Text {
		return contentDiff(module, c)
	}
	return headed(values.MapOf("before", values.String(stateLine(c.Path, c.Before)), "after", values.String(stateLine(c.Path, c.After))),
		c.Path, c.Before != "", c.After != "")
}

// edits tells whether a module changes parts of a file: it shows apart what it did to the
// content and to mode and owner.
func edits(module string) bool { return module == "lineinfile" || module == "blockinfile" }

func contentDiff(module string, c modules.Change) values.Value {
	diff := values.MapOf("before", values.String(c.Before), "after", values.String(c.After))
	if edits(module) {
		return headed(diff, c.Path+ofContent, true, true)
	}
	return headed(diff, c.Path, c.Before != "", true)
}

// withheldDiff tells why contents are not shown.
func withheldDiff(c modules.Change) values.Value {
	diff := values.MapOf()
	m, _ := diff.AsMap()
	for _, why := range c.Withheld {
		m.Set(why, values.Int(modules.ShownContent))
		if strings.HasSuffix(why, "_binary") {
			m.Set(why, values.Int(1))
		}
	}
	return headed(diff, c.Path, c.Before != "", true)
}

// headed names the file at the sides where it is.
func headed(diff values.Value, path string, before, after bool) values.Value {
	m, _ := diff.AsMap()
	if before {
		m.Set("before_header", values.String(path))
	}
	if after {
		m.Set("after_header", values.String(path))
	}
	return diff
}

// stateDiff gathers changes of one file's state in two mappings.
func stateDiff(module, path string, changes []modules.Change) values.Value {
	before, after := map[string]string{}, map[string]string{}
	for _, c := range changes {
		was, is, _ := states(module, c)
		for key, text := range was {
			if _, known := before[key]; !known {
				before[key] = text
			}
		}
		maps.Copy(after, is)
	}
	if edits(module) {
		return headed(values.MapOf("before", sorted(before), "after", sorted(after)), path+ofAttributes, true, true)
	}
	before["path"], after["path"] = path, path
	return values.MapOf("before", sorted(before), "after", sorted(after))
}

func sorted(texts map[string]string) values.Value {
	m := values.NewMap(len(texts))
	for _, key := range slices.Sorted(maps.Keys(texts)) {
		m.Set(key, values.String(texts[key]))
	}
	return values.FromMap(m)
}

// states are the properties that a change gives a file; ok is false for one of its content.
func states(module string, c modules.Change) (before, after map[string]string, ok bool) {
	switch c.Action {
	case "mkdir":
		before, after = property("state", "absent"), property("state", "directory")
	case "remove":
		before, after = property("state", stateIn(c.Before)), property("state", "absent")
	case "link":
		before, after = linked(c.Before, c.After)
	case "chmod":
		before, after = property("mode", c.Before), property("mode", c.After)
	case "chown":
		before, after = owners(c.Before, c.After)
	case "touch":
		before, after = property("mtime", c.Before), property("mtime", c.After)
	case "write":
		if module != "file" { // which only makes empty ones
			return nil, nil, false
		}
		before, after = property("state", "absent"), property("state", "touch")
	default:
		return nil, nil, false
	}
	return before, after, true
}

func property(key, text string) map[string]string { return map[string]string{key: text} }

const linkTo = "link to "

// stateIn is Ansible's word for what a change says of a file.
func stateIn(text string) string {
	switch {
	case text == "":
		return "absent"
	case text == "directory":
		return text
	case strings.HasPrefix(text, linkTo):
		return "link"
	case strings.HasPrefix(text, "hard link"):
		return "hard"
	}
	return "file"
}

// linked tells of a new link, and of one that points elsewhere now.
func linked(before, after string) (was, is map[string]string) {
	from, wasLink := strings.CutPrefix(before, linkTo)
	to, isLink := strings.CutPrefix(after, linkTo)
	if wasLink && isLink {
		return property("src", from), property("src", to)
	}
	return property("state", stateIn(before)), property("state", stateIn(after))
}

// owners tells of owner and group what changed.
func owners(before, after string) (was, is map[string]string) {
	was, is = map[string]string{}, map[string]string{}
	owner, group, _ := strings.Cut(before, ":")
	toOwner, toGroup, _ := strings.Cut(after, ":")
	if owner != toOwner {
		was["owner"], is["owner"] = owner, toOwner
	}
	if group != toGroup {
		was["group"], is["group"] = group, toGroup
	}
	return was, is
}

func stateLine(path, state string) string {
	if state == "" {
		return ""
	}
	return path + ": " + strings.TrimSuffix(state, "\n") + "\n"
}
