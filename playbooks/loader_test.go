package playbooks_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// write makes files in a new working directory.
func write(t testing.TB, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func load(t testing.TB, l *playbooks.Loader) *playbooks.Playbook {
	t.Helper()
	playbook, err := l.Playbook("play.yml")
	if err != nil {
		t.Fatal(err)
	}
	return playbook
}

func showBlock(b *playbooks.Block) string {
	var d dump
	d.node(0, b)
	return d.String()
}

func TestIncludedTasksStandBelowTheInclude(t *testing.T) {
	write(t, map[string]string{
		"play.yml":                  "- hosts: all\n  tasks:\n    - block:\n        - include_tasks:\n            file: \"{{ f }}.yml\"\n            apply: {tags: x, when: a}\n          vars: {v: 1}\n          when: now\n      become: yes\n",
		"sub.yml":                   "- ping:\n- import_role: {name: r}\n- debug: {mesage: x}\n  ignore_errors: yes\n",
		"roles/r/handlers/main.yml": "- {name: h, ping: }\n",
	})
	l := playbooks.NewLoader(options())
	outer := load(t, l).Plays[0].Tasks[0].(*playbooks.Block)
	include := outer.Body[0].(*playbooks.Task)
	block, err := l.Tasks(include, "sub.yml")
	if err != nil {
		t.Fatal(err)
	}
	if block.Parent != outer {
		t.Error("the included block does not stand where the include stands")
	}
	got := showBlock(block)
	want := `block @sub.yml:1:1 Vars={"v":1}
  block @:6:20 When=["a"] Tags=[x]
    ping @sub.yml:1:3
    role r @sub.yml:2:3 AllowDuplicates=true
    debug @sub.yml:3:3 IgnoreErrors=true Args={"mesage":"x"} late="Unsupported parameters for (debug) module: mesage. Supported parameters include: msg, var, verbosity."
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if len(block.Handlers) != 1 {
		t.Errorf("the imported role brought %d handlers", len(block.Handlers))
	}
	again, err := l.Tasks(include, "sub.yml")
	if err != nil || again == block || again.Body[0] == block.Body[0] {
		t.Error("a second include gave the same nodes", err)
	}
	if len(again.Handlers) != 0 {
		t.Error("the same role brought its handlers twice")
	}
}

func TestIncludedFileWithMistakes(t *testing.T) {
	write(t, map[string]string{
		"play.yml": "- hosts: all\n  tasks:\n    - include_tasks: a.yml\n",
		"a.yml":    "- pign:\n- include_tasks: a.yml\n",
	})
	l := playbooks.NewLoader(options())
	include := load(t, l).Plays[0].Tasks[0].(*playbooks.Task)
	_, err := l.Tasks(include, "a.yml")
	var mistakes playbooks.Mistakes
	if !errors.As(err, &mistakes) || len(mistakes) != 1 || mistakes[0].Pos.String() != "a.yml:1:3" {
		t.Errorf("got %v", err)
	}
	if _, err := l.Tasks(include, "nosuch.yml"); err == nil {
		t.Error("a file that does not exist was included")
	}
}

func TestIncludedRole(t *testing.T) {
	write(t, map[string]string{
		"play.yml":                  "- hosts: all\n  tasks:\n    - include_role: {name: r, tasks_from: other, apply: {become: yes}}\n      vars: {v: 1}\n",
		"roles/r/tasks/other.yml":   "- ping:\n- include_tasks: near.yml\n",
		"roles/r/tasks/near.yml":    "- ping: data=near\n",
		"roles/r/meta/main.yml":     "dependencies: [d]\n",
		"roles/d/tasks/main.yml":    "- ping: data=dependency\n",
		"roles/d/handlers/main.yml": "- {name: d, ping: }\n",
		"roles/r/handlers/main.yml": "- {name: r, ping: }\n",
	})
	l := playbooks.NewLoader(options())
	include := load(t, l).Plays[0].Tasks[0].(*playbooks.Task)
	use, err := l.Role(include, "r", playbooks.RoleFrom{Tasks: "other"})
	if err != nil {
		t.Fatal(err)
	}
	want := `block @:3:7 Vars={"v":1}
  role r @:3:7 Vars={"v":1} From={Tasks=other} AllowDuplicates=true
    role d @roles/r/meta/main.yml:1:16
      ping @roles/d/tasks/main.yml:1:3 Args={"data":"dependency"} in=d
    ping @roles/r/tasks/other.yml:1:3 in=r
    include_tasks @roles/r/tasks/other.yml:2:3 Args={"file":"near.yml"} Include={Kind=tasks} in=r
`
	if got := showBlock(use.Tasks); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if len(use.Handlers) != 2 || use.Handlers[0].Role.Name != "d" {
		t.Errorf("got %d handlers", len(use.Handlers))
	}
	role := use.Tasks.Body[0].(*playbooks.Block)
	near, err := l.Tasks(role.Body[2].(*playbooks.Task), "near.yml")
	if err != nil || near.Body[0].(*playbooks.Task).Pos.File != "roles/r/tasks/near.yml" {
		t.Error("an include in an included role did not find its file", err)
	}
	again, err := l.Role(include, "r", playbooks.RoleFrom{Tasks: "other"})
	if err != nil || again.Role != use.Role || again.Same != use.Same || len(again.Handlers) != 0 {
		t.Error("the same use is not the same role", err)
	}
	if _, err := l.Role(include, "nosuch", playbooks.RoleFrom{}); err == nil {
		t.Error("a role that does not exist was included")
	}
}

func TestIncludesSideBySide(t *testing.T) {
	write(t, map[string]string{
		"play.yml":                  "- hosts: all\n  tasks:\n    - include_tasks: a.yml\n    - include_role: {name: r}\n",
		"a.yml":                     "- ping:\n- import_role: {name: r}\n",
		"roles/r/tasks/main.yml":    "- ping:\n",
		"roles/r/handlers/main.yml": "- {name: h, ping: }\n",
	})
	l := playbooks.NewLoader(options())
	tasks := load(t, l).Plays[0].Tasks
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			if _, err := l.Tasks(tasks[0].(*playbooks.Task), "a.yml"); err != nil {
				t.Error(err)
			}
		})
		wait.Go(func() {
			if _, err := l.Role(tasks[1].(*playbooks.Task), "r", playbooks.RoleFrom{}); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
}

func TestChangedFileIsReadAgain(t *testing.T) {
	write(t, map[string]string{"play.yml": "- hosts: all\n  tasks:\n    - include_tasks: a.yml\n", "a.yml": "- ping:\n"})
	l := playbooks.NewLoader(options())
	include := load(t, l).Plays[0].Tasks[0].(*playbooks.Task)
	for _, text := range []string{"- ping:\n", "- ping:\n- ping:\n"} {
		if err := os.WriteFile("a.yml", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		block, err := l.Tasks(include, "a.yml")
		if err != nil || len(block.Body) != strings.Count(text, "ping") {
			t.Errorf("%q gave %d tasks, %v", text, len(block.Body), err)
		}
	}
}

func TestEncryptedFile(t *testing.T) {
	write(t, map[string]string{"play.yml": "- hosts: all\n  roles: [r]\n", "roles/r/vars/main.yml": "$ANSIBLE_VAULT;1.1;AES256\n3030\n"})
	o := options()
	if _, err := playbooks.NewLoader(o).Playbook("play.yml"); err == nil || !strings.Contains(err.Error(), "no vault password") {
		t.Errorf("got %v", err)
	}
	o.Decrypt = func([]byte, string) ([]byte, error) { return []byte("secret: 1\n"), nil }
	role := load(t, playbooks.NewLoader(o)).Plays[0].Roles[0].Role
	if v, _ := role.Vars.Get("secret"); !values.Equal(v, values.Int(1)) {
		t.Errorf("got %s", values.Repr(v))
	}
}

func TestMissingPlaybook(t *testing.T) {
	write(t, nil)
	_, err := playbooks.NewLoader(options()).Playbook("nosuch.yml")
	if err == nil || !strings.Contains(err.Error(), "nosuch.yml") {
		t.Errorf("got %v", err)
	}
}

func TestKeywordTable(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range playbooks.KeywordTable() {
		if seen[k.Name] || k.Help == "" || k.Takes == "" || k.On == 0 {
			t.Errorf("the row of %q is not complete, or there are two", k.Name)
		}
		seen[k.Name] = true
	}
}

func TestModule(t *testing.T) {
	l := playbooks.NewLoader(options())
	for _, name := range []string{"service", "svc", "ansible.builtin.service", "community.general.svc"} {
		if spec, ok := l.Module(name); !ok || spec.Name != "service" {
			t.Errorf("%s is not service", name)
		}
	}
	if _, ok := l.Module("other.collection.service"); ok {
		t.Error("a module of another collection was taken for service")
	}
}
