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
  - shell: sleep 1; echo done > {{ playbook_dir }}/mark
    async: 30
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
	jobs := filepath.Join(os.Getenv("HOME"), ".cache/gdeploy/async/j*")
	for range 100 {
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
