package executor

import (
	"encoding/json"
	"time"

	"github.com/gdeploy/gdeploy/values"
)

// Schema is the version of the events' shape. It grows when a field changes its meaning,
// not when one is added.
const Schema = 1

// Event is something that happened in a run. The types of this file are all there are.
type Event interface {
	// Type is the event's name in JSON, such as "host_result".
	Type() string
}

// Record is an Event with its time, as sinks get it.
type Record struct {
	Time  time.Time
	Event Event
}

// MarshalJSON writes the record as one flat object: schema, type, time, then the event's
// own fields.
func (r Record) MarshalJSON() ([]byte, error) {
	head, err := json.Marshal(struct {
		Schema int       `json:"schema"`
		Type   string    `json:"type"`
		Time   time.Time `json:"time"`
	}{Schema, r.Event.Type(), r.Time})
	if err != nil {
		return nil, err
	}
	body, err := json.Marshal(r.Event)
	if err != nil || len(body) <= len("{}") {
		return head, err
	}
	return append(append(head[:len(head)-1], ','), body[1:]...), nil
}

// Sink gets the events of a run, one after the other, in the order they happened.
type Sink interface {
	Record(Record)
}

// Place says where in the run a task stands.
type Place struct {
	// Path is the same in every run of the same playbook: play, batch, child indexes,
	// and the instance of each include on the way, such as "0.1/tasks/2.0".
	Path string `json:"path"`
	// Name is the task's name as people read it, with its role: "web : install".
	Name   string `json:"name"`
	Action string `json:"action"`
	// Written is the file:line:col of the task.
	Written string `json:"written,omitempty"`
	Kind    Kind   `json:"kind,omitempty"`
	// Args are the arguments as they are written, "a=1, b=2"; only where the run was asked
	// to tell them.
	Args string `json:"args,omitempty"`
}

// Kind tells what part a task plays.
type Kind string

// The kinds of tasks.
const (
	Ordinary Kind = ""
	Handling Kind = "handler"
	Undoing  Kind = "undo"
	// Checking is a test that is repeated while a host of a rolling play settles. Only
	// one that fails is told.
	Checking Kind = "check"
)

// Status is how a task or item ended on a host.
type Status string

// The ways to end.
const (
	OK          Status = "ok"
	Changed     Status = "changed"
	Skipped     Status = "skipped"
	Failed      Status = "failed"
	Unreachable Status = "unreachable"
)

// BackgroundState is how far a polled task is.
type BackgroundState string

// The states of polled tasks.
const (
	Running   BackgroundState = "running"
	Succeeded BackgroundState = "succeeded"
	Broken    BackgroundState = "failed"
)

