package variables

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// TestRenderFile: what is wanted was compared with the template module of Ansible.
func TestRenderFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "templates", "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "templates", "sub", "inc.j2"), []byte("inc {{ i }} {{ 'x\\ny' }}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	play := &playbooks.Play{File: filepath.Join(dir, "site.yml"), Keywords: playbooks.Keywords{Vars: parseMap(t, `{n: null, lst: [1], d: {a: 1}, i: 5, t: "{{ i }}"}`)}}
	sc := NewStore(Options{PlaybookDir: dir}).Scope(Context{Host: "h1", Play: play})
	path := filepath.Join(dir, "templates", "a.j2")
	for _, c := range []struct {
		src, want string
		o         FileOptions
	}{
		{"{{ n }}", "", FileOptions{}},
		{"{{ lst }}\n\n", "[1]\n\n", FileOptions{}},
		{"{{ true }} {{ none }} {{ d }} {{ t }}", "True  {'a': 1} 5", FileOptions{}},
		{"#jinja2: trim_blocks:False, variable_start_string:'[%', variable_end_string:'%]'\n{% if i %}\nx [% i %] {{ i }}\n{% endif %}\n", "\nx 5 {{ i }}\n", FileOptions{}},
		{"  {% if i %}\nx\n  {% endif %}\n{{ 'a\\nb' }}{{ i }}\n{% include 'sub/inc.j2' %}|\n", "  x\n  a\nb5\ninc 5 x\ny|\n", FileOptions{}},
		{"  {% if i %}\nx\n  {% endif %}\n", "x\n", FileOptions{LstripBlocks: true}},
		{"{% if i %}\nx\n{% endif %}\n", "\nx\n", FileOptions{KeepBlocks: true}},
		{"a\nb\n", "a\r\nb\r\n", FileOptions{NewlineSequence: "\r\n"}},
		{"<< i >>{{ i }}", "5{{ i }}", FileOptions{Delimiters: jinja.Delimiters{VariableStart: "<<", VariableEnd: ">>"}}},
		{"# {{ ansible_managed }} {{ template_path }} {{ template_destpath }}", "# Ansible managed a.j2 /etc/a", FileOptions{Name: "a.j2", Dest: "/etc/a"}},
		{"plain text", "plain text", FileOptions{}},
	} {
		c.o.Path = path
		got, err := sc.RenderFile([]byte(c.src), c.o)
		if err != nil || string(got) != c.want {
			t.Errorf("%q: got %q, %v, want %q", c.src, got, err, c.want)
		}
	}
	for src, want := range map[string]string{
		"a\n{{ nope }}":             "a.j2:2:4: 'nope' is undefined",
		"#jinja2: nope:1\n":         "does not know \"nope\"",
		"#jinja2: trim_blocks:no\n": "not a Python literal",
		"{% include 'nope.j2' %}":   "nope.j2",
		"{% if %}":                  "a.j2:1:",
	} {
		_, err := sc.RenderFile([]byte(src), FileOptions{Path: path})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", src, err, want)
		}
	}
}

func TestFinder(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"roles/a/files/x", "roles/a/tasks/deep/files/y", "files/z", "roles/b/templates/t", "roles/a/tasks/more.yml", "top"} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a := &playbooks.Role{Name: "a", Path: filepath.Join(dir, "roles/a")}
	b := &playbooks.Role{Name: "b", Path: filepath.Join(dir, "roles/b")}
	outer := &playbooks.Block{Role: b, RoleUse: &playbooks.RoleUse{Role: b}}
	inner := &playbooks.Block{Role: a, RoleUse: &playbooks.RoleUse{Role: a}, Parent: outer}
	task := &playbooks.Task{Parent: inner, Role: a, Keywords: playbooks.Keywords{Pos: values.Position{File: filepath.Join(dir, "roles/a/tasks/deep/d.yml")}}}
	f := NewStore(Options{}).Scope(Context{Play: &playbooks.Play{File: filepath.Join(dir, "site.yml")}, Task: task}).Finder()
	for _, c := range []struct{ kind, name, want string }{
		{"files", "x", "roles/a/files/x"}, {"files", "y", "roles/a/tasks/deep/files/y"}, {"files", "z", "files/z"},
		{"templates", "t", "roles/b/templates/t"}, {"tasks", "more.yml", "roles/a/tasks/more.yml"}, {"files", "top", "top"}, {"files", "nope", ""},
		{"files", "files/x", "roles/a/files/x"},
	} {
		got, tried := f.Find(c.kind, c.name)
		if c.want != "" {
			c.want = filepath.Join(dir, c.want)
		}
		if got != c.want {
			t.Errorf("Find(%s, %s) = %q, want %q; tried %q", c.kind, c.name, got, c.want, tried)
		}
	}
	_, tried := f.Find("files", "nope")
	want := []string{"roles/a/files/nope", "roles/a/nope", "roles/b/files/nope", "roles/b/nope", "roles/a/tasks/deep/files/nope", "roles/a/tasks/deep/nope", "files/nope", "nope"}
	for i := range want {
		if tried[i] != filepath.Join(dir, want[i]) {
			t.Errorf("tried[%d] = %q, want %q", i, tried[i], want[i])
		}
	}
}
