package variables

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

func TestReadVars(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"d/1.yml": "a: {x: 1}\nt: \"{{ 1 + 1 }}\"\n", "d/2.json": `{"a": {"y": 2}}`, "d/sub/3.yaml": "z: 1\n", "d/4.txt": "junk",
		"vars/one.yml": "one: 1\n", "list.yml": "[1]\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sc := NewStore(Options{}).Scope(Context{Play: &playbooks.Play{File: filepath.Join(dir, "site.yml")}})
	yes := true
	for _, c := range []struct {
		src   VarsSource
		want  string // or part of the error
		files string
	}{
		{VarsSource{File: "one.yml"}, "{'one': 1}", "vars/one.yml"},
		{VarsSource{Dir: "d"}, "d/4.txt does not have a valid extension: yaml, yml, json", ""},
		{VarsSource{Dir: "d", IgnoreUnknownExtensions: true}, "{'a': {'y': 2}, 't': '{{ 1 + 1 }}', 'z': 1}", "d/1.yml d/2.json d/sub/3.yaml"},
		{VarsSource{Dir: "d", IgnoreUnknownExtensions: true, Merge: &yes, Name: "all", Depth: 1}, "failed to combine variables, expected dicts but got null", ""},
		{VarsSource{Dir: "d", Extensions: []string{"txt", "yml"}, FilesMatching: "^1"}, "{'a': {'x': 1}, 't': '{{ 1 + 1 }}'}", "d/1.yml"},
		{VarsSource{Dir: "d", IgnoreFiles: []string{"4.txt", "1.yml"}}, "{'a': {'y': 2}, 'z': 1}", "d/2.json d/sub/3.yaml"},
		{VarsSource{Dir: "nope"}, "nope directory does not exist", ""},
		{VarsSource{Dir: "list.yml"}, "is not a directory", ""},
		{VarsSource{File: "nope.yml"}, "Could not find or access 'nope.yml'\nSearched in:", ""},
		{VarsSource{File: "list.yml"}, "must be stored as a dictionary", ""},
		{VarsSource{}, "either file or dir", ""},
	} {
		vars, files, err := sc.ReadVars(c.src)
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%+v: got %v, want %q", c.src, err, c.want)
			}
			continue
		}
		got := values.Repr(values.FromMap(vars))
		read := strings.ReplaceAll(strings.Join(files, " "), dir+"/", "")
		if got != c.want || read != c.files {
			t.Errorf("%+v: got %s from %s, want %s from %s", c.src, got, read, c.want, c.files)
		}
	}
}
