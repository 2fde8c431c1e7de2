package playbooks

import (
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Select says which tasks run, as --tags and --skip-tags do. The zero Select takes all
// but those tagged never.
type Select struct {
	// Tags are those to run; none is the same as "all". The words all, tagged and
	// untagged have their meaning.
	Tags []string
	// SkipTags are those to leave out, even where Tags names them.
	SkipTags []string
}

// Takes reports whether a task with these tags, inherited ones included, runs.
func (s Select) Takes(tags []string) bool {
	has := func(tag string) bool { return slices.Contains(tags, tag) }
	return s.wanted(tags, has) && !s.skipped(tags, has)
}

func (s Select) wanted(tags []string, has func(string) bool) bool {
	only := s.Tags
	if len(only) == 0 {
		only = []string{"all"}
	}
	switch {
	case has("always"):
		return true
	case slices.Contains(only, "all") && !has("never"):
		return true
	case intersect(tags, only):
		return true
	}
	return slices.Contains(only, "tagged") && len(tags) > 0 && !has("never")
}

func (s Select) skipped(tags []string, has func(string) bool) bool {
	switch {
	case slices.Contains(s.SkipTags, "all"):
		return !has("always") || slices.Contains(s.SkipTags, "always")
	case intersect(tags, s.SkipTags):
		return true
	}
	return slices.Contains(s.SkipTags, "tagged") && len(tags) > 0
}

// intersect reports whether a tag is named; a task without tags is "untagged".
func intersect(tags, named []string) bool {
	if len(tags) == 0 {
		return slices.Contains(named, "untagged")
	}
	return slices.ContainsFunc(tags, func(tag string) bool { return slices.Contains(named, tag) })
}

// TagsOf gives the tags of a task of a play with all that it inherits, those of the
// play first, each once. Templates in them stay as they are.
func TagsOf(play *Play, t *Task) []string {
	layers := [][]string{t.Tags}
	for b := t.Parent; b != nil; b = b.Parent {
		layers = append(layers, b.Tags)
	}
	if play != nil {
		layers = append(layers, play.Tags)
	}
	var all []string
	for _, layer := range slices.Backward(layers) {
		for _, tag := range layer {
			if tag = strings.TrimSpace(tag); !slices.Contains(all, tag) {
				all = append(all, tag)
			}
		}
	}
	return all
}

// EvaluatedTags gives tags with their templates evaluated, each once; a template may give a
// list of tags.
func EvaluatedTags(tags []string, evaluate func(values.Value) values.Value) []string {
	evaluated := []string{}
	for _, tag := range tags {
		v := evaluate(values.String(tag))
		items := v.Items()
		if v.Kind() != values.KindList {
			items = []values.Value{v}
		}
		for _, item := range items {
			if text := values.Text(item); !slices.Contains(evaluated, text) {
				evaluated = append(evaluated, text)
			}
		}
	}
	return evaluated
}
