package inventory_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gdeploy/gdeploy/inventory"
	"github.com/gdeploy/gdeploy/values"
)

var update = flag.Bool("update", false, "write what is now given as what is wanted")

// TestCases runs testdata/*.txtar. Each is a tree of files; the lines of its comment that
// start with -i, -l and --playbook-dir are options; the files below want/ are what must
// come out: list, yaml, graph, vars, "host NAME", "select PATTERN", "layers NAME", error,
// warnings. Lists, graphs and selections are what ansible-inventory and ansible
// --list-hosts (2.14) gave.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runCase(t, file) })
	}
}

func runCase(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	full, err := filepath.Abs(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	writeTree(t, archive)
	c := testCase{options: optionsOf(string(archive.Comment))}
	c.load()
	for i, f := range archive.Files {
		what, ok := strings.CutPrefix(f.Name, "want/")
		if !ok {
			continue
		}
		got := c.give(what)
		if diff := cmp.Diff(string(f.Data), got); diff != "" && !*update {
			t.Errorf("%s: -want +got\n%s", what, diff)
		}
		archive.Files[i].Data = []byte(got)
	}
	if *update {
		if err := os.WriteFile(full, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if c.err != nil && !c.askedError {
		t.Errorf("load: %v", c.err)
	}
}

func writeTree(t *testing.T, archive *txtar.Archive) {
	for _, f := range archive.Files {
		if strings.HasPrefix(f.Name, "want/") {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(f.Name), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if bytes.HasPrefix(f.Data, []byte("#!")) {
			mode = 0o755
		}
		if err := os.WriteFile(f.Name, f.Data, mode); err != nil {
			t.Fatal(err)
		}
	}
}

// optionsOf gives the options in a case's comment, by their flags.
func optionsOf(comment string) map[string][]string {
	options := map[string][]string{}
	for line := range strings.Lines(comment) {
		flag, value, ok := strings.Cut(strings.TrimSpace(line), " ")
		if ok && strings.HasPrefix(flag, "-") {
			options[flag] = append(options[flag], value)
		}
	}
	return options
}

type testCase struct {
	options    map[string][]string
	inv        *inventory.Inventory
	warnings   []string
	err        error
	askedError bool
}

func (c *testCase) load() {
	warn := func(w inventory.Warning) { c.warnings = append(c.warnings, w.String()) }
	c.inv, c.err = inventory.Load(context.Background(), c.options["-i"], inventory.Options{Warn: warn})
	if c.err != nil {
		return
	}
	dir := "."
	if d := c.options["--playbook-dir"]; d != nil {
		dir = d[0]
	}
	c.inv = c.inv.WithPlaybookDir(dir)
	if l := c.options["-l"]; l != nil {
		c.inv, c.err = c.inv.WithLimit(l[0])
	}
}

func (c *testCase) give(what string) string {
	var out strings.Builder
	what, name, _ := strings.Cut(what, " ")
	err := c.err
	switch {
	case what == "error":
		c.askedError = true
	case what == "warnings":
		out.WriteString(strings.Join(c.warnings, "\n") + "\n")
	case err == nil:
		err = c.write(&out, what, name)
	}
	if err != nil {
		out.WriteString(err.Error() + "\n")
	}
	return out.String()
}

func (c *testCase) write(out *strings.Builder, what, name string) error {
	switch what {
	case "list":
		return c.inv.WriteList(out, inventory.Listing{})
	case "yaml":
		return c.inv.WriteList(out, inventory.Listing{Format: inventory.YAML})
	case "graph":
		return c.inv.WriteGraph(out, c.inv.Group("all"), inventory.Listing{})
	case "vars":
		return c.inv.WriteGraph(out, c.inv.Group("all"), inventory.Listing{GraphVars: true})
	case "host":
		return c.inv.WriteHost(out, c.inv.Host(name), inventory.Listing{})
	case "layers":
		return writeLayers(out, c.inv, name)
	case "select":
		return writeSelection(out, c.inv, name)
	}
	return fmt.Errorf("a case cannot want %q", what)
}

func writeSelection(out *strings.Builder, inv *inventory.Inventory, pattern string) error {
	hosts, err := inv.Select(pattern)
	for _, host := range hosts {
		fmt.Fprintln(out, host.Name)
	}
	for _, w := range inv.Unmatched(pattern) {
		fmt.Fprintln(out, "# "+w.Msg)
	}
	return err
}

func writeLayers(out *strings.Builder, inv *inventory.Inventory, name string) error {
	layers, err := inv.Layers(inv.Host(name))
	for _, layer := range layers {
		fmt.Fprintf(out, "%d %s\n", layer.Level, layer.Name)
		for key, v := range layer.Vars.All() {
			fmt.Fprintf(out, "  %s = %s  # %s\n", text(key), text(v), v.Pos())
		}
	}
	return err
}

func text(v values.Value) string { return values.Repr(v) }
