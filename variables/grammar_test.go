//go:build oracle

package variables

import (
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
)

// grammar makes templates at random: for each kind of text the ways to write it, read
// from testdata/differential/grammar.txt.
type grammar struct {
	ways map[string][]string // all ways
	ends map[string][]string // those that hold no other kind
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

func readGrammar(t testing.TB) grammar {
	t.Helper()
	src, err := os.ReadFile("testdata/differential/grammar.txt")
	if err != nil {
		t.Fatal(err)
	}
	g := grammar{ways: map[string][]string{}, ends: map[string][]string{}}
	for line := range strings.Lines(string(src)) {
		kind, way, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		g.ways[kind] = append(g.ways[kind], way)
	}
	for kind, ways := range g.ways {
		for _, way := range ways {
			if len(g.kinds(way)) == 0 {
				g.ends[kind] = append(g.ends[kind], way)
			}
		}
	}
	return g
}

// kinds lists the placeholders in way.
func (g grammar) kinds(way string) []string {
	var found []string
	for _, name := range placeholder.FindAllString(way, -1) {
		if _, ok := g.ways[name[1:len(name)-1]]; ok {
			found = append(found, name)
		}
	}
	return found
}

// write makes a text of a kind, at most depth levels deep. One in thirty parts is of
// any kind, so that mistakes are made too.
func (g grammar) write(r *rand.Rand, kind string, depth int) string {
	ways := g.ways[kind]
	if depth <= 0 && len(g.ends[kind]) > 0 {
		ways = g.ends[kind]
	}
	way := ways[r.IntN(len(ways))]
	return placeholder.ReplaceAllStringFunc(strings.ReplaceAll(way, "⏎", "\n"), func(name string) string {
		inner := name[1 : len(name)-1]
		if _, ok := g.ways[inner]; !ok {
			return name
		}
		if inner != "body" && inner != "inloop" && inner != "tname" && r.IntN(30) == 0 {
			inner = "any"
		}
		return g.write(r, inner, depth-1)
	})
}
