package playbooks_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gdeploy/gdeploy/playbooks"
)

// BenchmarkTenThousandTasks is to stay below one second of CPU an iteration.
func BenchmarkTenThousandTasks(b *testing.B) {
	var text strings.Builder
	text.WriteString("- hosts: all\n  tasks:\n")
	for i := range 2500 {
		fmt.Fprintf(&text, `    - name: task %[1]d
      command: echo {{ name }} %[1]d chdir=/tmp
      when: number > %[1]d and name is defined
      register: out
      changed_when: out.rc != 0
    - name: file %[1]d
      ansible.builtin.copy:
        content: "{{ name | upper }} %[1]d"
        dest: /tmp/{{ number }}/%[1]d
        mode: "0644"
      tags: [a, b]
      loop: "{{ list }}"
    - block:
        - service: {name: web, state: restarted}
          become: yes
      rescue:
        - debug: msg="{{ name }} failed"
      when: number == %[1]d
`, i)
	}
	write(b, map[string]string{"play.yml": text.String()})
	b.ReportAllocs()
	for b.Loop() {
		load(b, playbooks.NewLoader(options()))
	}
}

func FuzzPlaybook(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(archive.Files[0].Data))
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		path := filepath.Join(dir, "play.yml")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		playbook, err := playbooks.NewLoader(options()).Playbook(path)
		if err != nil && err.Error() == "" {
			t.Error("an error without a text")
		}
		if err == nil {
			var d dump
			d.playbook(playbook)
		}
	})
}
