package variables

import (
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
)

// UndefinedError is the use of a variable that nothing defines.
type UndefinedError struct {
	*jinja.UndefinedError
	// Near are variables with a similar name.
	Near []string
}

// Error gives file:line:col, what is missing, and what may have been meant.
func (e *UndefinedError) Error() string {
	if len(e.Near) == 0 {
		return e.UndefinedError.Error()
	}
	return e.UndefinedError.Error() + " (did you mean " + strings.Join(e.Near, " or ") + "?)"
}

// Unwrap gives the engine's error.
func (e *UndefinedError) Unwrap() error { return e.UndefinedError }

// explainError adds the nearest names to the error for an undefined variable.
func (sc *Scope) explainError(err error) error {
	u, ok := undefinedIn(err)
	if !ok || !strings.HasSuffix(u.Msg, "'"+u.Name+"' is undefined") {
		return err
	}
	return &UndefinedError{UndefinedError: u, Near: nearest(u.Name, sc.Names())}
}

// nearest gives at most two names that differ little from name, the nearest first.
func nearest(name string, names []string) []string {
	limit := 1 + len(name)/4
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	for _, other := range names {
		if d := distance(name, other, limit); d <= limit && other != name {
			near = append(near, candidate{other, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return a.distance - b.distance })
	var out []string
	for _, c := range near[:min(2, len(near))] {
		out = append(out, c.name)
	}
	return out
}

// distance counts the letters to insert, remove or replace; above limit it stops counting.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
