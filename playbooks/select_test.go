package playbooks_test

import (
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/playbooks"
)

func TestSelect(t *testing.T) {
	words := func(s string) []string { return strings.Fields(s) }
	for _, c := range []struct {
		only, skip, tags string
		want             bool
	}{
		{"", "", "", true},
		{"", "", "a", true},
		{"", "", "never", false},
		{"", "", "never a", false},
		{"", "", "never always", true},
		{"a", "", "never a", true},
		{"never", "", "never a", true},
		{"a", "", "b", false},
		{"a", "", "", false},
		{"a", "", "always", true},
		{"all", "", "never", false},
		{"all a", "", "never a", true},
		{"tagged", "", "x", true},
		{"tagged", "", "", false},
		{"tagged", "", "never", false},
		{"untagged", "", "", true},
		{"untagged", "", "x", false},
		{"untagged", "", "always", true},
		{"", "a", "a", false},
		{"", "a", "b", true},
		{"", "a", "always a", false},
		{"a", "a", "a", false},
		{"", "always", "always", false},
		{"", "all", "a", false},
		{"", "all", "always", true},
		{"", "all always", "always", false},
		{"", "tagged", "a", false},
		{"", "tagged", "", true},
		{"", "untagged", "", false},
		{"", "untagged", "a", true},
	} {
		got := playbooks.Select{Tags: words(c.only), SkipTags: words(c.skip)}.Takes(words(c.tags))
		if got != c.want {
			t.Errorf("--tags %q --skip-tags %q on tags %q: got %v", c.only, c.skip, c.tags, got)
		}
	}
}
