package runlog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// List gives the ids of all runs, the newest first.
func List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the directory of runs: %w", err)
	}
	var ids []string
	for _, e := range entries {
		if e.IsDir() {
			ids = append(ids, e.Name())
		}
	}
	slices.Reverse(ids)
	for i := 0; i < len(ids); {
		j := i + 1
		for j < len(ids) && second(ids[j]) == second(ids[i]) {
			j++
		}
		sortStarted(dir, ids[i:j])
		i = j
	}
	return ids, nil
}

// second is the part of an id that tells when its run began.
func second(id string) string { return id[:min(len(id), len("20060102-150405"))] }

// sortStarted puts runs that began in one second in order, the newest first.
func sortStarted(dir string, ids []string) {
	if len(ids) == 1 {
		return
	}
	began := map[string]time.Time{}
	for _, id := range ids {
		meta, _ := readMeta(dir, id) // one that cannot be read is the oldest
		began[id] = meta.Started
	}
	slices.SortStableFunc(ids, func(a, b string) int { return began[b].Compare(began[a]) })
}

// Newest gives the newest run that fits; false where none does.
func Newest(dir string, fits func(Standing) bool) (Standing, bool, error) {
	ids, err := List(dir)
	for _, id := range ids {
		if s, err := Look(dir, id); err == nil && fits(s) {
			return s, true, nil
		}
	}
	return Standing{}, false, err
}

const (
	keepRuns = 100                 // so many are always kept
	keepTime = 30 * 24 * time.Hour // and all that are younger
)

// Prune removes old runs, but none that could go on or be taken back. What cannot be
// removed is left for the next time.
func Prune(dir string, now time.Time) {
	ids, err := List(dir)
	if err != nil || len(ids) <= keepRuns {
		return
	}
	for _, id := range ids[keepRuns:] {
		own := filepath.Join(dir, id)
		info, err := os.Stat(own)
		if err != nil || now.Sub(info.ModTime()) < keepTime {
			continue
		}
		if s, err := Look(dir, id); err == nil && (s.Why == "" || s.WhyNotBack == "" || s.Alive) {
			continue
		}
		_ = os.Remove(keyFile(dir, id))
		_ = os.RemoveAll(own)
	}
}
