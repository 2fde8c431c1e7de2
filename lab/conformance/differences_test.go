//go:build lab

package conformance

import (
	"encoding/json"
	"reflect"
	"regexp"
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

// tellsMore tells whether gdeploy said all that Ansible said, and more besides, where that is fine: it shows each file that changes;
// in check mode, where most of Ansible's modules tell nothing but that something would change, it tells what it knows; and so it does
// of failures, where the message too may say more.
func tellsMore(theirs, ours told) bool {
	theirDiff, theirStart, want, ok := takeApart(theirs.text)
	ourDiff, ourStart, got, alsoOK := takeApart(ours.text)
	if !ok || !alsoOK || theirStart != ourStart || !strings.Contains(ourDiff, theirDiff) {
		return false
	}
	failed, dry := strings.HasPrefix(ourStart, "f"), strings.Contains(theirs.run, "-C")
	for key, value := range want {
		text, isText := value.(string)
		said, _ := got[key].(string)
		if (failed || dry) && key == "msg" && isText && strings.Contains(said, strings.TrimSpace(text)) {
			continue
		}
		if !reflect.DeepEqual(got[key], value) {
			return false
		}
	}
	return failed || dry || len(got) == len(want)
}

// shownBefore begins the difference of a file; Ansible has many names for the side before.
var shownBefore = regexp.MustCompile(`(?m)^--- before.*$`)

// takeApart divides what was said of one result into the difference that is shown, how the result begins, and its keys.
func takeApart(text string) (diff, start string, result map[string]any, ok bool) {
	before, after, ok := strings.Cut(text, "=> {")
	if !ok {
		return "", "", nil, false
	}
	at := strings.LastIndex(before, "\n") + 1
	diff, start = shownBefore.ReplaceAllString(before[:at], "--- before"), before[at:]
	decoder := json.NewDecoder(strings.NewReader("{" + after))
	if decoder.Decode(&result) != nil {
		return "", "", nil, false
	}
	rest := strings.TrimSpace(("{" + after)[decoder.InputOffset():])
	return diff, start, result, rest == "" || rest == "...ignoring"
}
