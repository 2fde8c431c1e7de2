package playbooks_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/docs/section"
	"github.com/gdeploy/gdeploy/playbooks"
)

var page = section.Section{
	Page:   "../docs/ansible.md",
	Begin:  "<!-- keywords: written by go test ./playbooks -update from keywords.go -->\n",
	End:    "<!-- end of keywords -->\n",
	Update: "go test ./playbooks -update",
}

// TestDocsHaveTheKeywords compares the section of docs/ansible.md with the table.
func TestDocsHaveTheKeywords(t *testing.T) {
	page.Check(t, keywordDocs(), *update)
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