type (
	// RunStarted opens the stream.
	RunStarted struct {
		ID    string   `json:"id"`
		Who   string   `json:"who"`
		Files []string `json:"files"`
		Check bool     `json:"check,omitempty"`
		// Resumed marks a run that goes on, TakeBack one that is only taken back.
		Resumed  bool `json:"resumed,omitempty"`
		TakeBack bool `json:"take_back,omitempty"`
	}

	// PlaybookStarted comes before the first play of a playbook.
	PlaybookStarted struct {
		File  string `json:"file"`
		Plays int    `json:"plays"`
		// Stats are the counts so far, where another playbook ran before it.
		Stats []HostStats `json:"stats,omitempty"`
	}

	// PlayStarted is told for each batch of a play, and once for a play without hosts.
	PlayStarted struct {
		Path     string   `json:"path"`
		Name     string   `json:"name"`
		Strategy string   `json:"strategy"`
		Batch    int      `json:"batch"`
		Hosts    []string `json:"hosts"`
		// Gone marks a play without hosts since all of its pattern failed or were unreachable before.
		Gone     bool `json:"gone,omitempty"`
		Check    bool `json:"check,omitempty"`
		Replayed bool `json:"replayed,omitempty"` // as of TaskStarted
	}

	// TaskStarted comes before a task's results. Under free and host_pinned it is told
	// once for each host.
	TaskStarted struct {
		Task  Place    `json:"task"`
		Hosts []string `json:"hosts"`
		// Check marks a task that changes nothing because of check mode.
		Check bool `json:"check,omitempty"`
		// Replayed marks what was told before the run went on.
		Replayed bool `json:"replayed,omitempty"`
	}

	// HandlerStarted comes before a handler's results.
	HandlerStarted struct {
		Task     Place    `json:"task"`
		Hosts    []string `json:"hosts"`
		Check    bool     `json:"check,omitempty"`
		Replayed bool     `json:"replayed,omitempty"` // as of TaskStarted
	}

	// UndoStarted comes before the results of a task that takes something back.
	UndoStarted struct {
		Task Place `json:"task"`
		// Host is the one whose work is taken back.
		Host     string `json:"host"`
		Check    bool   `json:"check,omitempty"`
		Replayed bool   `json:"replayed,omitempty"` // as of TaskStarted
	}

	// HostStarted tells that a host begins a task; only where the run was asked to.
	HostStarted struct {
		Task Place  `json:"task"`
		Host string `json:"host"`
	}

	// Background tells of a task that is looked at from time to time (async with poll).
	Background struct {
		Task  Place           `json:"task"`
		Host  string          `json:"host"`
		ID    string          `json:"id"`
		State BackgroundState `json:"state"`
	}

	// Note is for an operator who wants to know more; its Level is the number of -v.
	Note struct {
		Level int    `json:"level"`
		Text  string `json:"text"`
	}

	// HostResult is how a task ended on a host.
	HostResult struct {
		Task Place  `json:"task"`
		Host string `json:"host"`
		// Delegate is where it ran, if elsewhere, and DelegateAddress that host's
		// address if it differs from its name.
		Delegate        string       `json:"delegate,omitempty"`
		DelegateAddress string       `json:"delegate_address,omitempty"`
		Status          Status       `json:"status"`
		Changed         bool         `json:"changed,omitempty"`
		Ignored         bool         `json:"ignored,omitempty"`
		Rescued         bool         `json:"rescued,omitempty"`
		Looped          bool         `json:"looped,omitempty"` // items were told one by one
		NoLog           bool         `json:"no_log,omitempty"`
		Polled          bool         `json:"polled,omitempty"` // an async task, started or done
		Result          values.Value `json:"result"`
		Warnings        []string     `json:"warnings,omitempty"`
		Seconds         float64      `json:"seconds"`
		Replayed        bool         `json:"replayed,omitempty"` // as of TaskStarted
	}

	// ItemResult is how one item of a loop ended on a host.
	ItemResult struct {
		Task            Place        `json:"task"`
		Host            string       `json:"host"`
		Delegate        string       `json:"delegate,omitempty"`
		DelegateAddress string       `json:"delegate_address,omitempty"`
		Index           int          `json:"index"`
		Label           string       `json:"label"`
		Status          Status       `json:"status"`
		Ignored         bool         `json:"ignored,omitempty"`
		NoLog           bool         `json:"no_log,omitempty"`
		Result          values.Value `json:"result"`
		Warnings        []string     `json:"warnings,omitempty"`
		Replayed        bool         `json:"replayed,omitempty"` // as of TaskStarted
	}

	// Retry is told when a task with until has to try again.
	Retry struct {
		Task     Place        `json:"task"`
		Host     string       `json:"host"`
		Delegate string       `json:"delegate,omitempty"`
		Attempt  int          `json:"attempt"` // the one that was not good enough, from 1
		Left     int          `json:"left"`
		NoLog    bool         `json:"no_log,omitempty"`
		Result   values.Value `json:"result"`
	}

	// Together tells how far apart hosts did a task that they were to do at one moment.
	Together struct {
		Task  Place    `json:"task"`
		Hosts []string `json:"hosts"` // the first one first
		// Seconds are between the first host and the last, Within is how far off that
		// may be.
		Seconds float64 `json:"seconds"`
		Within  float64 `json:"within"`
	}

	// Progress is a line that a module shows while it works.
	Progress struct {
		Task Place  `json:"task"`
		Host string `json:"host"`
		Line string `json:"line"`
	}

	// Included tells that hosts took the tasks of a file or role into their run.
	Included struct {
		Task  Place    `json:"task"`
		Hosts []string `json:"hosts"`
		// Label is the loop's item, empty where there is no loop.
		Label    string `json:"label,omitempty"`
		Role     string `json:"role,omitempty"`
		File     string `json:"file,omitempty"`
		Replayed bool   `json:"replayed,omitempty"` // as of TaskStarted
	}

	// Warning is for the operator; it changes nothing.
	Warning struct {
		Host string `json:"host,omitempty"`
		Text string `json:"text"`
	}

	// Frozen tells that a freeze window of the inventory is on, and whether that keeps the
	// run from doing anything.
	Frozen struct {
		Name    string    `json:"name"` // of the lock that the play wants
		Hosts   []string  `json:"hosts"`
		Window  string    `json:"window"`
		Written string    `json:"written"` // its file:line:col
		Until   time.Time `json:"until"`
		// Override is the reason that somebody gave to go on all the same; Urgent says
		// that the play may.
		Override string `json:"override,omitempty"`
		Urgent   bool   `json:"urgent,omitempty"`
	}

	// LockTaken tells that the play holds its lock on all those hosts.
	LockTaken struct {
		Name  string   `json:"name"`
		Hosts []string `json:"hosts"`
	}

	// LockRefused tells why the lock could not be had, host by host.
	LockRefused struct {
		Name string `json:"name"`
		Host string `json:"host"`
		// Held is true where another run holds it, and false where it could not be asked for.
		Held    bool     `json:"held"`
		Message string   `json:"message"`
		Freed   []string `json:"freed,omitempty"`
	}

	// LockFreed tells that the play let go of its lock.
	LockFreed struct {
		Name  string   `json:"name"`
		Hosts []string `json:"hosts"`
	}

	// Unwinding tells that what these hosts did is taken back, and why.
	Unwinding struct {
		Hosts  []string `json:"hosts"`
		Reason string   `json:"reason"`
	}

	// Interrupted tells that the operator asked to stop.
	Interrupted struct {
		// Open are undo entries that nobody ran, "host: name".
		Open []string `json:"open,omitempty"`
		Now  bool     `json:"now,omitempty"`
	}

	// ApprovalAsked tells that the run waits for somebody to say yes or no to its next wave.
	ApprovalAsked struct{ Question }

	// ApprovalAnswered tells who said what.
	ApprovalAnswered struct {
		Next string `json:"next"`
		Answer
	}

	// PlayEnded comes after the last batch of a play.
	PlayEnded struct {
		Path    string `json:"path"`
		Name    string `json:"name"`
		Aborted string `json:"aborted,omitempty"` // why the play did not reach its end
	}

	// NoMoreHosts tells that every host of the play failed.
	NoMoreHosts struct{}

	// RunEnded closes the stream.
	RunEnded struct {
		Stats   []HostStats `json:"stats"`
		Seconds float64     `json:"seconds"`
		// Custom are the figures of set_stats, by host, those of the whole run under
		// _run; null where there are none.
		Custom  values.Value `json:"custom,omitzero"`
		Outcome Outcome      `json:"outcome"`
		// Unfinished are the hosts that failed, were taken back, or were not begun.
		Unfinished []string `json:"unfinished,omitempty"`
	}
)

