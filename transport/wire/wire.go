// Package wire is what gdeploy and its helper say to each other: the preamble, the
// yamux session over the helper's stdin and stdout, and the messages on its streams.
//
// A stream carries frames of JSON, compressed where that pays, and ends when its work is
// done. The controller opens a stream with a Request; the helper opens one with a
// BlobRequest when it lacks bytes.
package wire

import (
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// Magic comes before all else that the helper writes, so that what a login shell prints
// can be told from the protocol.
const Magic = "\x00GDEPLOY\x01"

// Version of the protocol. The helper is always brought by its own controller, so that a
// difference means a mistake in the bootstrap.
const Version = 1

// Arguments are what a program is started with to work as the helper.
var Arguments = [...]string{"helper", "serve"}

// JobArguments are what a program is started with to run a call that it reads from
// stdin, and to write the result into the file that is the next argument.
var JobArguments = [...]string{"helper", "job"}

// Hello is the line of JSON behind the Magic.
type Hello struct {
	Version int `json:"version"`
	// Program is the path of the helper's program.
	Program string `json:"program"`
	UID     int    `json:"uid"`
	Home    string `json:"home"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
	PID     int    `json:"pid"`
	// BootID changes when the machine starts anew.
	BootID string `json:"boot_id"`
}

// Kind says what a stream is for.
type Kind string

// The kinds of streams that the controller opens.
const (
	KindCalls   Kind = "calls"   // answered by Events, until each call has its reply
	KindDial    Kind = "dial"    // answered by an Answer, then the connection's bytes
	KindBecome  Kind = "become"  // answered by an Answer, then another helper's bytes
	KindJournal Kind = "journal" // answered by JournalEntries, to the stream's end
)

// Request is the first frame of a stream that the controller opens.
type Request struct {
	Kind Kind `json:"kind"`
	// Calls run in order within a chain and side by side otherwise.
	Calls []modules.Call `json:"calls,omitempty"`
	// StopOnFailure leaves out what follows a failed call in its chain.
	StopOnFailure bool `json:"stop_on_failure,omitempty"`
	// Probes are calls that are expected to come next. Where none in the chain of the last of
	// Calls changed anything they are run behind it, one after the other and in check mode, for
	// as long as they would change nothing either. Their numbers go on behind those of Calls.
	Probes []modules.Call `json:"probes,omitempty"`
	// Network and Address are what to dial.
	Network string  `json:"network,omitempty"`
	Address string  `json:"address,omitempty"`
	Become  *Become `json:"become,omitempty"`
	// Run is the run whose journal is wanted.
	Run string `json:"run,omitempty"`
}

// Control may follow a Request for calls.
type Control struct {
	// Cancel ends the calls of the stream; those that run still give their replies.
	Cancel bool `json:"cancel,omitempty"`
}

// Become asks for a helper that works as another user.
type Become struct {
	Method   string   `json:"method"`
	User     string   `json:"user"`
	Password string   `json:"password,omitempty"`
	Exe      string   `json:"exe,omitempty"`
	Flags    []string `json:"flags,omitempty"`
}

// Event is what the helper tells of one call.
type Event struct {
	Call int `json:"call"`
	// Line is shown to the operator while the call works.
	Line string `json:"line,omitempty"`
	// Reply ends the call.
	Reply *modules.Reply `json:"reply,omitempty"`
	// Left marks a call that was not run because an earlier one of its chain failed, or
	// because the calls were cancelled. Of a probe it says that neither this nor any after it
	// has an answer.
	Left bool `json:"left,omitempty"`
}

// Answer says whether a dial or become worked.
type Answer struct {
	// Error is empty where it did.
	Error string `json:"error,omitempty"`
	// Password says that the error is about a missing or wrong password.
	Password bool  `json:"password,omitempty"`
	Hello    Hello `json:"hello"`
}

// BlobRequest is the first frame of a stream that the helper opens.
type BlobRequest struct {
	// Stream is the number of the stream whose call needs the blob.
	Stream uint32 `json:"stream"`
	SHA256 string `json:"sha256"`
	Offset int64  `json:"offset,omitempty"`
}

// BlobAnswer comes before the blob's chunks.
type BlobAnswer struct {
	Size  int64  `json:"size"`
	Error string `json:"error,omitempty"`
}

// ChunkSize is how much of a blob one chunk holds, before compression. Chunks begin at
// multiples of it, whatever the offset that was asked for.
const ChunkSize = 256 << 10

// JournalEntry is what a host's journal knows of one call.
type JournalEntry struct {
	Step   string `json:"step"`
	Module string `json:"module"`
	// Args is the SHA-256 of the call's arguments; empty for those that say no_log.
	Args string `json:"args"`
	// BootID is that of the machine when the call started.
	BootID string `json:"boot_id"`
	// Reply is null where the call started and its end is not known.
	Reply *modules.Reply `json:"reply,omitempty"`
	// Withheld says that of Reply only the status is there, since the task said no_log.
	Withheld bool `json:"withheld,omitempty"`
	// Incomplete stands alone behind the others where the host could not write all down:
	// of a call that they lack nobody knows whether it was run.
	Incomplete bool `json:"incomplete,omitempty"`
}

// KeepJournals is how long a run's journal stays on a host after its last line.
const KeepJournals = 7 * 24 * time.Hour
