package runlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// journal appends sealed lines to state.jsonl. A line is in the file when it was kept, and
// outlives the program; it is on the disk when it was committed. Many that are committed at
// once share one fsync.
type journal struct {
	file *os.File
	seal seal
	// old are the facts of the run's earlier parts.
	old map[string]json.RawMessage

	mu      sync.Mutex
	synced  *sync.Cond
	written int64 // lines in the file
	end     int64 // where the next one begins
	safe    int64 // lines that were synced
	syncing bool
	err     error
	// beside are other files and directories without which the journal could not be found
	// again. They are synced with the next line that is.
	beside []string
}

// line is one line of state.jsonl, before it is sealed.
type line struct {
	Time time.Time       `json:"time"`
	Key  string          `json:"key"`
	Fact json.RawMessage `json:"fact"`
}

// errAlive says that a run has not ended: its program holds the file.
var errAlive = errors.New("it goes on: the program that runs it is there")

// openJournal opens the state of a run, for this program alone. What an earlier part of the
// run wrote is read.
func openJournal(name string, s seal) (*journal, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{file: f, seal: s, old: map[string]json.RawMessage{}}
	j.synced = sync.NewCond(&j.mu)
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(errAlive, f.Close())
	}
	if err := j.read(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

// read opens all lines. Those at the end that a crash spoiled are taken off.
func (j *journal) read() error {
	lines, err := sealedLines(j.file)
	if err != nil {
		return err
	}
	for i, sealed := range lines {
		text, err := j.seal.open(sealed, j.written)
		if err != nil && j.opensLater(lines, i) || err != nil && i == 0 {
			return fmt.Errorf("%s: line %d: %w", j.file.Name(), i+1, err)
		}
		var l line
		if err != nil || json.Unmarshal(text, &l) != nil {
			break
		}
		j.old[l.Key] = l.Fact
		j.written++
		j.end += int64(len(sealed)) + 1
	}
	j.safe = j.written
	return j.cut()
}

// cut takes off what stands behind the last whole line.
func (j *journal) cut() error {
	if err := j.file.Truncate(j.end); err != nil {
		return err
	}
	_, err := j.file.Seek(j.end, io.SeekStart)
	return err
}

// opensLater reports that a line behind number i is as it was written.
func (j *journal) opensLater(lines [][]byte, i int) bool {
	for n := i + 1; n < len(lines); n++ {
		if _, err := j.seal.open(lines[n], int64(n)); err == nil {
			return true
		}
	}
	return false
}

// Keep writes a fact down.
func (j *journal) Keep(key string, fact any) error {
	_, err := j.append(key, fact)
	return err
}

// Commit writes a fact down and returns when it is on the disk.
func (j *journal) Commit(key string, fact any) error {
	n, err := j.append(key, fact)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.waitFor(n)
}

func (j *journal) append(key string, fact any) (number int64, err error) {
	text, err := json.Marshal(fact)
	if err != nil {
		return 0, err
	}
	whole, err := json.Marshal(line{Time: time.Now(), Key: key, Fact: text})
	if err != nil {
		return 0, err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	n, err := j.file.Write(append(j.seal.close(whole, j.written), '\n'))
	if err != nil {
		return 0, errors.Join(err, j.cut()) // half a line would spoil the next one
	}
	j.written++
	j.end += int64(n)
	return j.written, nil
}

// Kept reads what an earlier part of the run wrote under a key.
func (j *journal) Kept(key string, to any) bool {
	text, ok := j.old[key]
	return ok && (to == nil || json.Unmarshal(text, to) == nil)
}

// waitFor returns when line n is synced; whoever finds nobody syncing does it for all.
func (j *journal) waitFor(n int64) error {
	for j.safe < n && j.err == nil {
		if j.syncing {
			j.synced.Wait()
			continue
		}
		j.syncing = true
		upTo, beside := j.written, j.beside
		j.beside = nil
		j.mu.Unlock()
		err := errors.Join(syncFile(j.file), syncAll(beside))
		j.mu.Lock()
		j.syncing, j.safe, j.err = false, upTo, errors.Join(j.err, err)
		j.synced.Broadcast()
	}
	return j.err
}

// alsoSync says what must be on the disk beside the lines.
func (j *journal) alsoSync(names ...string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, name := range names {
		if !slices.Contains(j.beside, name) {
			j.beside = append(j.beside, name)
		}
	}
}

// settle syncs what was not yet.
func (j *journal) settle() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	names := j.beside
	j.beside = nil
	return syncAll(names)
}

func syncAll(names []string) error {
	var errs []error
	for _, name := range names {
		f, err := os.Open(name)
		if err == nil {
			err = errors.Join(syncFile(f), f.Close())
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// syncFile puts a file on the disk. Tests look at which.
var syncFile = (*os.File).Sync

// remove takes the state and its key off the disk.
func (j *journal) remove() error {
	err := os.Remove(j.file.Name())
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, j.seal.forget())
}
