package executor_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestJobsOutliveTheRun leaves a task alone and closes the connection while it runs.
func TestJobsOutliveTheRun(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	dir := unpack(t, txtar.Parse([]byte(`
-- inventory --
here ansible_connection=local
-- play.yml --
- hosts: here
  gather_facts: no
  tasks:
  - shell: for try in $(seq 1200); do test ! -e go || break; sleep 0.05; done; echo done > mark
    args: {chdir: "{{ playbook_dir }}"}
    async: 120
    poll: 0
`)))
	out := ours(t, dir, nil)
	mark := filepath.Join(dir, "mark")
	if _, err := os.Stat(mark); err == nil {
		t.Fatal("the run waited for the job")
	}
	if !strings.Contains(out, "changed=1") {
		t.Fatal(out)
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	jobs := filepath.Join(os.Getenv("HOME"), ".cache/gdeploy/async/j*")
	for range 600 {
		time.Sleep(100 * time.Millisecond)
		files, _ := filepath.Glob(jobs)
		if len(files) != 1 {
			continue
		}
		if text, _ := os.ReadFile(files[0]); strings.Contains(string(text), `"finished":1`) {
			return
		}
	}
	t.Fatal("the job left no result")
}
