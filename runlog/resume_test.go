package runlog_test

import (
	"bytes"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/runlog"
)

// died gives the state file of a run that wrote some facts and died.
func died(t *testing.T, dir, id string) (state string) {
	t.Helper()
	r, err := runlog.Start(dir, "", runlog.Meta{ID: id, Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"a", "b", "c"} {
		if err := r.Commit(key, "secret of "+key); err != nil {
			t.Fatal(err)
		}
	}
	s, err := runlog.Look(dir, id)
	if err != nil || !s.Alive || !strings.Contains(s.Why, "it goes on") {
		t.Errorf("a run under way: %+v, %v", s, err)
	}
	if err := r.Abandon(); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, id, "state.jsonl")
}

func reopened(t *testing.T, dir, id string) *runlog.Run {
	t.Helper()
	r, err := runlog.Reopen(dir, id)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Abandon() })
	return r
}

// What was kept is found again, and nothing of it can be read without the key.
func TestStateIsSealed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	state := died(t, dir, "1")
	text, err := os.ReadFile(state)
	if err != nil || bytes.Contains(text, []byte("secret")) || bytes.Count(text, []byte("\n")) != 3 {
		t.Errorf("the state is %q, %v", text, err)
	}
	for _, name := range []string{state, filepath.Join(dir, "..", "keys", "1")} {
		if st, err := os.Stat(name); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, st, err)
		}
	}
	r := reopened(t, dir, "1")
	var fact string
	if !r.Kept("b", &fact) || fact != "secret of b" || r.Kept("d", nil) {
		t.Errorf("found %q", fact)
	}
}

// The state of one run cannot stand for that of another, nor can its lines change places.
func TestStateOfAnotherRunIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	one, two := died(t, dir, "1"), died(t, dir, "2")
	text, _ := os.ReadFile(one)
	for what, other := range map[string][]byte{
		"another run's": text,
		"swapped":       swapped(two),
	} {
		if err := os.WriteFile(two, other, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := runlog.Reopen(dir, "2"); err == nil || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%s lines: %v", what, err)
		}
	}
}

func swapped(file string) []byte {
	text, _ := os.ReadFile(file)
	lines := bytes.SplitAfter(text, []byte("\n"))
	lines[0], lines[1] = lines[1], lines[0]
	return bytes.Join(lines, nil)
}

// A tail that a crash spoiled is cut off, and the run writes on behind what is whole.
func TestASpoiledTailIsCutOff(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	state := died(t, dir, "1")
	text, _ := os.ReadFile(state)
	for _, tail := range []string{"\"half a line", "\x00\x00\n\x00\n"} {
		if err := os.WriteFile(state, append(bytes.Clone(text), tail...), 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := runlog.Reopen(dir, "1")
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Commit("d", 4); err != nil || !r.Kept("c", nil) {
			t.Errorf("after %q: %v", tail, err)
		}
		r.Abandon()
		if again := reopened(t, dir, "1"); !again.Kept("d", nil) || !again.Kept("a", nil) {
			t.Errorf("after %q what was written later is lost", tail)
		} else {
			again.Abandon()
		}
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	lines[1] = []byte("\"spoiled\"\n")
	if err := os.WriteFile(state, bytes.Join(lines, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := runlog.Reopen(dir, "1"); err == nil || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("a line spoiled in the middle: %v", err)
	}
}

// Where the disk was full for a while, the run can still go on: what did not fit is as if it
// had not been done.
func TestALineThatDoesNotFitIsCutOff(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	state := died(t, dir, "1")
	info, err := os.Stat(state)
	if err != nil {
		t.Fatal(err)
	}
	r := reopened(t, dir, "1")
	limited(t, uint64(info.Size())+100, func() {
		if err := r.Commit("d", strings.Repeat("x", 1000)); err == nil {
			t.Error("it fits")
		}
	})
	if err := r.Commit("e", 5); err != nil {
		t.Fatal(err)
	}
	if err := r.Abandon(); err != nil {
		t.Fatal(err)
	}
	if again := reopened(t, dir, "1"); again.Kept("d", nil) || !again.Kept("e", nil) || !again.Kept("c", nil) {
		t.Error("what was written before and later is lost")
	}
}

// That events do not fit on the disk is told once, at the end.
func TestEventsThatDoNotFitAreToldOnce(t *testing.T) {
	r, err := runlog.Start(filepath.Join(t.TempDir(), "runs"), "", runlog.Meta{ID: "1", Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	said := filepath.Join(t.TempDir(), "stderr")
	stderr, err := os.Create(said)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	defer func(before *os.File) { os.Stderr = before }(os.Stderr)
	os.Stderr = stderr
	limited(t, 10, func() {
		for range 3 {
			r.Record(executor.Record{Time: time.Now(), Event: executor.Warning{Text: strings.Repeat("x", 100)}})
		}
	})
	text := r.Close().Error()
	if noise, _ := os.ReadFile(said); len(noise) > 0 || strings.Count(text, "events.jsonl") != 1 {
		t.Errorf("it says %q at the end, and %q before", text, noise)
	}
}

// limited lets no file grow beyond a size while do runs.
func limited(t *testing.T, size uint64, do func()) {
	t.Helper()
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: before.Max}); err != nil {
		t.Fatal(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_FSIZE, &before)
	do()
}

// Old runs are removed, but none that can go on.
func TestPrune(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	old := time.Now().Add(-40 * 24 * time.Hour)
	for i := range 103 {
		id := runlog.NewID(old.Add(time.Duration(i) * time.Minute))
		r, err := runlog.Start(dir, "", runlog.Meta{ID: id, Started: old})
		if err != nil {
			t.Fatal(err)
		}
		if i != 1 { // the second one died
			r.Record(executor.Record{Time: old, Event: executor.RunEnded{Outcome: executor.Outcome{Failed: 1}}})
			err = r.Close()
		} else {
			err = r.Abandon()
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(filepath.Join(dir, id), old, old); err != nil {
			t.Fatal(err)
		}
	}
	runlog.Prune(dir, time.Now())
	ids, err := runlog.List(dir)
	keys, _ := os.ReadDir(filepath.Join(dir, "..", "keys"))
	if err != nil || len(ids) != 101 || len(keys) != 101 {
		t.Errorf("%d runs and %d keys are left, %v", len(ids), len(keys), err)
	}
	if s, err := runlog.Look(dir, ids[100]); err != nil || s.Why != "" {
		t.Errorf("the oldest that is left cannot go on: %+v, %v", s, err)
	}
}
