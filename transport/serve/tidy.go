package serve

import (
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	keepVersions = 30 * 24 * time.Hour // unused versions of the helper
	keepUploads  = time.Hour           // uploads that were cut
	keepJobs     = 7 * 24 * time.Hour  // results of tasks that ran on their own
)

// tidy marks the helper's program as used and removes old versions and broken uploads
// beside it. It does nothing where the program is not in a cache of helpers.
func tidy(program string) {
	if !isSum(filepath.Base(program)) {
		return
	}
	now := time.Now()
	_ = os.Chtimes(program, now, now)
	tidyDir(filepath.Dir(program))
}

// tidyDir removes what is old in a directory of helpers.
func tidyDir(dir string) {
	now := time.Now()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		age := now.Sub(info.ModTime())
		if isSum(entry.Name()) && age > keepVersions || strings.HasPrefix(entry.Name(), ".up.") && age > keepUploads {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}

// isSum tells whether a file is named as helpers are, by their SHA-256.
func isSum(name string) bool {
	return len(name) == 64 && strings.Trim(name, "0123456789abcdef") == ""
}

// tidyJobs removes old results of tasks that ran on their own.
func tidyJobs(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err == nil && info.Mode().IsRegular() && isJobName(entry.Name()) && time.Since(info.ModTime()) > keepJobs {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}

// isJobName tells whether a file is named as jobs are, "j123.45": the directory may be the
// operator's, with other things in it.
func isJobName(name string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSuffix(name, ".new"), "j")
	return ok && strings.Contains(rest, ".") && strings.Trim(rest, "0123456789.") == ""
}
