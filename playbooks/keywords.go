package playbooks

import "github.com/gdeploy/gdeploy/values"

// Places is a set of where a keyword may stand.
type Places uint8

// The places of keywords.
const (
	OnPlay Places = 1 << iota
	OnRole
	OnBlock
	OnTask
	// OnInclude marks the task keywords that include_tasks and include_role take
	// themselves. For the others they have apply.
	OnInclude
	// OnHandler marks what only handlers take.
	OnHandler
	// OnImport marks what import_playbook takes.
	OnImport

	everywhere = OnPlay | OnRole | OnBlock | OnTask
	withinPlay = OnRole | OnBlock | OnTask
)

// Keyword is a row of the table of what plays, roles, blocks and tasks accept.
type Keyword struct {
	Name string
	On   Places
	// Takes says what is written behind it.
	Takes Kind
	Help  string
	// Own marks gdeploy's own keywords, which Ansible does not know.
	Own bool
	// read puts the value into the node. It is nil for the keywords that hold nodes
	// (tasks, block, roles, ...): those are read when all others are known.
	read reader
}

// reader reads the value of keyword k into the node t.
type reader func(p *parser, t *target, k *Keyword, v values.Value)

// KeywordTable gives all keywords: what is not in it is refused. Documentation and the
// JSON schema are made from it.
func KeywordTable() []Keyword { return keywords }

