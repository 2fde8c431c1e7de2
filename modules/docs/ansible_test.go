package docs

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/docs/section"
	"github.com/gdeploy/gdeploy/modules"
)

var update = flag.Bool("update", false, "write the table of modules in docs/ansible.md")

var page = section.Section{
	Page:   "../../docs/ansible.md",
	Begin:  "<!-- modules: written by go test ./modules/docs -update from the modules' Specs -->\n",
	End:    "<!-- end of modules -->\n",
	Update: "go test ./modules/docs -update",
}

// own tells the modules that Ansible does not have.
func own(name string) bool {
	return strings.HasPrefix(name, "release_") || slices.Contains([]string{"http_check", "lb", "transfer"}, name)
}

// TestTheTableOfModules compares the section of docs/ansible.md with the Specs.
func TestTheTableOfModules(t *testing.T) {
	page.Check(t, table(), *update)
}

func table() string {
	all := specs()
	slices.SortFunc(all, func(a, b modules.Spec) int { return strings.Compare(a.Name, b.Name) })
	var out strings.Builder
	out.WriteString("\n| module | where | parameters | of those that Ansible has, refused |\n|---|---|---|---|\n")
	for _, s := range all {
		where := "on the host"
		if s.Where == modules.OnController {
			where = "on the controller"
		}
		fmt.Fprintf(&out, "| %s | %s | %s | %s |\n", named(s), where, parameters(s), refused(s))
	}
	return out.String() + "\n"
}

// named gives a module's name with its others, and tells those that only gdeploy has.
func named(s modules.Spec) string {
	text := quoted(append([]string{s.Name}, s.Aliases...))
	if own(s.Name) {
		text += " (gdeploy's own)"
	}
	return text
}

func parameters(s modules.Spec) string {
	var names []string
	for _, p := range s.Parameters() {
		names = append(names, p.Name)
	}
	return quoted(names)
}

func refused(s modules.Spec) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(s.Refused)) {
		all = append(all, fmt.Sprintf("`%s`: %s", name, strings.ReplaceAll(s.Refused[name], "|", `\|`)))
	}
	return strings.Join(all, "; ")
}

func quoted(names []string) string {
	var all []string
	for _, name := range names {
		all = append(all, "`"+name+"`")
	}
	return strings.Join(all, ", ")
}
