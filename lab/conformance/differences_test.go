//go:build lab

package conformance

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// told is what a program said in one run below one banner.
type told struct {
	run, banner, text string
}

// differences shows, task by task, where gdeploy did not do what is wanted; it is empty where it did.
func differences(want, got string) string {
	theirs, ours := toldIn(want), toldIn(got)
	var all strings.Builder
	for i := range max(len(theirs), len(ours)) {
		if i >= len(theirs) || i >= len(ours) || theirs[i].run != ours[i].run || theirs[i].banner != ours[i].banner {
			all.WriteString("they go different ways:\n" + udiff.Unified("ansible", "gdeploy", rest(theirs, i), rest(ours, i)))
			break
		}
		if theirs[i].text == ours[i].text || tellsMore(theirs[i], ours[i]) {
			continue
		}
		all.WriteString(theirs[i].run + ": " + theirs[i].banner + "\n" + udiff.Unified("ansible", "gdeploy", theirs[i].text, ours[i].text))
	}
	return all.String()
}

// toldIn takes apart what happens gives.
func toldIn(text string) []told {
	var all []told
	run := ""
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "$ play"):
			run = strings.TrimSpace(line)
		case strings.HasPrefix(line, "exit "), strings.HasPrefix(line, "left on the host"):
			all = append(all, told{run, "", line})
		case strings.HasPrefix(line, "PLAY"), strings.HasPrefix(line, "TASK"), strings.HasPrefix(line, "RUNNING HANDLER"):
			all = append(all, told{run, strings.TrimSpace(line), ""})
		case len(all) > 0:
			all[len(all)-1].text += line
		}
	}
	return all
}

func rest(all []told, from int) string {
	var text strings.Builder
	for _, t := range all[min(from, len(all)):min(from+3, len(all))] {
		text.WriteString(t.run + ": " + t.banner + "\n" + t.text)
	}
	return text.String()
}

// tellsMore tells whether gdeploy said all that Ansible said, and more besides, where that is fine. It shows each file that changes.
// In check mode, where most of Ansible's modules tell nothing but that something would change, it tells what it knows. So it does of
// failures, where the message too may say more.
func tellsMore(theirs, ours told) bool {
	want, got := results(theirs.text), results(ours.text)
	if len(want) == 0 || len(want) != len(got) {
		return false
	}
	for i := range want {
		if !want[i].isIn(got[i], strings.Contains(theirs.run, "-C")) {
			return false
		}
	}
	return true
}

// one is what is told of one result: the contents of files that differ, how its line begins, and its keys.
type one struct {
	contents, start string
	keys            map[string]any
}

// isIn tells whether all of a result is in another. In a dry run the other may have more.
func (want one) isIn(got one, dry bool) bool {
	if want.start != got.start || !strings.Contains(got.contents, want.contents) {
		return false
	}
	if from, _ := want.keys["src"].(string); lain.MatchString(from) {
		delete(want.keys, "src")
		delete(got.keys, "src")
	}
	failed := strings.HasPrefix(got.start, "f")
	for key, value := range want.keys {
		text, isText := value.(string)
		said, _ := got.keys[key].(string)
		if (failed || dry) && key == "msg" && isText && strings.Contains(said, strings.TrimSpace(text)) {
			continue
		}
		if !reflect.DeepEqual(got.keys[key], value) {
			return false
		}
	}
	return failed || dry || len(got.keys) == len(want.keys)
}

// lain matches where Ansible had a source for a moment; gdeploy names it as the play does.
var lain = regexp.MustCompile(`^\(tmp\)|^\$WORK|/\.ansible/tmp/`)

// results are those of one task: one, or those of its items.
func results(text string) []one {
	var all []one
	for text != "" {
		before, after, found := strings.Cut(text, "=> {")
		if !found {
			break
		}
		var o one
		decoder := json.NewDecoder(strings.NewReader("{" + after))
		if decoder.Decode(&o.keys) != nil {
			// The name of an item has "=> {" in it, or what follows is no result.
			text = after
			continue
		}
		hide(o.keys)
		at := strings.LastIndex(before, "\n") + 1
		o.contents, o.start = contents(before[:at]), before[at:]
		all = append(all, o)
		text = strings.TrimPrefix(strings.TrimLeft(("{" + after)[decoder.InputOffset():], "\n"), "...ignoring\n")
	}
	return all
}

// contents are the differences of files' contents in what is shown. Those of their states, and of git's working copies, are left to
// the cases of testdata/conformance.
func contents(shown string) string {
	var kept strings.Builder
	for part := range strings.SplitSeq("\n"+shown, "\n--- before") {
		_, hunks, ok := strings.Cut(part, "\n@@")
		if !ok || strings.Contains(hunks, "\n {\n") || strings.Contains(hunks, "diff --git") {
			continue
		}
		kept.WriteString("@@" + strings.TrimRight(hunks, "\n") + "\n")
	}
	return kept.String()
}

// hide takes the values of what varies from a result.
func hide(data any) {
	switch data := data.(type) {
	case map[string]any:
		for _, key := range reading.Left {
			delete(data, key)
		}
		for key, below := range data {
			hide(below)
			if slices.Contains(reading.Hidden, key) {
				data[key] = "(varies)"
			}
		}
	case []any:
		for _, below := range data {
			hide(below)
		}
	}
}
