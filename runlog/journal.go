package runlog

import (
	"encoding/json"
	"errors"
	"os"
	"sync"
	"time"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/modules"
)

// journal appends lines that are on the disk when append returns. Many that come at once
// share one fsync.
type journal struct {
	file *os.File

	mu      sync.Mutex
	synced  *sync.Cond
	written int64 // lines in the file
	safe    int64 // lines that were synced
	syncing bool
	err     error
}

func openJournal(name string) (*journal, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{file: f}
	j.synced = sync.NewCond(&j.mu)
	return j, nil
}

func (j *journal) append(entry any) error {
	line, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(append(line, '\n')); err != nil {
		return err
	}
	j.written++
	return j.waitFor(j.written)
}

// waitFor returns when line n is synced; whoever finds nobody syncing does it for all.
func (j *journal) waitFor(n int64) error {
	for j.safe < n && j.err == nil {
		if j.syncing {
			j.synced.Wait()
			continue
		}
		j.syncing = true
		upTo := j.written
		j.mu.Unlock()
		err := j.file.Sync()
		j.mu.Lock()
		j.syncing, j.safe, j.err = false, upTo, errors.Join(j.err, err)
		j.synced.Broadcast()
	}
	return j.err
}

// close ends the journal. After a run that left nothing open it is of no more use and is removed.
func (j *journal) close(outcome *executor.Outcome) error {
	err := j.file.Close()
	if outcome != nil && *outcome == (executor.Outcome{}) {
		err = errors.Join(err, os.Remove(j.file.Name()))
	}
	return err
}

// entry is one line of state.jsonl.
type entry struct {
	Time   time.Time            `json:"time"`
	Kind   string               `json:"kind"` // undo, undone, start, lock, free
	ID     string               `json:"id,omitempty"`
	Status executor.Status      `json:"status,omitempty"`
	Undo   *executor.UndoRecord `json:"undo,omitempty"`
	Step   string               `json:"step,omitempty"`
	Host   string               `json:"host,omitempty"`
	Module string               `json:"module,omitempty"`
	Name   string               `json:"name,omitempty"`
}

// Undo is told before the call that the entry takes back is sent.
func (r *Run) Undo(u executor.UndoRecord) error {
	return r.state.append(entry{Time: time.Now(), Kind: "undo", ID: u.ID, Host: u.Host, Undo: &u})
}

// Undone is told after an entry was run.
func (r *Run) Undone(id string, status executor.Status) error {
	return r.state.append(entry{Time: time.Now(), Kind: "undone", ID: id, Status: status})
}

// Start is told before a command is run. Its arguments are not written: they may be secret.
func (r *Run) Start(step, host string, call modules.Call) error {
	return r.state.append(entry{Time: time.Now(), Kind: "start", Step: step, Host: host, Module: call.Module})
}

// Lock is told when a lock was taken and when it was let go.
func (r *Run) Lock(name, host string, held bool) error {
	kind := "free"
	if held {
		kind = "lock"
	}
	return r.state.append(entry{Time: time.Now(), Kind: kind, Name: name, Host: host})
}
