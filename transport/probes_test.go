package transport_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport"
)

// Probes are answered behind a call that changed nothing, up to the first that would change
// something, fails, or lacks content; they change nothing and leave no trace.
func TestProbes(t *testing.T) {
	pool := newPool(t, transport.Options{})
	file := filepath.Join(t.TempDir(), "log")
	shelf := &shelf{blobs: map[string][]byte{sumOf([]byte("there")): []byte("there")}}
	calls := func(list ...modules.Call) []modules.Call { return list }
	a, b, c, long := text("echo", "a"), text("echo", "b"), text("lines", "c d"), text("echo", strings.Repeat("x", 200_000)) // it says so twice
	for name, try := range map[string]struct {
		calls, probes []modules.Call
		want          []int
	}{
		"all":                   {calls(a), calls(b, c, a), []int{0, 1, 2}},
		"one would change":      {calls(a), calls(b, text("append", file+" x"), c), []int{0}},
		"one fails":             {calls(a), calls(text("fail", ""), b), nil},
		"one has a bug":         {calls(a), calls(b, text("panic", ""), c), []int{0}},
		"one lacks content":     {calls(a), calls(b, blobCall(sumOf([]byte("there")), 5, 0), c), []int{0}},
		"they say too much":     {calls(a), calls(long, b, long, long, b), []int{0, 1, 2}},
		"behind a change":       {calls(text("append", file+" real")), calls(b), nil},
		"behind a failure":      {calls(text("fail", "")), calls(b), nil},
		"behind several":        {calls(a, b), calls(c), []int{0}},
		"behind one of several": {calls(text("append", file+" real"), a), calls(b), nil},
		"behind none unchanged": {calls(a, text("append", file+" real")), calls(b), nil},
	} {
		t.Run(name, func(t *testing.T) {
			all := slices.Concat(try.calls, try.probes)
			for i := range all {
				all[i].Chain, all[i].Step, all[i].Run.ID = "one", name+" "+all[i].Module, "run-"+filepath.Base(t.Name())
			}
			n := len(try.calls)
			var got []int
			replies := 0
			err := pool.Batch(t.Context(), local, all[:n], transport.BatchOptions{
				Content:  shelf,
				Each:     func(int, modules.Reply) { replies++ },
				Progress: func(i int, line string) { t.Errorf("call %d says %q", i, line) },
				Probes:   all[n:],
				Probed:   func(i int, r modules.Reply) { got = append(got, i) },
			})
			if err != nil || replies != n || !slices.Equal(got, try.want) {
				t.Errorf("%d replies, answered probes %v, want %v; %v", replies, got, try.want, err)
			}
			entries, err := pool.Journal(t.Context(), local, all[0].Run.ID)
			if err != nil || len(entries) > n {
				t.Errorf("the journal has %+v, %v", entries, err)
			}
		})
	}
	if content, _ := os.ReadFile(file); string(content) != "real\nreal\nreal\n" {
		t.Errorf("the file has %q", content)
	}
}
