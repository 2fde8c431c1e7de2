package modules

import (
	"time"

	"github.com/gdeploy/gdeploy/values"
)

// Call is one module call on its way to where it runs.
type Call struct {
	// Module is the Spec's Name.
	Module string `json:"module"`
	// Args are the evaluated parameters; from:"controller" ones are already a Blob or
	// Tree in its JSON form.
	Args values.Value `json:"args"`
	// Check records changes and makes none; Diff asks for contents before and after.
	Check bool `json:"check,omitempty"`
	Diff  bool `json:"diff,omitempty"`
	// Env is the task's environment.
	Env map[string]string `json:"env,omitempty"`
	// Chain orders calls: those of one chain run one after the other, others beside them.
	Chain string `json:"chain,omitempty"`
	// Step names the task, item and attempt within the run, for the host's journal.
	Step string `json:"step,omitempty"`
	// NoLog has the host's journal keep how the call ended, and nothing of what it said.
	NoLog bool `json:"no_log,omitempty"`
	Run   Run  `json:"run"`
	// TimeoutMS ends the call after that many milliseconds; 0 is no limit.
	TimeoutMS int64 `json:"timeout_ms,omitempty"`
	// Timed asks when, by the host's clock, the call was worked on.
	Timed bool `json:"timed,omitempty"`
	// Background, where set, has the call run on its own on the host, whether or not
	// somebody is connected; the reply says only that it started.
	Background *Background `json:"background,omitempty"`
}

// Background names a call that runs on its own.
type Background struct {
	// ID is what async_status asks for.
	ID string `json:"id"`
	// Dir is where the result goes; empty is ~/.cache/gdeploy/async.
	Dir string `json:"dir,omitempty"`
	// LimitMS is after how many milliseconds it is stopped.
	LimitMS int64 `json:"limit_ms"`
	// Key seals the result on the disk, see async_status.Seal; empty leaves it open to the
	// user who ran it.
	Key string `json:"key,omitempty"`
}

// Reply is what comes back of a Call.
type Reply struct {
	Changed bool `json:"changed,omitempty"`
	Failed  bool `json:"failed,omitempty"`
	Skipped bool `json:"skipped,omitempty"`
	// Unknown marks a dry run that ended at a program it could not run.
	Unknown bool `json:"unknown,omitempty"`
	// LeftOut marks a dry run that left something out which would be no change; see Aside.
	LeftOut bool   `json:"left_out,omitempty"`
	Msg     string `json:"msg,omitempty"`
	// Data and Facts are as in Result; null where there are none.
	Data  values.Value `json:"data"`
	Facts values.Value `json:"facts"`
	// CacheFacts asks to keep Facts beyond the run.
	CacheFacts bool     `json:"cache_facts,omitempty"`
	Changes    []Change `json:"changes,omitempty"`
	Warnings   []string `json:"warnings,omitempty"`
	// ErrorKind tells what went wrong where a program needs to know; see ErrorKind.
	ErrorKind ErrorKind `json:"error_kind,omitempty"`
	// Times are there for a Timed call.
	Times *Times `json:"times,omitempty"`

	effect time.Time
}

// Unchanged reports that the call worked, found nothing to do, and knows that for sure.
func (r Reply) Unchanged() bool {
	return !r.Changed && !r.Failed && !r.Skipped && !r.Unknown && !r.LeftOut && len(r.Changes) == 0
}

// Times say when a call was worked on, by the clock of the host.
type Times struct {
	Began time.Time `json:"began"`
	Ended time.Time `json:"ended"`
	// Effect is when the change was made that the call is for; zero where the module
	// does not tell.
	Effect time.Time `json:"effect,omitzero"`
}

// Change is one thing that a module did, or in check mode would have done.
type Change struct {
	// Action is a verb in the present tense: write, mkdir, link, chmod, chown, touch,
	// remove, rename, append, unpack, exec.
	Action string `json:"action"`
	// Path is what it was done to; for exec the command line, without secrets; for
	// rename the old name, with the new one in After.
	Path string `json:"path"`
	// Before and After describe the state: contents for small text files when a diff
	// was asked for, else hash and size; modes and owners as text.
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
	// Text marks Before and After as file contents, to be shown as a diff.
	Text bool `json:"text,omitempty"`
	// Withheld says, where a diff was asked for, why contents are not shown, in the words of
	// Ansible's results: dst_binary, dst_larger of the old one, src_binary, src_larger of
	// the new one.
	Withheld []string `json:"withheld,omitempty"`
}

// ErrorKind classifies a failure across the wire.
type ErrorKind string

// The kinds of failures that somebody acts upon.
const (
	KindOther    ErrorKind = ""
	KindArgs     ErrorKind = "args"     // parameters that do not fit the module
	KindCut      ErrorKind = "cut"      // the controller went away while it sent content
	KindFenced   ErrorKind = "fenced"   // another run holds the lock
	KindLocked   ErrorKind = "locked"   // the lock could not be had
	KindNoSpace  ErrorKind = "no_space" // the disk is full
	KindTimeout  ErrorKind = "timeout"
	KindCanceled ErrorKind = "canceled"
	// KindUnreachable is a host that a module beside the executor could not reach.
	KindUnreachable ErrorKind = "unreachable"
)
