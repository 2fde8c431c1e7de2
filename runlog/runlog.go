// Package runlog keeps runs on disk: the events for people and programs, what a run that
// died needs to go on or to be taken back, and one plain line per run and per host's switch
// in a log that all deployers share.
//
//	$XDG_STATE_HOME/gdeploy/runs/<id>/run.json      what the run was and how it ended
//	$XDG_STATE_HOME/gdeploy/runs/<id>/events.jsonl  all events, secrets masked
//	$XDG_STATE_HOME/gdeploy/runs/<id>/state.jsonl   what was done, secrets and all, sealed
//	$XDG_STATE_HOME/gdeploy/keys/<id>               the key of that seal
//
// The state of a run that ended well is removed with its key.
package runlog

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/gdeploy/gdeploy/executor"
)

// Meta is run.json: what a run was, and how it ended.
type Meta struct {
	// App is the application whose lock the run wanted; empty where it wanted none.
	App       string    `json:"app,omitempty"`
	ID        string    `json:"id"`
	Who       string    `json:"who"`
	Started   time.Time `json:"started"`
	Playbooks []string  `json:"playbooks"`
	Arguments []string  `json:"arguments"`
	Limit     string    `json:"limit,omitempty"`
	Check     bool      `json:"check,omitempty"`
	// Single marks a run of one module, or of a command such as gdeploy lock. It is run again
	// where it did not come to its end, and does not go on.
	Single bool `json:"single,omitempty"`
	// Ended is zero while the run goes on, and for ever where the controller died.
	Ended   time.Time         `json:"ended,omitzero"`
	Outcome *executor.Outcome `json:"outcome,omitempty"`
	// Why is the reason that the operator gave for the run.
	Why string `json:"why,omitempty"`
	// Override is why the run went on in a freeze window.
	Override string `json:"override,omitempty"`
	// Approvals are the answers between waves.
	Approvals []Approval `json:"approvals,omitempty"`
	// Resumed are the times when the run went on after it had died.
	Resumed []time.Time `json:"resumed,omitempty"`
	// RetryOf is the run whose unfinished hosts this one is for.
	RetryOf string `json:"retry_of,omitempty"`
	// Unfinished are the hosts that failed, were taken back, or were not begun.
	Unfinished []string `json:"unfinished,omitempty"`
	// Switches are what the run did to releases, host by host.
	Switches []Switch `json:"switches,omitempty"`
}

// Approval is what somebody said to the next wave of a run.
type Approval struct {
	Time time.Time `json:"time"`
	Wave string    `json:"wave"`
	executor.Answer
}

// Switch is a release that was made live on a host, or taken back.
type Switch struct {
	Time time.Time `json:"time"`
	App  string    `json:"app"`
	Host string    `json:"host"`
	From string    `json:"from"`
	To   string    `json:"to"`
	// Revision is what To was built from.
	Revision string `json:"revision,omitempty"`
	// Undo marks a switch that took another one back.
	Undo bool `json:"undo,omitempty"`
}

// NewID makes the id of a run that starts at t: sorted by time, unique.
func NewID(t time.Time) string {
	var b [3]byte
	_, _ = rand.Read(b[:]) // never fails
	return t.UTC().Format("20060102-150405") + "-" + hex.EncodeToString(b[:])
}

// Dir is where runs are kept: $XDG_STATE_HOME/gdeploy/runs, or ~/.local/state/gdeploy/runs.
func Dir() (string, error) {
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		return filepath.Join(state, "gdeploy", "runs"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the directory of runs: %w; set XDG_STATE_HOME", err)
	}
	return filepath.Join(home, ".local", "state", "gdeploy", "runs"), nil
}

// Run writes one run to disk. It is an executor.Sink and an executor.Journal.
type Run struct {
	*journal
	dir    string
	shared string // the log file of all deployers; empty for none
	died   time.Time

	mu     sync.Mutex
	meta   Meta
	events *os.File
	log    zerolog.Logger
	failed error // the first error of writing to the run's own directory
	// unshared is the first error of writing to the shared log.
	unshared error
	order    []string // hosts as they were met
}

// Start makes the directory of a run below dir. shared is the log file that all deployers
// write to; empty for none.
func Start(dir, shared string, meta Meta) (*Run, error) {
	own := filepath.Join(dir, meta.ID)
	if err := os.MkdirAll(own, 0o700); err != nil {
		return nil, fmt.Errorf("keep the run on disk: %w", err)
	}
	s, err := newSeal(dir, meta.ID)
	if err != nil {
		return nil, fmt.Errorf("keep the run on disk: make its key: %w", err)
	}
	r, err := open(own, shared, meta, s)
	if err != nil {
		return nil, fmt.Errorf("keep the run on disk: %w", err)
	}
	r.alsoSync(dir, filepath.Dir(keyFile(dir, meta.ID)))
	return r, r.writeMeta()
}

