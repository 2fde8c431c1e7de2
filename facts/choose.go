package facts

import (
	"fmt"
	"slices"
	"strings"
)

// Choose tells which collectors a gather_subset means. Its words are all, min, a
// collector's name or one of its facts, each with "!" to leave it out. Without words it
// is all; the minimal collectors belong to each but where !min stands, and what is named
// outweighs what is left out. facter and ohai can only be left out.
func Choose(subset []string) (map[string]bool, error) {
	if len(subset) == 0 {
		subset = []string{"all"}
	}
	wanted, named, excluded := idsOf("min"), map[string]bool{}, map[string]bool{}
	for _, word := range subset {
		word = strings.TrimSpace(word)
		bare, not := strings.CutPrefix(word, "!")
		if err := known(bare, not); err != nil {
			return nil, err
		}
		switch {
		case word == "!all":
			more := idsOf("all")
			unmark(more, idsOf("min"))
			mark(excluded, more)
		case not:
			mark(excluded, idsOf(bare))
		case bare == "all" || bare == "min":
			mark(wanted, idsOf(bare))
		default:
			named[bare] = true
		}
	}
	unmark(wanted, excluded)
	mark(wanted, named)
	return choice(wanted), nil
}

func mark(set, more map[string]bool) {
	for id := range more {
		set[id] = true
	}
}

func unmark(set, less map[string]bool) {
	for id := range less {
		delete(set, id)
	}
}

// ids are a collector's name and its facts.
func (c collector) ids() []string { return append([]string{c.name}, strings.Fields(c.members)...) }

// idsOf lists what a word stands for: with a collector's name also its facts, with min
// the names alone, so that all,!min leaves collectors whose facts have names.
func idsOf(word string) map[string]bool {
	ids := map[string]bool{}
	for _, c := range collectors {
		if word == "min" && c.minimal {
			ids[c.name] = true
		}
		if word == "all" || word == c.name {
			for _, id := range c.ids() {
				ids[id] = true
			}
		}
		if slices.Contains(c.ids(), word) {
			ids[word] = true
		}
	}
	return ids
}

// choice is the collectors of which something is wanted, and those that they need.
func choice(wanted map[string]bool) map[string]bool {
	chosen := map[string]bool{}
	for _, c := range collectors {
		if !slices.ContainsFunc(c.ids(), func(id string) bool { return wanted[id] }) {
			continue
		}
		chosen[c.name] = true
		for _, name := range strings.Fields(c.needs) {
			chosen[name] = true
		}
	}
	return chosen
}

func known(word string, not bool) error {
	switch {
	case word == "facter" || word == "ohai":
		if not {
			return nil
		}
		return fmt.Errorf("gdeploy does not ask %s for facts: run it with the module command, or leave it out with !%s", word, word)
	case slices.Contains(Subsets(), word):
		return nil
	}
	return fmt.Errorf("Bad subset '%s' given to Ansible. gather_subset options allowed: %s", word, strings.Join(Subsets(), ", ")) //nolint:staticcheck // Ansible's words
}

// Subsets lists the words that gather_subset knows.
func Subsets() []string {
	names := []string{"all", "min"}
	for _, c := range collectors {
		names = append(names, c.ids()...)
	}
	slices.Sort(names)
	return names
}
