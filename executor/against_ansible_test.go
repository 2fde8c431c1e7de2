//go:build oracle

package executor_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestAgainstAnsible runs testdata/oracle/*.txtar here and with ansible-playbook, both on
// this machine, and compares what they print. The comment of a case holds the flags.
func TestAgainstAnsible(t *testing.T) {
	cases, _ := filepath.Glob("testdata/oracle/*.txtar")
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			flags := strings.Fields(string(archive.Comment))
			want := ansible(t, unpack(t, archive), flags)
			got := ours(t, unpack(t, archive), flags)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-ansible +gdeploy):\n%s\nansible:\n%s\ngdeploy:\n%s", diff, want, got)
			}
		})
	}
}

func ansible(t *testing.T, dir string, flags []string) string {
	cmd := exec.Command("ansible-playbook", append([]string{"-i", "inventory", "play.yml"}, flags...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "ANSIBLE_PYTHON_INTERPRETER=/usr/bin/python3", "ANSIBLE_LOCALHOST_WARNING=False", "LC_ALL=C.UTF-8")
	out, err := cmd.Output()
	if len(out) == 0 && err != nil {
		t.Fatal(err)
	}
	return normal(string(out), dir)
}
