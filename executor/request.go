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
	// Ahead bounds how many calls are tried on a host before their turn, to save round
	// trips; 0 sends every call in its turn only.
	Ahead int
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
	// Debugger opens the debugger for every task that fails.
	Debugger bool
	// Defaults are what plays and tasks get that do not say.
	Defaults Defaults
	// LockWait is how long to wait for a lock where the play does not say.
	LockWait time.Duration
	// Over reports that a run, by its id, is known to have ended or died, so that a lock of
	// its own is held only by what it left on a host that has not noticed yet; nil knows none.
	Over func(run string) bool
	// Resume says how a run goes on that died; nil for one that begins.
	Resume *Resume
	// Connection is what flags and settings say about connections.
	Connection ConnectionDefaults

	// Sent hears of each file of the controller whose content goes to hosts as it is, with
	// its sha256 and when it was changed last; nil where nobody listens.
	Sent func(path, sha256 string, modified time.Time)

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

// Resume says how a run goes on.
type Resume struct {
	// TakeBack does nothing that was not done before, and takes back what was.
	TakeBack bool
	// Assume says of commands of which nobody knows whether they were run that they
	// were (AssumeDone) or that they are to be run again (AssumeAgain). Where it says
	// nothing, the run stops before them.
	Assume string
	// Force goes on although another run had a lock of this one since.
	Force bool
}

// What can be assumed of a command that a dead run had sent.
const (
	AssumeDone  = "done"
	AssumeAgain = "again"
)

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
	// Line is the line of a file that was loaded.
	Line(at values.Position) string
}

// Journal keeps what must not be lost when the controller dies, and gives it back to the
// run that goes on. Facts are anything that JSON can carry.
type Journal interface {
	// Keep writes a fact down under a key; it outlives the controller, though not
	// necessarily a loss of power.
	Keep(key string, fact any) error
	// Commit is Keep that returns when the fact is safe on the disk, with all before it.
	Commit(key string, fact any) error
	// Kept reads what was written last under a key before this run went on; false where
	// that is nothing, as in every run that begins.
	Kept(key string, to any) bool
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

func (noJournal) Keep(string, any) error   { return nil }
func (noJournal) Commit(string, any) error { return nil }
func (noJournal) Kept(string, any) bool    { return false }
