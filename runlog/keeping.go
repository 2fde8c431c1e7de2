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
	return ids, nil
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