// HostStats counts how tasks ended on a host, as the recap shows it.
type HostStats struct {
	Host        string `json:"host"`
	OK          int    `json:"ok"`
	Changed     int    `json:"changed"`
	Unreachable int    `json:"unreachable"`
	Failed      int    `json:"failed"`
	Skipped     int    `json:"skipped"`
	Rescued     int    `json:"rescued"`
	Ignored     int    `json:"ignored"`
	// Undone counts the tasks that took something back.
	Undone int `json:"undone,omitempty"`
}

// Type gives the event's name in JSON.
func (RunStarted) Type() string       { return "run_started" }
func (PlayStarted) Type() string      { return "play_started" }      // Type as of RunStarted
func (TaskStarted) Type() string      { return "task_started" }      // Type as of RunStarted
func (HandlerStarted) Type() string   { return "handler_started" }   // Type as of RunStarted
func (UndoStarted) Type() string      { return "undo_started" }      // Type as of RunStarted
func (HostResult) Type() string       { return "host_result" }       // Type as of RunStarted
func (ItemResult) Type() string       { return "item_result" }       // Type as of RunStarted
func (Retry) Type() string            { return "retry" }             // Type as of RunStarted
func (Together) Type() string         { return "together" }          // Type as of RunStarted
func (Progress) Type() string         { return "progress" }          // Type as of RunStarted
func (Included) Type() string         { return "included" }          // Type as of RunStarted
func (Warning) Type() string          { return "warning" }           // Type as of RunStarted
func (Frozen) Type() string           { return "frozen" }            // Type as of RunStarted
func (LockTaken) Type() string        { return "lock_taken" }        // Type as of RunStarted
func (LockRefused) Type() string      { return "lock_refused" }      // Type as of RunStarted
func (LockFreed) Type() string        { return "lock_freed" }        // Type as of RunStarted
func (Unwinding) Type() string        { return "unwinding" }         // Type as of RunStarted
func (Interrupted) Type() string      { return "interrupted" }       // Type as of RunStarted
func (ApprovalAsked) Type() string    { return "approval_asked" }    // Type as of RunStarted
func (ApprovalAnswered) Type() string { return "approval_answered" } // Type as of RunStarted
func (PlayEnded) Type() string        { return "play_ended" }        // Type as of RunStarted
func (NoMoreHosts) Type() string      { return "no_more_hosts" }     // Type as of RunStarted
func (RunEnded) Type() string         { return "run_ended" }         // Type as of RunStarted
func (PlaybookStarted) Type() string  { return "playbook_started" }  // Type as of RunStarted
func (HostStarted) Type() string      { return "host_started" }      // Type as of RunStarted
func (Background) Type() string       { return "background" }        // Type as of RunStarted
func (Note) Type() string             { return "note" }              // Type as of RunStarted

// Replayed reports that an event was told before the run went on.
func Replayed(e Event) bool {
	switch e := e.(type) {
	case PlayStarted:
		return e.Replayed
	case TaskStarted:
		return e.Replayed
	case HandlerStarted:
		return e.Replayed
	case UndoStarted:
		return e.Replayed
	case HostResult:
		return e.Replayed
	case ItemResult:
		return e.Replayed
	case Included:
		return e.Replayed
	}
	return false
}
