package inventory

import (
	"fmt"
	"slices"
	"strings"
)

// nearest suggests what a person who typed name may have meant: "; did you mean "web"?",
// or nothing where no candidate is near.
func nearest(name string, candidates []string) string {
	best, bestDistance := []string(nil), max(2, len(name)/3)+1
	for _, c := range candidates {
		if c == name || max(len(c)-len(name), len(name)-len(c)) >= bestDistance+1 {
			continue
		}
		d := distance(strings.ToLower(name), strings.ToLower(c))
		if d < bestDistance {
			best, bestDistance = nil, d
		}
		if d == bestDistance && d < max(2, len(name)/3)+1 && len(best) < 3 && !slices.Contains(best, c) {
			best = append(best, c)
		}
	}
	if len(best) == 0 {
		return ""
	}
	quoted := make([]string, len(best))
	for i, c := range best {
		quoted[i] = fmt.Sprintf("%q", c)
	}
	return "; did you mean " + strings.Join(quoted, " or ") + "?"
}

// distance counts the edits that turn a into b (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
