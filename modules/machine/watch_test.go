package machine_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
)

// TestLongCommandsShowTheirLines shows only what comes late, and that once.
func TestLongCommandsShowTheirLines(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var lines []string
	m := machine.New(machine.Options{Progress: func(line string) {
		mu.Lock()
		defer mu.Unlock()
		lines = append(lines, line)
	}})
	defer m.Close()
	script := "echo early; sleep 2.2; echo late; echo at once; sleep 0.2; echo last >&2"
	for _, watched := range []bool{true, false} {
		out, err := m.Exec(context.Background(), modules.Command{Argv: []string{"/bin/sh", "-c", script}, Watched: watched})
		if err != nil || out.Stdout != "early\nlate\nat once\n" || out.Stderr != "last\n" {
			t.Fatal(out, err)
		}
	}
	if want := []string{"late", "last"}; !slices.Equal(lines, want) {
		t.Errorf("shown: %q, want %q", lines, want)
	}
}
