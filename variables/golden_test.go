package variables

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// TestGolden reads testdata/*.yml: vars of a play and cases, each a value to render and
// what comes of it as Python prints it (want), or a part of the error (fails). Files
// named native* are read with JINJA2_NATIVE. What is wanted was compared
// with Ansible's.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yml")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yml"), func(t *testing.T) { goldenFile(t, file) })
	}
}

func goldenFile(t *testing.T, file string) {
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	doc, _, err := yaml.Load(src, file)
	if err != nil {
		t.Fatal(err)
	}
	vars, _ := doc.Get("vars")
	m, _ := vars.AsMap()
	cases, _ := doc.Get("cases")
	for _, c := range cases.Items() {
		in, _ := c.Get("in")
		sc := NewStore(Options{PlaybookDir: ".", Native: strings.HasPrefix(filepath.Base(file), "native")}).Scope(Context{Host: "h1", Play: &playbooks.Play{Keywords: playbooks.Keywords{Vars: m}}})
		got, err := sc.Render(in)
		if fails, ok := c.Get("fails"); ok {
			if err == nil || !strings.Contains(err.Error(), values.Text(fails)) {
				t.Errorf("%s: got %s, %v, want an error with %q", c.Pos(), values.Repr(got), err, values.Text(fails))
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.Pos(), err)
			continue
		}
		want, _ := c.Get("want")
		if diff := cmp.Diff(values.Text(want), shown(got)); diff != "" {
			t.Errorf("%s: %s (-want +got)\n%s", c.Pos(), values.Repr(in), diff)
		}
	}
}

// shown is a value with its type, so that 1 and "1" differ.
func shown(v values.Value) string { return v.Kind().String() + " " + values.Repr(v) }
