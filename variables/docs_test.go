package variables_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/docs/section"
	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/variables/filters"
	"github.com/gdeploy/gdeploy/variables/lookups"
)

var update = flag.Bool("update", false, "write docs/ansible.md")

var page = section.Section{
	Page:   "../docs/ansible.md",
	Begin:  "<!-- filters, tests, lookups: written by go test ./variables -run TestDocs -update from the lists that register them -->\n",
	End:    "<!-- end of filters, tests, lookups -->\n",
	Update: "go test ./variables -run TestDocs -update",
}

// TestDocs compares the tables of docs/ansible.md with the lists that register filters,
// tests and lookups.
func TestDocs(t *testing.T) {
	page.Check(t, templateDocs(), *update)
}

func templateDocs() string {
	var out strings.Builder
	out.WriteString("\n| | of | names |\n|---|---|---|\n")
	fmt.Fprintf(&out, "| filters | Jinja2 3.1, all | %s |\n", namesOf(jinja.Filters()))
	byCollection(&out, "filters", filters.All())
	fmt.Fprintf(&out, "| tests | Jinja2 3.1, all | %s |\n", namesOf(jinja.Tests()))
	byCollection(&out, "tests", filters.Tests())
	fmt.Fprintf(&out, "| lookups | ansible.builtin, all; `cartesian` and `flattened` of community.general | %s |\n", namesOf(lookups.All()))
	fmt.Fprintf(&out, "| functions | Jinja2 and Ansible | %s, `lookup`, `now`, `q`, `query`, `undef` |\n", namesOf(jinja.Globals()))
	out.WriteString("\n| not there | use |\n|---|---|\n")
	refused := filters.Refused()
	for _, name := range slices.Sorted(maps.Keys(refused)) {
		if strings.Contains(name, ".") {
			fmt.Fprintf(&out, "| `%s` | %s |\n", name, refused[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(lookups.Refused())) {
		fmt.Fprintf(&out, "| lookup `%s` | %s |\n", name, lookups.Refused()[name])
	}
	out.WriteString("\n")
	return out.String()
}

// byCollection writes a row for each collection whose names are registered.
func byCollection[T any](out *strings.Builder, what string, registered map[string]T) {
	for _, collection := range []string{"ansible.builtin", "community.general", "ansible.utils"} {
		short := map[string]bool{}
		for name := range registered {
			if rest, ok := strings.CutPrefix(name, collection+"."); ok {
				short[rest] = true
			}
		}
		if len(short) == 0 {
			continue
		}
		label := collection
		if collection == "ansible.builtin" {
			label += ", all"
		}
		fmt.Fprintf(out, "| %s | %s | %s |\n", what, label, namesOf(short))
	}
}

func namesOf[T any](registered map[string]T) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(registered)) {
		names = append(names, "`"+name+"`")
	}
	return strings.Join(names, ", ")
}