func open(own, shared string, meta Meta, s seal) (*Run, error) {
	state, err := openJournal(stateFile(own), s)
	if err != nil {
		return nil, err
	}
	events, err := os.OpenFile(filepath.Join(own, "events.jsonl"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, errors.Join(err, state.file.Close())
	}
	r := &Run{journal: state, dir: own, shared: shared, meta: meta}
	r.tellTo(events)
	return r, nil
}

// tellTo writes events to a file.
func (r *Run) tellTo(events *os.File) {
	r.events = events
	r.log = zerolog.New(patient{r})
}

// patient writes events, and leaves what cannot be written for Close to tell: the logger would
// say so for each of them, in the middle of what the operator reads.
type patient struct{ run *Run }

// Write writes one event.
func (p patient) Write(line []byte) (int, error) {
	if _, err := p.run.events.Write(line); err != nil {
		p.run.fail(fmt.Errorf("keep the run on disk: %w", err))
	}
	return len(line), nil
}

// fail remembers the first thing that went wrong.
func (r *Run) fail(err error) {
	if r.failed == nil {
		r.failed = err
	}
}

func stateFile(own string) string { return filepath.Join(own, "state.jsonl") }

// ID is the run's id.
func (r *Run) ID() string { return r.meta.ID }

// IsSingle reports a run that cannot go on, see Meta.
func (r *Run) IsSingle() bool { return r.meta.Single }

// Record writes an event, and takes note of what the shared log tells about.
func (r *Run) Record(record executor.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if executor.Replayed(record.Event) {
		r.follow(record)
		return
	}
	body, err := json.Marshal(record.Event)
	if err != nil {
		r.fail(err)
		return
	}
	r.log.WithLevel(level(record.Event)).
		Int("schema", executor.Schema).
		Str("time", record.Time.Format(time.RFC3339Nano)).
		Str("type", record.Event.Type()).
		RawJSON("event", body).
		Send()
	r.follow(record)
}

// follow takes note of what run.json and the shared log tell.
func (r *Run) follow(record executor.Record) {
	switch e := record.Event.(type) {
	case executor.HostResult:
		r.noteSwitch(record.Time, e)
	case executor.PlayStarted:
		r.meet(e.Hosts)
	case executor.LockTaken:
		r.meta.App = e.Name
	case executor.LockRefused:
		r.meta.App = e.Name
	case executor.Frozen:
		r.meta.App, r.meta.Override = e.Name, e.Override
	case executor.ApprovalAnswered:
		r.meta.Approvals = append(r.meta.Approvals, Approval{Time: record.Time, Wave: e.Next, Answer: e.Answer})
		r.fail(r.writeMeta())
	case executor.RunEnded:
		r.meta.Ended, r.meta.Outcome, r.meta.Unfinished = record.Time, &e.Outcome, e.Unfinished
		r.fail(r.writeMeta())
		r.shareRun()
	}
}

// level is how much an event wants to be seen.
func level(e executor.Event) zerolog.Level {
	switch e := e.(type) {
	case executor.HostResult:
		if (e.Status == executor.Failed || e.Status == executor.Unreachable) && !e.Ignored {
			return zerolog.ErrorLevel
		}
	case executor.Warning, executor.LockRefused, executor.Frozen, executor.ApprovalAsked, executor.ApprovalAnswered, executor.Unwinding, executor.Interrupted:
		return zerolog.WarnLevel
	case executor.Progress, executor.ItemResult, executor.Retry:
		return zerolog.DebugLevel
	}
	return zerolog.InfoLevel
}

// noteSwitch writes a line for each host whose webroot was pointed elsewhere.
func (r *Run) noteSwitch(at time.Time, e executor.HostResult) {
	if e.Task.Action != "release_switch" || e.Status != executor.Changed || r.meta.Check {
		return
	}
	s := Switch{Time: at, App: field(e, "app"), Host: e.Host, From: field(e, "from"), To: field(e, "to"), Revision: field(e, "revision"), Undo: e.Task.Kind == executor.Undoing}
	r.meta.Switches = append(r.meta.Switches, s)
	if !e.Replayed {
		r.share(s.line(r.meta))
	}
}

func field(e executor.HostResult, name string) string {
	v, _ := e.Result.Get(name)
	s, _ := v.AsString()
	return s
}

// meet notes hosts in the order in which plays name them.
func (r *Run) meet(hosts []string) {
	for _, h := range hosts {
		if !slices.Contains(r.order, h) {
			r.order = append(r.order, h)
		}
	}
}

func (r *Run) writeMeta() error {
	text, err := json.MarshalIndent(r.meta, "", "  ")
	if err != nil {
		return err
	}
	name := filepath.Join(r.dir, "run.json")
	if err := os.WriteFile(name+".new", append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("keep the run on disk: %w", err)
	}
	err = os.Rename(name+".new", name)
	r.alsoSync(name, r.dir)
	return err
}

// Close ends the writing, and tells the first error there was.
func (r *Run) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	err := errors.Join(r.failed, r.events.Close())
	if o := r.meta.Outcome; o != nil && *o == (executor.Outcome{}) {
		err = errors.Join(err, r.journal.remove())
	} else {
		err = errors.Join(err, r.settle())
	}
	return errors.Join(err, r.journal.file.Close())
}
