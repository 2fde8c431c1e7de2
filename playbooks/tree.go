// Package playbooks is the language: it reads YAML files into plays, blocks, tasks and
// roles, each of which knows where it was written, and finds every mistake that can be
// found without touching a host.
//
// Values stay as they were written, templates and all; package executor evaluates them
// per host through package variables. What is static (import_*, roles) is expanded
// here, so the executor sees one tree; what is dynamic (include_*) is loaded through the
// same Loader when it is reached.
package playbooks

import (
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Playbook is one file of plays, with the plays of import_playbook in their places.
type Playbook struct {
	File  string
	Plays []*Play
}

// Play maps a pattern of hosts to what shall be done there.
type Play struct {
	Keywords
	// File is the playbook that the play stands in, which with import_playbook is not
	// always the one on the command line. Relative paths start at its directory.
	File  string
	Hosts values.Value

	GatherFacts   values.Value // null where not written
	GatherSubset  values.Value
	GatherTimeout values.Value
	FactPath      values.Value

	Strategy          string // linear where not written; free, host_pinned
	Order             values.Value
	Serial            values.Value // a number, a percentage, or a list of them; null: all at once
	MaxFailPercentage values.Value
	ForceHandlers     values.Value

	VarsFiles  []values.Value
	VarsPrompt []Prompt

	PreTasks  []Node
	Roles     []*RoleUse
	Tasks     []Node
	PostTasks []Node
	// Handlers are all handlers that are known before the run, in the order in which they
	// run: those of the roles, the play's own, those of import_role. Where names are the
	// same, the last one is meant.
	Handlers []*Handler

	// Lock names the run lock that the play holds on all its hosts while it runs; nil
	// where it holds none. It is gdeploy's own keyword.
	Lock *Lock
	// OnFailure says what an aborted play unwinds: "undo" (all hosts of the run that
	// were touched, the default) or "undo_host" (failed ones only). It may be a template.
	OnFailure values.Value
	// Rolling takes hosts through the play in a window, in place of Serial; nil where
	// not written. It is gdeploy's own keyword, as are Waves and Approve.
	Rolling *Rolling
	// Waves are the patterns of hosts that go first, in their order; null where there
	// is but one wave. Approve says who decides about the next one; see ParseApproval.
	Waves, Approve values.Value

	known *knownRoles
}

// Lock is the play keyword lock: "name" or {name, also, path, wait, reason, take_over,
// hold, urgent, when, become}.
type Lock struct {
	Pos  values.Position
	Name values.Value
	// Also names further hosts to lock, such as the balancer that tasks delegate to.
	Also   values.Value
	Path   values.Value // directory of the lock file on the hosts
	Wait   values.Value // seconds
	Reason values.Value
	// TakeOver raises the lock's number where another run holds it, so that its next
	// call is refused.
	TakeOver values.Value
	// Hold is the file of a hold on the hosts: while it is there the lock is not to be had.
	Hold values.Value
	// Urgent goes on in spite of a hold and of a freeze window.
	Urgent values.Value
	// When, if written, is a condition without which no lock is taken.
	When []values.Value
	// Become says as whom the lock file is written.
	Become values.Value
}

// Prompt is an entry of vars_prompt.
type Prompt struct {
	Pos      values.Position
	Name     string
	Prompt   values.Value
	Default  values.Value
	Private  values.Value // true where not written
	Confirm  values.Value
	Encrypt  values.Value
	Salt     values.Value
	SaltSize values.Value
	Unsafe   values.Value
}

// Keywords are those that plays, blocks, tasks and roles share. A null Value is a
// keyword that was not written, and is inherited from the parent.
type Keywords struct {
	Pos  values.Position
	Name values.Value // a string, perhaps a template; null where not written

	Vars           *values.Map // nil where not written
	When           []values.Value
	Tags           []string
	Environment    []values.Value
	ModuleDefaults []values.Value
	// ModuleGroups are the modules of the groups that ModuleDefaults names.
	ModuleGroups map[string][]string

	Become       values.Value
	BecomeUser   values.Value
	BecomeMethod values.Value
	BecomeFlags  values.Value
	BecomeExe    values.Value

	Connection values.Value
	RemoteUser values.Value
	Port       values.Value

	AnyErrorsFatal    values.Value
	IgnoreErrors      values.Value
	IgnoreUnreachable values.Value
	CheckMode         values.Value
	Diff              values.Value
	NoLog             values.Value
	RunOnce           values.Value
	Throttle          values.Value
	Timeout           values.Value
	Debugger          values.Value
	Collections       []string
}

// Node is a member of a task list: a *Block or a *Task.
type Node interface{ node() }

// Block groups tasks. The tasks of an import and of a role are blocks too.
type Block struct {
	Keywords
	// Parent is the block around this one; nil at the top of a task list.
	Parent *Block
	Body   []Node
	Rescue []Node
	Always []Node
	// Undo is pushed on the host's stack before the block's first task is sent.
	Undo []Node

	DelegateTo    values.Value
	DelegateFacts values.Value
	Notify        []values.Value

	// Role is the role whose tasks these are, nil outside of roles. It is inherited
	// by all nodes below.
	Role *Role
	// RoleUse holds the parameters with which Role was named here; nil but for the
	// block that a role's tasks become.
	RoleUse *RoleUse
	// Handlers are those of the roles that an included file imports. Only Loader.Tasks
	// sets it.
	Handlers []*Handler
}

// Task is one module call, or one include.
type Task struct {
	Keywords
	Parent *Block
	Role   *Role

	// Action is the module's short name as the Spec has it, or the written name where
	// the module is not known (see Unknown).
	Action string
	// Written is the name of the module as the playbook has it, which is what a task
	// without a name is called.
	Written string
	// Spec is the module; nil for language actions (include_*, meta), for user modules, and
	// where the name is a template.
	Spec *modules.Spec
	// Args are the parameters as written, after key=value and free-form text were taken apart.
	Args *values.Map
	// ArgsTemplate is set where all the arguments are one template ("args: "{{ x }}"").
	ArgsTemplate values.Value
	// UserModule is the path of an executable in library/ that serves Action; empty otherwise.
	UserModule string
	// Late is an error that static checking found but Ansible would survive (see
	// DESIGN section 1): the task fails with it when it runs.
	Late error

	Loop        *Loop
	LoopControl LoopControl
	Register    string
	// Together has all hosts of the batch do the task at one moment. It is gdeploy's own.
	Together    values.Value
	Until       []values.Value // empty where not written
	Retries     values.Value
	Delay       values.Value
	ChangedWhen []values.Value // nil where not written
	FailedWhen  []values.Value
	Notify      []values.Value
	Async       values.Value
	Poll        values.Value

	DelegateTo    values.Value
	DelegateFacts values.Value

	// Undo is what takes the task's effect back: it is pushed on the host's stack,
	// with the variables of that moment, before the task's call is sent.
	Undo []Node

	// Include is set for include_tasks and include_role.
	Include *Include
	// Meta is the action of meta: flush_handlers, end_play, ...
	Meta string
}

// Handler is a task, or a block of tasks, that runs when it was notified.
type Handler struct {
	Node   Node
	Listen []values.Value
	Role   *Role
}

// Loop is loop: or a with_*.
type Loop struct {
	Pos values.Position
	// Lookup is empty for loop: and the lookup's name for with_<lookup>.
	Lookup string
	Items  values.Value
}

// LoopControl is loop_control; null values were not written.
type LoopControl struct {
	LoopVar          values.Value // "item"
	IndexVar         values.Value
	Label            values.Value
	Pause            values.Value // seconds
	Extended         values.Value
	ExtendedAllItems values.Value
	BreakWhen        []values.Value
}

// Include is what include_tasks and include_role say. (import_tasks and import_role were
// expanded already; include_vars is a module.)
type Include struct {
	Kind string // "tasks", "role"
	File values.Value
	Role values.Value
	// TasksFrom, VarsFrom, DefaultsFrom, HandlersFrom choose files of a role; "main".
	TasksFrom, VarsFrom, DefaultsFrom, HandlersFrom values.Value
	Public                                          values.Value
	AllowDuplicates                                 values.Value
	RolespecValidate                                values.Value
	// Apply are the keywords that every included task gets. Loader.Tasks and Loader.Role
	// put them on a block.
	Apply *Keywords

	block *Block // the block of apply
	at    *place // where the include stands
}

// RoleUse is one mention of a role with its parameters and keywords.
type RoleUse struct {
	Keywords
	Role   *Role
	Params *values.Map // role parameters, precedence above role vars
	// Tasks is the block that the role's tasks form here, dependencies first.
	Tasks *Block
	// Depth is 0 for the play's own roles; dependencies have their user's plus one.
	Depth int
	// DelegateTo and DelegateFacts as written on the role.
	DelegateTo    values.Value
	DelegateFacts values.Value
	// From are the files that were chosen.
	From RoleFrom
	// Same is equal for the uses that Ansible takes for one (same role, parameters,
	// conditions and tags): those run once per host, unless the role allows duplicates.
	// They have the same Role too.
	Same string
	// AllowDuplicates is what the role says, or for import_role and include_role what the
	// task says: a role that does not allow them runs once per host.
	AllowDuplicates bool
	// Handlers are what this use brings, those of dependencies first. Those of a play's
	// roles and imports stand in the play's Handlers already.
	Handlers []*Handler
}

// RoleFrom chooses files of a role; an empty name is "main".
type RoleFrom struct{ Tasks, Vars, Defaults, Handlers string }

// Role is a role's directory. Uses that are the same (see RoleUse.Same) share it;
// Tasks, Handlers and Depends are those of the first of them.
type Role struct {
	// Name is the name of its directory; for a role of a collection, with the collection
	// before it (ns.collection.role).
	Name string
	// Collection is ns.collection for a role of a collection, else empty.
	Collection string
	// Path is absolute, except for roles of stock playbooks.
	Path            string
	Defaults        *values.Map
	Vars            *values.Map
	Tasks           []Node
	Handlers        []*Handler
	Depends         []*RoleUse
	AllowDuplicates bool
	// ArgumentSpecs is meta/argument_specs.yml; null where there is none.
	ArgumentSpecs values.Value

	dir string // Path as messages show it
}

func (*Block) node() {}
func (*Task) node()  {}
