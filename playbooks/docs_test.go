package playbooks_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/playbooks"
)

const (
	docsFile  = "../docs/ansible.md"
	docsStart = "<!-- keywords: written by go test ./playbooks -update from keywords.go -->\n"
	docsEnd   = "<!-- end of keywords -->\n"
)

// TestDocsHaveTheKeywords compares the section of docs/ansible.md with the table.
func TestDocsHaveTheKeywords(t *testing.T) {
	text, err := os.ReadFile(docsFile)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), docsStart)
	section, after, ended := strings.Cut(rest, docsEnd)
	if !found || !ended {
		t.Fatalf("%s has no section between %q and %q", docsFile, docsStart, docsEnd)
	}
	want := keywordDocs()
	if *update {
		if err := os.WriteFile(docsFile, []byte(before+docsStart+want+docsEnd+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, section); diff != "" {
		t.Errorf("%s is not what keywords.go says; run go test ./playbooks -update (-want +got):\n%s", docsFile, diff)
	}
}

func keywordDocs() string {
	var out strings.Builder
	out.WriteString("\n| keyword | play | role | block | task | include | takes | meaning |\n|---|---|---|---|---|---|---|---|\n")
	for _, k := range playbooks.KeywordTable() {
		name := "`" + k.Name + "`"
		if k.Own {
			name += " (gdeploy's own)"
		}
		if k.On&playbooks.OnHandler != 0 {
			name += " (handlers)"
		}
		fmt.Fprintf(&out, "| %s |", name)
		for _, place := range []playbooks.Places{playbooks.OnPlay, playbooks.OnRole, playbooks.OnBlock, playbooks.OnTask | playbooks.OnHandler, playbooks.OnInclude} {
			mark := "  "
			if k.On&place != 0 {
				mark = "yes"
			}
			fmt.Fprintf(&out, " %s |", mark)
		}
		fmt.Fprintf(&out, " %s | %s |\n", k.Takes, k.Help)
	}
	out.WriteString("\nAlso `with_<lookup>` on tasks. Refused, with what to use:\n\n| keyword | use |\n|---|---|\n")
	refused := playbooks.RefusedKeywords()
	for _, name := range slices.Sorted(maps.Keys(refused)) {
		fmt.Fprintf(&out, "| `%s` | %s |\n", name, strings.TrimPrefix(refused[name], "use "))
	}
	return out.String() + "\n"
}
