package executor

import (
	"context"
	"io"
	"net"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/redact"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// Request says what to run, where, and with what.
type Request struct {
	Playbooks []*playbooks.Playbook
	Inventory Inventory
	Store     *variables.Store
	Loader    Loader
	Hosts     Hosts

	// Identity names the run in ledgers, locks and journals.
	Identity modules.Run
	// Forks bounds the calls in flight; 0 is 100.
	Forks int
	// Select chooses tasks as --tags and --skip-tags do.
	Select playbooks.Select
	// Check changes nothing, Diff asks for contents before and after.
	Check, Diff bool
	// ForceHandlers runs notified handlers on failed hosts too.
	ForceHandlers bool
	// Step asks before each task; StartAtTask leaves out all tasks before the one named.
	Step        bool
	StartAtTask string
	// Override is why the run goes on in a freeze window; empty is that it does not.
	Override string
	// LockWait is how long to wait for a lock where the play does not say.
	LockWait time.Duration
	// Connection is what flags and settings say about connections.
	Connection ConnectionDefaults

	Events Sink
	// Secrets are those that are known before the run; those that it learns are added.
	Secrets Secrets
	Journal Journal
	// Terminal asks the operator; nil where there is none.
	Terminal modules.Terminal
	// Approvals carries the questions between waves to other shells; nil where only the
	// terminal and the clock can answer.
	Approvals Approvals
	// Verbosity is the number of -v.
	Verbosity int
	// Interrupt, when closed, ends the run after the tasks that run now, and what was
	// done is taken back. Cancelling the context of Run stops at once.
	Interrupt <-chan struct{}
}

// DefaultForks is how many calls are in flight at once where nobody says.
const DefaultForks = 100

func (q Request) withDefaults() Request {
	if q.Forks <= 0 {
		q.Forks = DefaultForks
	}
	if q.Events == nil {
		q.Events = nobody{}
	}
	if q.Secrets == nil {
		q.Secrets = redact.New()
	}
	if q.Journal == nil {
		q.Journal = noJournal{}
	}
	return q
}

// Hosts carries calls to hosts; *transport.Pool is the real one.
type Hosts interface {
	Call(ctx context.Context, t transport.Target, call modules.Call, content transport.Content, progress func(line string)) (modules.Reply, error)
	Batch(ctx context.Context, t transport.Target, calls []modules.Call, o transport.BatchOptions) error
	Dial(ctx context.Context, t transport.Target, network, address string) (net.Conn, error)
	Exec(ctx context.Context, t transport.Target, command string, stdin io.Reader) (transport.Output, error)
	Reset(t transport.Target)
}

// Inventory finds hosts, and takes those that a play adds.
type Inventory interface {
	// Select gives the hosts that a pattern names, in order, less those that --limit
	// leaves out.
	Select(pattern string) ([]string, error)
	// AddHost makes a host known, and sets its variables.
	AddHost(name string, vars *values.Map, groups []string) (changed bool, err error)
	// AddToGroup puts a host into a group, made if missing, below its parents.
	AddToGroup(host, group string, parents []string) (changed bool, err error)
}

// Refresher is an Inventory that can be read again (meta: refresh_inventory).
type Refresher interface {
	Refresh(ctx context.Context) error
}

// Loader reads what includes name when they are reached; *playbooks.Loader is the real one.
type Loader interface {
	Tasks(include *playbooks.Task, file string) (*playbooks.Block, error)
	Role(include *playbooks.Task, name string, from playbooks.RoleFrom) (*playbooks.RoleUse, error)
	// Module finds a module by its name.
	Module(name string) (*modules.Spec, bool)
}

// Journal keeps on disk what must not be lost when the controller dies. Each call returns
// when it is there.
type Journal interface {
	// Undo is told before the call that the entry takes back is sent.
	Undo(UndoRecord) error
	// Undone is told when an entry was run, with how that ended.
	Undone(id string, status Status) error
	// Start is told before a call that runs a command.
	Start(step, host string, call modules.Call) error
	// Lock is told when a lock was taken and when it was let go.
	Lock(name, host string, held bool) error
}

// UndoRecord is an undo entry in the journal.
type UndoRecord struct {
	ID   string `json:"id"`
	Host string `json:"host"`
	// Task is the one whose effect the entry takes back.
	Task Place  `json:"task"`
	Item string `json:"item,omitempty"`
}

// Secrets knows what must not be shown; *redact.Secrets is the real one.
type Secrets interface {
	Add(secret string)
	Text(string) string
	Value(values.Value) values.Value
}

type nobody struct{}

func (nobody) Record(Record) {}

type noJournal struct{}

func (noJournal) Undo(UndoRecord) error                    { return nil }
func (noJournal) Undone(string, Status) error              { return nil }
func (noJournal) Start(string, string, modules.Call) error { return nil }
func (noJournal) Lock(name, host string, held bool) error  { return nil }
