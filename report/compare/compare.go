// Package compare reads the consoles of gdeploy and of Ansible into a text in which both say the same where they did the same. The
// conformance tests are built on it.
package compare

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// Reading tells how a console is read. The zero value keeps results whole, each in one line.
type Reading struct {
	Free   bool     // there is no order between hosts, as under the strategy free: each host's results stand together
	Left   []string // keys of results that are left out
	Hidden []string // keys of results of which only is told that they are there
	Prose  bool     // messages that each program words as it sees fit are hidden
	Indent string   // results are written one key a line, indented by this
}

var (
	banner = regexp.MustCompile(`^((?:PLAY|TASK|RUNNING HANDLER|NO MORE HOSTS LEFT|PLAY RECAP|CUSTOM STATS|CALLBACK).*?) \*{3,}$`)
	result = regexp.MustCompile(`^(?:ok|changed|skipping|fatal|failed|FAILED - RETRYING):? (?:=>|\[([^\]\s]+))`)
	adhoc  = regexp.MustCompile(`^(\S+) \| [A-Z]+`)
	// preamble is what -vv says of the program itself.
	preamble = regexp.MustCompile(`^(?:gdeploy \S+|ansible\S* \[core .*)$|^  [a-z ]+ = |^Skipping callback `)
	// changedFile is in a diff; Ansible has the name of a temporary file there.
	changedFile = regexp.MustCompile(`^\+\+\+ after: .*`)
	recap       = regexp.MustCompile(`^(\S+)\s+: (ok=.*)$`)
	spaces      = regexp.MustCompile(`\s+`)
)

// entry is what one host did in one task, in one or more lines.
type entry struct {
	banner, host string
	lines        []string
}

// Events takes from a console what does not depend on the moment: banners without
// stars, and below each the results in the order of their hosts' names, their JSON sorted by keys.
func (r Reading) Events(console string) string {
	var told strings.Builder
	var under string
	var entries []entry
	flush := func() {
		rejoin(entries)
		sort.SliceStable(entries, func(i, j int) bool { return entries[i].host < entries[j].host })
		for _, e := range entries {
			if r.Free && e.banner != "" {
				told.WriteString(e.banner + " ")
			}
			told.WriteString(r.tidy(strings.Join(e.lines, "\n")) + "\n")
		}
		entries = nil
	}
	for _, line := range strings.Split(console, "\n") {
		line = changedFile.ReplaceAllString(strings.TrimRight(line, " "), "+++ after: (file)")
		if found := banner.FindStringSubmatch(line); found != nil {
			under = found[1]
			if r.Free && !strings.HasPrefix(under, "PLAY") {
				continue
			}
			flush()
			if !strings.HasSuffix(told.String(), "NO MORE HOSTS LEFT\n") || under != "NO MORE HOSTS LEFT" {
				told.WriteString(under + "\n")
			}
			continue
		}
		if found := recap.FindStringSubmatch(line); found != nil && under == "PLAY RECAP" {
			entries = append(entries, entry{host: found[1], lines: []string{spaces.ReplaceAllString(line, " ")}})
			continue
		}
		if under == "PLAY RECAP" || line == "" || strings.HasPrefix(line, "An exception occurred during task execution.") || strings.HasPrefix(line, "No config file found") || preamble.MatchString(line) {
			continue // gdeploy says below the recap what happened
		}
		found := result.FindStringSubmatch(line)
		if found == nil {
			found = adhoc.FindStringSubmatch(line)
		}
		if found == nil && len(entries) > 0 && !strings.HasPrefix(line, "included: ") {
			last := &entries[len(entries)-1]
			last.lines = append(last.lines, line)
			continue
		}
		e := entry{banner: under, lines: []string{line}}
		switch {
		case found != nil:
			e.host = found[1]
		case strings.HasPrefix(line, "included: "):
			e.host = "~"
			if r.Free {
				e.host += line[strings.LastIndex(line, " for ")+1:]
			}
		}
		entries = append(entries, e)
	}
	flush()
	return told.String()
}

