package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/docs/section"
)

// ansiblePage is the part of docs/ansible.md that this package's tests write.
func ansiblePage(what string) section.Section {
	return section.Section{
		Page:   "../../docs/ansible.md",
		Begin:  "<!-- " + what + ": written by go test ./cmd/gdeploy -update -->\n",
		End:    "<!-- end of " + what + " -->",
		Update: "go test ./cmd/gdeploy -update",
	}
}

// TestAnsibleSettingsTable keeps the tables of docs/ansible.md as the tags and the list
// have them; -update writes them again.
func TestAnsibleSettingsTable(t *testing.T) {
	ansiblePage("settings").Check(t, settingsTables(), *update)
}

func settingsTables() string {
	var b strings.Builder
	b.WriteString("\n| gdeploy | ansible.cfg | environment | what it is |\n|---|---|---|---|\n")
	for _, key := range settingKeys() {
		if cfg, env := tagOf(key, "cfg"), tagOf(key, "env"); cfg != "" || env != "" {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", key, coded(cfg), coded(env), strings.ReplaceAll(helpOf(key), "|", "\\|"))
		}
	}
	b.WriteString("\nOf these, a value that asks for what gdeploy does anyway passes; another one is a warning.\n\n| ansible.cfg | environment | in gdeploy |\n|---|---|---|\n")
	for _, f := range foreign {
		fmt.Fprintf(&b, "| %s | %s | %s |\n", coded(f.cfg), coded(f.env), f.why)
	}
	return b.String() + "\n"
}

func coded(names string) string {
	var all []string
	for _, name := range strings.Fields(names) {
		all = append(all, "`"+name+"`")
	}
	return strings.Join(all, " ")
}

// Every name stands for one setting only.
func TestAnsibleNamesAreUnique(t *testing.T) {
	for _, tag := range []string{"cfg", "env"} {
		seen := map[string]bool{}
		for _, name := range ansibleNames(tag) {
			if seen[name] && name != "" {
				t.Errorf("%s stands twice", name)
			}
			seen[name] = true
		}
	}
}
