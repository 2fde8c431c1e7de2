// Package lint tells what is wrong, doubtful or old in playbooks, without touching a host.
//
// What a run would refuse comes from the loader; this package adds what a run finds only
// when it gets there, and forms that have better ones.
package lint

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
)

// Severity says how bad a finding is.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // a run would be refused
	Warning Severity = "warning" // a run begins, and may not do what is meant
)

// The rules that are no rules of this package.
const (
	Refused    = "refused"              // a run would be refused
	Late       = "fails-when-it-runs"   // the task fails, and the playbook says that it may
	Doubtful   = "doubtful"             // it loads, and is probably not meant
	Deprecated = "deprecated"           // it still works, and Ansible gives it up
	Included   = "refused-when-reached" // a file that is included while the playbook runs is refused
)

// Finding is one thing that lint tells.
type Finding struct {
	File     string   `json:"file"`
	Line     int      `json:"line"` // from 1
	Col      int      `json:"col"`  // from 1, in characters
	End      Point    `json:"end"`  // behind the last character of what is meant
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Message  string   `json:"message"`
	Hint     string   `json:"hint,omitempty"` // what was probably meant, or what to use

	text string // the line as it was written
}

// Point is a place in a file.
type Point struct {
	Line int `json:"line"`
	Col  int `json:"col"`
}

// Findings collects findings. Read gives the text of a file.
type Findings struct {
	Read func(file string) ([]byte, error)

	list  []Finding
	lines map[string][]string
}

// Add adds a finding, unless there is one with that place and message already: the first
// one counts.
func (f *Findings) Add(pos values.Position, rule string, severity Severity, message, hint string) {
	one := Finding{File: pos.File, Line: max(1, pos.Line), Col: max(1, pos.Col), Rule: rule, Severity: severity, Message: message, Hint: hint}
	if slices.ContainsFunc(f.list, func(o Finding) bool {
		return o.File == one.File && o.Line == one.Line && o.Col == one.Col && o.Message == message
	}) {
		return
	}
	one.text = f.line(one.File, one.Line)
	one.End = Point{one.Line, one.Col + width(one.text, one.Col)}
	f.list = append(f.list, one)
}

// All gives the findings in the order of files and lines.
func (f *Findings) All() []Finding {
	all := slices.Clone(f.list)
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Col-b.Col)
	})
	return all
}

// Count counts the findings of a severity.
func (f *Findings) Count(s Severity) int {
	n := 0
	for _, one := range f.list {
		if one.Severity == s {
			n++
		}
	}
	return n
}

func (f *Findings) line(file string, n int) string {
	if f.lines == nil {
		f.lines = map[string][]string{}
	}
	lines, ok := f.lines[file]
	if !ok && file != "" && f.Read != nil {
		text, _ := f.Read(file) // without the text, a finding has no line
		lines = strings.Split(string(text), "\n")
		f.lines[file] = lines
	}
	if n > len(lines) {
		return ""
	}
	return strings.TrimRight(lines[n-1], "\r")
}

// width is how many characters belong to the word or quoted text at a column.
func width(line string, col int) int {
	runes := []rune(line)
	if col > len(runes) {
		return 1
	}
	rest := runes[col-1:]
	if quote := rest[0]; quote == '"' || quote == '\'' {
		if end := slices.Index(rest[1:], quote); end >= 0 {
			return end + 2
		}
		return len(rest)
	}
	for i, r := range rest {
		if unicode.IsSpace(r) || strings.ContainsRune(",:]}#", r) {
			return max(1, i)
		}
	}
	return len(rest)
}

// WriteText writes findings for people: file:line:col: severity: message [rule], the
// line, and the hint.
func WriteText(w io.Writer, all []Finding) error {
	var b strings.Builder
	for _, f := range all {
		if f.File != "" {
			fmt.Fprintf(&b, "%s:%d:%d: ", f.File, f.Line, f.Col)
		}
		fmt.Fprintf(&b, "%s: %s [%s]\n", f.Severity, f.Message, f.Rule)
		if f.text != "" && utf8.RuneCountInString(f.text) < 200 {
			fmt.Fprintf(&b, "    %s\n    %s^\n", strings.ReplaceAll(f.text, "\t", " "), strings.Repeat(" ", f.Col-1))
		}
		if f.Hint != "" {
			fmt.Fprintf(&b, "    %s\n", f.Hint)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteJSON writes findings as one JSON array.
func WriteJSON(w io.Writer, all []Finding) error {
	if all == nil {
		all = []Finding{}
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(all)
}