// rejoin puts "...ignoring" behind the last round of every host, where each host has one: of
// hosts that go through a loop beside each other, it may follow a round of another.
func rejoin(entries []entry) {
	last, ignoring := map[string]int{}, 0
	for i, e := range entries {
		if strings.Contains(e.lines[0], "(item=") {
			last[e.host] = i
			ignoring += len(e.lines) - len(withoutIgnoring(e.lines))
		}
	}
	if len(last) == 0 || ignoring != len(last) {
		return
	}
	for i, e := range entries {
		if at, looped := last[e.host]; looped && strings.Contains(e.lines[0], "(item=") {
			entries[i].lines = withoutIgnoring(e.lines)
			if i == at {
				entries[i].lines = append(entries[i].lines, ignored)
			}
		}
	}
}

// ignored is what consoles say of a failure that does not matter.
const ignored = "...ignoring"

func withoutIgnoring(lines []string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return line == ignored })
}

// tidy writes the JSON of a result in one line, keys sorted, without what varies.
func (r Reading) tidy(text string) string {
	text, ignoring := strings.CutSuffix(text, "\n"+ignored)
	for at := 0; ; at++ {
		next := strings.Index(text[at:], "=> {")
		if next < 0 {
			break
		}
		at += next
		decoder := json.NewDecoder(strings.NewReader(text[at+3:]))
		decoder.UseNumber()
		var data any
		if decoder.Decode(&data) != nil || strings.TrimSpace(text[at+3+int(decoder.InputOffset()):]) != "" {
			continue
		}
		r.steady(data)
		if r.Prose && (strings.HasPrefix(text, "fatal:") || strings.HasPrefix(text, "failed:")) {
			hideProse(data.(map[string]any))
		}
		text = text[:at+3] + r.write(data)
		break
	}
	if ignoring {
		text += "\n" + ignored
	}
	return text
}

func (r Reading) write(data any) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", r.Indent)
	if err := encoder.Encode(data); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(out.String())
}

func (r Reading) steady(data any) {
	switch data := data.(type) {
	case map[string]any:
		for _, key := range r.Left {
			delete(data, key)
		}
		for _, key := range r.Hidden {
			if _, ok := data[key]; ok {
				data[key] = "(varies)"
			}
		}
		for _, below := range data {
			r.steady(below)
		}
	case []any:
		for _, below := range data {
			r.steady(below)
		}
	}
}

// prose stands for a message that each program words as it sees fit.
const prose = "(prose)"

var theirProse = regexp.MustCompile(`(?s)The error was: |The error appears to |is undefined|has no attribute|expects a|^with_|` +
	`^(Unsupported parameters|Unexpected|Unable to|No variable|Could not find|template error|missing required|value of|[Ii]nvalid|An unhandled|Data could not|mode must be|AnsibleError: template error|Decryption failed|can't parse|Mandatory|The '\w+' test expects|failed to combine|Failed to change ownership of the temporary files|[Uu]nknown|subelements|the (?:field|conditional)|could not|couldn't|No file was found|lookup plugin|No section|Duplicate option|TemplateNotFound|.* is not a valid option)`)

func hideProse(data map[string]any) {
	for _, key := range worded {
		if text, ok := data[key].(string); ok && theirProse.MatchString(text) {
			data[key] = prose
			if data["changed"] == false && len(data) == 2 {
				delete(data, "changed")
			}
		}
	}
}

// worded are the keys of results that may hold prose.
var worded = []string{"msg", "message", "failed_when_result", "changed_when_result"}

// OverlookProse takes gdeploy's own words for a message where Ansible has its own.
func OverlookProse(got, want string) string {
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		for _, key := range worded {
			hidden := fmt.Sprintf(`"%s":"%s"`, key, prose)
			if strings.Contains(wantLines[i], hidden) {
				text := regexp.MustCompile(`"` + key + `":"(?:[^"\\]|\\.)*"`)
				gotLines[i] = text.ReplaceAllLiteralString(gotLines[i], hidden)
			}
		}
	}
	return strings.Join(gotLines, "\n")
}
