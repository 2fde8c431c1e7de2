package runlog

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/executor"
)

// What is committed can be found again after a loss of power: with it all is on the disk that
// leads to it, and that says which run it was. A run that only keeps syncs nothing more.
func TestWithTheFirstLineAllIsOnTheDisk(t *testing.T) {
	var synced []string
	defer func(before func(*os.File) error) { syncFile = before }(syncFile)
	syncFile = func(f *os.File) error { synced = append(synced, f.Name()); return nil }
	state := t.TempDir()
	dir := filepath.Join(state, "runs")
	r, err := Start(dir, "", Meta{ID: "1", Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	check := func(when string, want ...string) {
		t.Helper()
		for i, name := range want {
			want[i] = filepath.Join(state, name)
		}
		slices.Sort(synced)
		slices.Sort(want)
		if !slices.Equal(synced, want) {
			t.Errorf("%s: synced %q, want %q", when, synced, want)
		}
		synced = nil
	}
	if err := r.Keep("a", 1); err != nil {
		t.Fatal(err)
	}
	check("kept", "keys/1")
	for _, when := range []string{"first", "second"} {
		if err := r.Commit("b", 2); err != nil {
			t.Fatal(err)
		}
		want := []string{"runs/1/state.jsonl", "runs/1/run.json", "runs/1", "runs", "keys"}
		if when == "second" {
			want = want[:1]
		}
		check(when, want...)
	}
	r.Record(executor.Record{Time: time.Now(), Event: executor.RunEnded{Outcome: executor.Outcome{Suspended: true}}})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	check("suspended", "runs/1/run.json", "runs/1")
}
