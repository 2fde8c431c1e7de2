package runlog

import (
	"bytes"
	"os"
	"path/filepath"
)

// Over reports that a run is known to be over: of the runs in dir one that has ended, or whose
// program is not there any more; of those of others one that the shared log says has ended.
func Over(dir, shared, id string) bool {
	if _, err := readMeta(dir, id); err == nil {
		return !alive(filepath.Join(dir, id))
	}
	log, err := os.ReadFile(shared)
	return err == nil && ended(log, id)
}

// ended reports that a log has the line of a run's end, and none of a switch after it, as one
// that went on would have.
func ended(log []byte, id string) (over bool) {
	name := []byte(" run=" + id + " ")
	for line := range bytes.Lines(log) {
		if bytes.Contains(line, name) {
			over = bytes.Contains(line, []byte(" result="))
		}
	}
	return over
}
