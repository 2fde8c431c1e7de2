package playbooks_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/gdeploy/gdeploy/playbooks"
)

// BenchmarkTasks is to stay below one second of CPU an iteration for ten thousand tasks,
// and to take the same time and memory for each task of a small playbook and a large one.
func BenchmarkTasks(b *testing.B) {
	for _, n := range []int{1_000, 10_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			write(b, map[string]string{"play.yml": manyTasks(n)})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for b.Loop() {
				load(b, playbooks.NewLoader(options()))
			}
			runtime.ReadMemStats(&after)
			each := float64(b.N) * float64(n)
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/each, "ns/task")
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/each, "B/task")
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/each, "allocs/task")
		})
	}
}

// manyTasks is a playbook with n tasks, of the usual kinds.
func manyTasks(n int) string {
	var text strings.Builder
	text.WriteString("- hosts: all\n  tasks:\n")
	for i := range n / 4 {
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
	return text.String()
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
