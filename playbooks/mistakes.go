package playbooks

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// Mistake is one thing in a playbook that is refused.
type Mistake struct {
	Pos values.Position
	// Msg says what is wrong.
	Msg string
	// Hint says what was probably meant, or what to use instead; often empty.
	Hint string
	// Line is the offending line as it was written; empty where it is not known.
	Line string
	// Ansible is the message that a task fails with where Ansible finds this only when
	// the task runs; empty: Msg.
	Ansible string
}

// String gives file:line:col: message, the offending line with a mark below the column,
// and the hint.
func (m Mistake) String() string {
	text := m.Msg
	if at := m.Pos.String(); at != "" {
		text = at + ": " + text
	}
	if m.Line != "" {
		text += "\n    " + m.Line + "\n    " + strings.Repeat(" ", max(0, m.Pos.Col-1)) + "^"
	}
	if m.Hint != "" {
		text += "\n    " + m.Hint
	}
	return text
}

// Mistakes are all that was found, in the order of files, lines and columns.
type Mistakes []Mistake

// Error gives all mistakes, each as its String.
func (m Mistakes) Error() string {
	texts := make([]string, len(m))
	for i, mistake := range m {
		texts[i] = mistake.String()
	}
	return strings.Join(texts, "\n")
}

// sorted gives the mistakes in order and each of them once: a role that is used twice
// is read twice.
func (m Mistakes) sorted() Mistakes {
	all := slices.Clone(m)
	slices.SortStableFunc(all, func(a, b Mistake) int {
		return cmp.Or(strings.Compare(a.Pos.File, b.Pos.File), a.Pos.Line-b.Pos.Line, a.Pos.Col-b.Pos.Col)
	})
	return slices.CompactFunc(all, func(a, b Mistake) bool { return a.Pos == b.Pos && a.Msg == b.Msg })
}

// LateError is what makes a task fail when it runs, because Ansible would not find it
// earlier and could survive it. Its text is the messages alone, as register shows them.
type LateError struct{ Mistakes Mistakes }

// Error gives the messages without places and hints.
func (e *LateError) Error() string {
	texts := make([]string, len(e.Mistakes))
	for i, m := range e.Mistakes {
		texts[i] = cmp.Or(m.Ansible, m.Msg)
	}
	return strings.Join(texts, "; ")
}

// Unwrap gives the mistakes with their places.
func (e *LateError) Unwrap() error { return e.Mistakes }

// mistakesOf takes the errors of another package apart into mistakes; pos is where they
// are unless they know better.
func mistakesOf(err error, pos values.Position) Mistakes {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all Mistakes
		for _, e := range joined.Unwrap() {
			all = append(all, mistakesOf(e, pos)...)
		}
		return all
	}
	var bad *yaml.Error
	if errors.As(err, &bad) {
		return Mistakes{{Pos: bad.Pos, Msg: bad.Msg, Hint: bad.Hint, Line: bad.Line}}
	}
	var known Mistakes
	if errors.As(err, &known) {
		return known
	}
	return Mistakes{{Pos: pos, Msg: err.Error()}}
}
