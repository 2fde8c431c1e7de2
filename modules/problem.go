package modules

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Problem is one mistake in the arguments of a call.
type Problem struct {
	// Pos is where the operator wrote it, where that is known.
	Pos values.Position
	// Msg is the sentence for the operator.
	Msg string
	// Ansible is the message that ansible-core gives at run time, for playbooks that
	// look at it; empty where it has none of its own.
	Ansible string
}

// Error gives file:line:col and the sentence.
func (p Problem) Error() string {
	if pos := p.Pos.String(); pos != "" {
		return pos + ": " + p.Msg
	}
	return p.Msg
}

// Problems are all the mistakes in the arguments of one call.
type Problems []Problem

// Error gives each mistake a line of its own.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// failure is the message of a call that fails by these mistakes when it runs.
func (ps Problems) failure() string {
	var parts []string
	for _, p := range ps {
		if p.Ansible != "" {
			parts = append(parts, p.Ansible)
			continue
		}
		parts = append(parts, p.Msg)
	}
	return strings.Join(parts, "; ")
}

// Invalid makes the error that a module's Validate returns; several are joined with
// errors.Join.
func Invalid(format string, args ...any) error {
	return Problem{Msg: fmt.Sprintf(format, args...)}
}

// Fail makes an error whose message is Ansible's to the letter, capitals and full stops
// included, because playbooks look for it.
func Fail(format string, args ...any) error { return fmt.Errorf(format, args...) }

// problemsOf takes the error of a Validate apart.
func problemsOf(err error, pos values.Position) Problems {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var ps Problems
		for _, e := range joined.Unwrap() {
			ps = append(ps, problemsOf(e, pos)...)
		}
		return ps
	}
	var p Problem
	if !errors.As(err, &p) {
		p = Problem{Msg: err.Error()}
	}
	if p.Pos == (values.Position{}) {
		p.Pos = pos
	}
	return Problems{p}
}

// Exclusive is a mistake where more than one of the named parameters is given. The
// arguments are names and whether each is given: Exclusive("src", m.Src != "", ...).
func Exclusive(pairs ...any) error {
	if names := given(pairs); len(names) > 1 {
		return Problem{
			Msg:     fmt.Sprintf("only one of %s may be given", quoteList(names)),
			Ansible: "parameters are mutually exclusive: " + strings.Join(all(pairs), "|"),
		}
	}
	return nil
}

// OneOf is a mistake where none of the named parameters is given; arguments as in
// Exclusive.
func OneOf(pairs ...any) error {
	if len(given(pairs)) == 0 {
		return Problem{
			Msg:     fmt.Sprintf("one of %s is needed", quoteList(all(pairs))),
			Ansible: "one of the following is required: " + strings.Join(all(pairs), ", "),
		}
	}
	return nil
}

// RequiredIf is a mistake where the named parameters are not all given although param
// has the value; arguments as in Exclusive.
func RequiredIf(param string, value string, holds bool, pairs ...any) error {
	if !holds {
		return nil
	}
	if missing := without(all(pairs), given(pairs)); len(missing) > 0 {
		return Problem{
			Msg:     fmt.Sprintf("%s: %s needs %s", param, value, quoteList(missing)),
			Ansible: fmt.Sprintf("%s is %s but all of the following are missing: %s", param, value, strings.Join(missing, ", ")),
		}
	}
	return nil
}

// RequiredTogether is a mistake where only some of the named parameters are given;
// arguments as in Exclusive.
func RequiredTogether(pairs ...any) error {
	if n := len(given(pairs)); n > 0 && n < len(pairs)/2 {
		return Problem{
			Msg:     fmt.Sprintf("%s go together", quoteList(all(pairs))),
			Ansible: "parameters are required together: " + strings.Join(all(pairs), ", "),
		}
	}
	return nil
}

func all(pairs []any) []string {
	var names []string
	for i := 0; i+1 < len(pairs); i += 2 {
		names = append(names, pairs[i].(string))
	}
	return names
}

func given(pairs []any) []string {
	var names []string
	for i := 0; i+1 < len(pairs); i += 2 {
		if pairs[i+1].(bool) {
			names = append(names, pairs[i].(string))
		}
	}
	return names
}

func without(names, gone []string) []string {
	var left []string
	for _, name := range names {
		if !contains(gone, name) {
			left = append(left, name)
		}
	}
	return left
}

func contains(list []string, word string) bool {
	for _, w := range list {
		if w == word {
			return true
		}
	}
	return false
}

func quoteList(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(quoted, ", ")
}

// nearest is the candidate that word was probably meant to be, or "".
func nearest(word string, candidates []string) string {
	best, at := "", len(word)/3+2
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d < at {
			best, at = c, d
		}
	}
	return best
}

// distance counts the letters to insert, delete, replace or swap to make b out of a.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(row[j-1]+1, last[j]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