var keywords = []Keyword{
	{"name", everywhere | OnInclude | OnImport, Text, "what people read while it runs", false, word(func(w *Keywords) *values.Value { return &w.Name })},
	{"vars", everywhere | OnInclude | OnImport, Mapping, "variables for everything below", false, readVars},
	{"tags", everywhere | OnInclude | OnImport, Names, "labels that --tags and --skip-tags select by", false, readTags},
	{"when", withinPlay | OnInclude | OnImport, Conditions, "conditions that must all be true, else it is skipped", false, conditions(func(t *target) *[]values.Value { return &t.words.When })},
	{"environment", everywhere, Mappings, "environment variables of the programs that modules start", false, readEnvironment},
	{"module_defaults", everywhere, Mappings, "parameters that modules have where a task does not write them", false, readModuleDefaults},
	{"collections", everywhere | OnInclude, Names, "collections in which short names of modules and roles are looked up", false, readCollections},
	{"become", everywhere, Bool, "run as another user", false, word(func(w *Keywords) *values.Value { return &w.Become })},
	{"become_user", everywhere, Text, "the user to become (root)", false, word(func(w *Keywords) *values.Value { return &w.BecomeUser })},
	{"become_method", everywhere, Text, "the program to become another user with (sudo)", false, word(func(w *Keywords) *values.Value { return &w.BecomeMethod })},
	{"become_flags", everywhere, Text, "flags for that program", false, word(func(w *Keywords) *values.Value { return &w.BecomeFlags })},
	{"become_exe", everywhere, Text, "the path of that program", false, word(func(w *Keywords) *values.Value { return &w.BecomeExe })},
	{"connection", everywhere, Text, "how hosts are reached: ssh or local", false, word(func(w *Keywords) *values.Value { return &w.Connection })},
	{"remote_user", everywhere, Text, "the user to log in as", false, word(func(w *Keywords) *values.Value { return &w.RemoteUser })},
	{"port", everywhere, Integer, "the port to connect to", false, word(func(w *Keywords) *values.Value { return &w.Port })},
	{"any_errors_fatal", everywhere, Bool, "one failed host ends the play on all", false, word(func(w *Keywords) *values.Value { return &w.AnyErrorsFatal })},
	{"ignore_errors", everywhere | OnInclude, Bool, "go on with a host whose task failed", false, word(func(w *Keywords) *values.Value { return &w.IgnoreErrors })},
	{"ignore_unreachable", everywhere, Bool, "go on with a host that could not be reached", false, word(func(w *Keywords) *values.Value { return &w.IgnoreUnreachable })},
	{"check_mode", everywhere, Bool, "always (yes) or never (no) predict instead of change", false, word(func(w *Keywords) *values.Value { return &w.CheckMode })},
	{"diff", everywhere, Bool, "show what changes in files", false, word(func(w *Keywords) *values.Value { return &w.Diff })},
	{"no_log", everywhere | OnInclude, Bool, "show and store neither arguments nor result", false, word(func(w *Keywords) *values.Value { return &w.NoLog })},
	{"run_once", everywhere | OnInclude, Bool, "run on the first host of the batch, for all of them", false, word(func(w *Keywords) *values.Value { return &w.RunOnce })},
	{"throttle", everywhere, Integer, "how many hosts run a task at once", false, word(func(w *Keywords) *values.Value { return &w.Throttle })},
	{"timeout", everywhere | OnInclude, Integer, "seconds after which a task fails", false, word(func(w *Keywords) *values.Value { return &w.Timeout })},
	{"debugger", everywhere | OnInclude, Text, "when the debugger opens: always, never, on_failed, on_unreachable or on_skipped", false, readDebugger},
	{"delegate_to", withinPlay, Text, "the host where it runs instead", false, value(delegateTo)},
	{"delegate_facts", withinPlay, Bool, "facts belong to that host", false, value(delegateFacts)},
	{"undo", OnBlock | OnTask, Tasks, "tasks that take its effect back when the play is aborted", true, nil},

	{"hosts", OnPlay, Any, "the pattern of hosts", false, readHosts},
	{"user", OnPlay, Text, "old name of remote_user", false, word(func(w *Keywords) *values.Value { return &w.RemoteUser })},
	{"gather_facts", OnPlay, Bool, "collect facts of the hosts first", false, value(func(t *target) *values.Value { return &t.play.GatherFacts })},
	{"gather_subset", OnPlay, Any, "which facts", false, value(func(t *target) *values.Value { return &t.play.GatherSubset })},
	{"gather_timeout", OnPlay, Integer, "seconds that collecting may take", false, value(func(t *target) *values.Value { return &t.play.GatherTimeout })},
	{"fact_path", OnPlay, Text, "the directory of local facts on the hosts", false, value(func(t *target) *values.Value { return &t.play.FactPath })},
	{"strategy", OnPlay, Text, "linear, free, host_pinned or debug", false, readStrategy},
	{"order", OnPlay, Text, "inventory, reverse_inventory, sorted, reverse_sorted or shuffle", false, readOrder},
	{"serial", OnPlay, Any, "hosts per batch: a number, a percentage, or a list of them", false, readSerial},
	{"max_fail_percentage", OnPlay, Percent, "the play ends when more hosts of the batch than this failed", false, value(func(t *target) *values.Value { return &t.play.MaxFailPercentage })},
	{"force_handlers", OnPlay, Bool, "run notified handlers on failed hosts too", false, value(func(t *target) *values.Value { return &t.play.ForceHandlers })},
	{"vars_files", OnPlay, Any, "files of variables", false, readVarsFiles},
	{"vars_prompt", OnPlay, Any, "variables to ask the operator for", false, readVarsPrompt},
	{"lock", OnPlay, Any, "the run lock that the play holds on its hosts", true, readLock},
	{"on_failure", OnPlay, Text, "what an aborted play takes back: undo (all hosts) or undo_host (the failed ones)", true, readOnFailure},
	{"rolling", OnPlay, Mapping, "hosts under way at once, and how many must stay in service: {window, min_available, settle, check, available, of}", true, readRolling},
	{"waves", OnPlay, Any, "groups or patterns of hosts that go one after the other; the last one is usually all", true, readWaves},
	{"approve", OnPlay, Text, "between waves: ask, or a length of time after which it goes on unless somebody says no", true, readApprove},
	{"pre_tasks", OnPlay, Tasks, "tasks before the roles", false, nil},
	{"roles", OnPlay, Any, "roles, before the tasks", false, nil},
	{"tasks", OnPlay, Tasks, "the tasks", false, nil},
	{"post_tasks", OnPlay, Tasks, "tasks after all others", false, nil},
	{"handlers", OnPlay, Tasks, "tasks that run when they are notified", false, nil},

	{"block", OnBlock, Tasks, "tasks that belong together", false, nil},
	{"rescue", OnBlock, Tasks, "tasks for the hosts on which one of the block failed", false, nil},
	{"always", OnBlock, Tasks, "tasks that follow in any case", false, nil},
	{"notify", OnBlock | OnTask, Names, "handlers to run when something changed", false, readNotify},

	{"action", OnTask | OnInclude, Any, "the module and its arguments, in one", false, ignored},
	{"local_action", OnTask | OnInclude, Any, "the same, run on the controller", false, ignored},
	{"args", OnTask | OnInclude, Mapping, "further arguments of the module", false, ignored},
	{"register", OnTask | OnInclude, Text, "the variable that gets the result", false, readRegister},
	{"loop", OnTask | OnInclude, Any, "run once for each item of the list", false, ignored},
	{"loop_control", OnTask | OnInclude, Mapping, "loop_var, index_var, label, pause, extended, break_when", false, readLoopControl},
	{"until", OnTask, Conditions, "try again until this is true", false, conditions(func(t *target) *[]values.Value { return &t.task.Until })},
	{"retries", OnTask, Integer, "how often to try again (3)", false, value(func(t *target) *values.Value { return &t.task.Retries })},
	{"delay", OnTask, Integer, "seconds between the tries (5)", false, value(func(t *target) *values.Value { return &t.task.Delay })},
	{"changed_when", OnTask, Conditions, "when the result counts as changed", false, conditions(func(t *target) *[]values.Value { return &t.task.ChangedWhen })},
	{"failed_when", OnTask, Conditions, "when the result counts as failed", false, conditions(func(t *target) *[]values.Value { return &t.task.FailedWhen })},
	{"async", OnTask, Integer, "seconds that the task may run in the background", false, value(func(t *target) *values.Value { return &t.task.Async })},
	{"poll", OnTask, Integer, "seconds between looks at it; 0 does not wait", false, value(func(t *target) *values.Value { return &t.task.Poll })},
	{"together", OnTask, Bool, "all hosts of the batch do it at one moment, or none does", true, readTogether},
	{"listen", OnHandler, Names, "further names by which the handler is notified", false, readListen},
}

// refusedKeywords are those that gdeploy knows and does not have, with what to do.
var refusedKeywords = map[string]string{
	"include":              "use import_playbook between plays",
	"sudo":                 "use become: yes",
	"sudo_user":            "use become: yes and become_user",
	"su":                   "use become: yes and become_method: su",
	"su_user":              "use become: yes, become_user and become_method: su",
	"always_run":           "use check_mode: no",
	"static":               "use import_tasks for static and include_tasks for dynamic includes",
	"accelerate":           "leave it out",
	"first_available_file": "use with_first_found",
	"only_if":              "use when",
}

// RefusedKeywords gives the keywords that gdeploy knows and refuses, with what to use
// instead.
func RefusedKeywords() map[string]string { return refusedKeywords }

// byName finds the row of a keyword.
var byName = func() map[string]*Keyword {
	index := make(map[string]*Keyword, len(keywords))
	for i := range keywords {
		index[keywords[i].Name] = &keywords[i]
	}
	return index
}()

// keywordNames are the keywords of some places, for suggestions.
func keywordNames(on Places) []string {
	var names []string
	for _, k := range keywords {
		if k.On&on != 0 {
			names = append(names, k.Name)
		}
	}
	return names
}
