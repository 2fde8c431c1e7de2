package runlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/gdeploy/gdeploy/executor"
)

// Standing is how a run stands: what it was, and what can be done with it now.
type Standing struct {
	Meta
	// Alive says that the program that runs it is there.
	Alive bool
	// Why says in words why it cannot go on; empty where it can.
	Why string
	// WhyNotBack says in words why there is nothing to take back; empty where there may be.
	WhyNotBack string
}

// Look tells how a run stands.
func Look(dir, id string) (Standing, error) {
	meta, err := readMeta(dir, id)
	if err != nil {
		return Standing{}, err
	}
	s := Standing{Meta: meta, Alive: alive(filepath.Join(dir, id))}
	s.Why, s.WhyNotBack = s.why(dir)
	return s, nil
}

func readMeta(dir, id string) (m Meta, err error) {
	if id == "" || id != filepath.Base(id) {
		return m, fmt.Errorf("%q is no run: gdeploy history names them", id)
	}
	text, err := os.ReadFile(filepath.Join(dir, id, "run.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("there is no run %q in %s: a run is kept for the user who started it, on the machine where that was", id, dir)
	}
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("read run %s: %w", id, err)
	}
	return m, nil
}

// why says why a run cannot go on, and why nothing of it can be taken back.
func (s Standing) why(dir string) (forward, back string) {
	both := func(text string) (string, string) { return text, text }
	switch o := s.Outcome; {
	case s.Alive:
		return both(errAlive.Error())
	case s.Check:
		return both("it was a dry run, which changes nothing: run it again")
	case s.Single && o == nil:
		return both("it ran a single module, not playbooks: run it again")
	case o != nil && o.Open:
		forward = "it was being taken back: gdeploy resume --undo " + s.ID + " goes on with that"
	case o != nil && !s.Single && (o.Suspended || o.Interrupted && !o.Undone):
	case o != nil:
		return both("it ended: " + s.Result() + s.again())
	}
	if _, err := os.Stat(stateFile(filepath.Join(dir, s.ID))); err != nil {
		return both("its state is not on the disk any more")
	}
	if _, err := oldSeal(dir, s.ID); err != nil {
		return both(err.Error())
	}
	return forward, ""
}

func (s Standing) again() string {
	if len(s.Unfinished) == 0 || s.Single {
		return ""
	}
	return "; gdeploy retry " + s.ID + " runs it again on the hosts that it did not finish"
}

// alive reports that a program has the run's state open.
func alive(own string) bool {
	f, err := os.Open(stateFile(own))
	if err != nil {
		return false
	}
	defer f.Close()
	return syscall.Flock(int(f.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil
}

// GoOn makes of a run that was reopened one that is written again. shared is as in Start.
func (r *Run) GoOn(shared string) error {
	r.shared = shared
	r.meta.Ended, r.meta.Outcome, r.meta.Unfinished, r.meta.Switches = time.Time{}, nil, nil, nil
	r.meta.Resumed = append(r.meta.Resumed, time.Now())
	events, err := os.OpenFile(filepath.Join(r.dir, "events.jsonl"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("keep the run on disk: %w", err)
	}
	r.tellTo(events)
	return r.writeMeta()
}

// Died is when the run wrote down something for the last time before it was reopened.
func (r *Run) Died() time.Time { return r.died }

// Began is when the run was started.
func (r *Run) Began() time.Time { return r.meta.Started }

// Reopen opens the state of a run that ended or died, to be read: nobody else can go on with
// it until Abandon.
func Reopen(dir, id string) (*Run, error) {
	meta, err := readMeta(dir, id)
	if err != nil {
		return nil, err
	}
	own := filepath.Join(dir, id)
	last, err := os.Stat(stateFile(own))
	if err != nil {
		return nil, fmt.Errorf("run %s: its state is not on the disk any more", id)
	}
	key, err := oldSeal(dir, id)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", id, err)
	}
	state, err := openJournal(stateFile(own), key)
	if err != nil {
		return nil, fmt.Errorf("run %s: %w", id, err)
	}
	return &Run{journal: state, dir: own, meta: meta, died: last.ModTime()}, nil
}

// Abandon closes a run that was only reopened.
func (r *Run) Abandon() error { return r.file.Close() }

// Facts gives what was kept under keys that begin so by the run's earlier parts, by the rest
// of the key.
func (r *Run) Facts(prefix string) map[string]json.RawMessage {
	facts := map[string]json.RawMessage{}
	for key, fact := range r.old {
		if rest, ok := strings.CutPrefix(key, prefix); ok {
			facts[rest] = fact
		}
	}
	return facts
}

var _ executor.Journal = (*Run)(nil)
