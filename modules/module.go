// Package modules says what a module is: a struct whose fields are its parameters and
// whose one method Run brings a host to the state they describe.
//
// A module reads and changes the host through its System only. What it changes is
// recorded there, so that changed, diff and check mode are true of every module
// without a line of code in it. See CONTRIBUTING.md for how to add one.
package modules

import (
	"context"
	"time"

	"github.com/gdeploy/gdeploy/values"
)

// Module is a decoded module call. A Spec's New makes one, Decode fills its fields.
type Module interface {
	// Run brings the host to the wanted state. An error fails the task; the
	// Result returned beside it still reaches register (rc and stdout of a command).
	Run(ctx context.Context, sys System) (Result, error)
}

// Result is what a module tells beside its changes.
type Result struct {
	// Msg is a sentence for the operator.
	Msg string
	// Data is what register sees, under Ansible's names (rc, stdout, dest, ...).
	Data *values.Map
	// Facts become variables of the host.
	Facts *values.Map
	// CacheFacts asks to keep the facts beyond the run.
	CacheFacts bool
	// Changed is for a module that tells what another call changed, or that it changed
	// something before it failed; else what is changed through the System counts.
	Changed bool
	// Skipped marks a call that had nothing to do by its own rules, such as
	// command with a creates that exists.
	Skipped bool
	// Warnings are shown to the operator beside the result.
	Warnings []string
	// Effect is when the one change was made that a call is for, by the host's clock.
	Effect time.Time
}

// Where says which machine runs a module.
type Where int

// The places where modules run.
const (
	// OnHost modules run in the helper on the managed host.
	OnHost Where = iota
	// OnController modules run beside the executor. Their System reads files of
	// the controller; its Network still dials from the managed host.
	OnController
	// OnConnection modules work on the connection itself: exec without a helper.
	OnConnection
)

// CheckMode says what a module does in a dry run.
type CheckMode int

// The ways to behave in check mode.
const (
	// Predict runs the module; changes are recorded and not made.
	Predict CheckMode = iota
	// Skip does not run the module; one that is a Predictor runs until it comes to a
	// program, as command and shell do.
	Skip
)

// Spec describes a module to the decoder, the documentation and the executor.
type Spec struct {
	// Name is the short name that playbooks use.
	Name string
	// Aliases are further names. The prefixes ansible.builtin., ansible.legacy.,
	// ansible.posix. and community.general. are understood for all modules.
	Aliases []string
	Where   Where
	Check   CheckMode
	// FreeForm names the parameter that takes free text ("command: ls -l"); empty
	// where the module has none.
	FreeForm string
	// Fenced calls carry the number of the run's lock, and a host whose lock names
	// another run refuses them.
	Fenced bool
	// AwaitsSignal modules wait for Run.Signal themselves, just before their change. All
	// others are begun by it.
	AwaitsSignal bool
	// ReadOnly modules read nothing but their own host, and what they find in check mode
	// when there is nothing to do is what they find in earnest: see IsProbed. setup is not one
	// of them: its facts are those of its moment, such as the time.
	ReadOnly bool
	// Refused are parameters that Ansible has and this module has not, each with what
	// to do instead.
	Refused map[string]string
	// New makes an empty module whose fields Decode fills. The struct's fields are
	// the parameters, described by tags:
	//
	//	json:"name"            the parameter's name; "*" is a values.Map that takes all
	//	                       parameters that have no field
	//	help:"..."             one line for gdeploy doc; every parameter has it
	//	required:"true"
	//	choices:"a,b,c"
	//	default:"text"         decoded as if it had been written
	//	aliases:"x,y"
	//	secret:"true"          never shown or logged
	//	from:"controller"      a Blob or Tree whose bytes come from the controller; the
	//	                       operator writes a path ("controller,template" renders it first;
	//	                       with "controller,optional" it may be missing; with
	//	                       "controller,words" it is a command line that begins with it)
	//	unless:"remote_src"    a Source that is a path on the host where that parameter is true
	//	type:"mode|path|duration|raw|tree"  how the text is read, where the Go type does not say
	//
	// A field of pointer type tells "not given" from the zero value.
	New func() Module
}

// IsProbed reports that calls of the module may be tried on a host before their turn. command
// and its like run what somebody wrote, and are never tried.
func (s *Spec) IsProbed() bool { return s.ReadOnly && s.Where == OnHost && s.Check == Predict }

// Blob is a file's content that lies on the controller until a module opens it.
type Blob struct {
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	// Name is the path that the operator wrote, for messages and for dest/.
	Name string `json:"name"`
	// Mode is the permission bits of the file on the controller.
	Mode uint32 `json:"mode"`
	// Secret keeps the content out of diffs: a vault file, a template with a secret in it.
	Secret bool `json:"secret,omitempty"`
	// Inline holds small content, so that it costs no further round trip.
	Inline []byte `json:"inline,omitempty"`
}

// Tree is a directory on the controller: its entries in path order, parents first.
// A plain file is a tree with one entry whose Path is empty.
type Tree struct {
	// Name is the path that the operator wrote, with its trailing slash if it had one.
	Name    string      `json:"name"`
	IsDir   bool        `json:"is_dir"`
	Entries []TreeEntry `json:"entries"`
}

// TreeEntry is one file, directory or link of a Tree.
type TreeEntry struct {
	Path  string `json:"path"`
	IsDir bool   `json:"is_dir,omitempty"`
	Link  string `json:"link,omitempty"`
	Blob  Blob   `json:"blob"`
}
