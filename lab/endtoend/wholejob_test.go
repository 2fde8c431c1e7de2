//go:build lab

package endtoend

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/lab"
)

// TestDemo is the whole main job, as `make demo` shows it, on a fresh lab: it comes last, since nothing of the other tests is left
// then. The demo itself ends at the first step that does not end as it should.
func TestDemo(t *testing.T) {
	shared.lab = lab.Up(t, lab.Options{Name: os.Getenv("GDEPLOY_TEST_LAB"), Fresh: true})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	script, err := filepath.Abs(filepath.Join(repository, "lab", "demo"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, script, shared.lab.Name)
	cmd.Env = environment()
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seen := result{command: "lab/demo", out: string(out)}
	seen.says(t, "The lab is still up.", "Stopped by the operator; what was done on", "failed on n1; what was done on 1 host was taken back", "LOCKED!")
	if answer("n11") == "" {
		t.Error("n11 does not answer")
	}
	for line := range strings.Lines(seen.out) {
		if strings.HasPrefix(line, "---- ") {
			t.Log(strings.TrimSpace(line))
		}
	}
	nothingHalfDone(t, allNodes)
}
