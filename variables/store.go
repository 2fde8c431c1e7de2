package variables

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/lookups"
	"github.com/gdeploy/gdeploy/variables/plugins"
)

// Layer is one source of variables.
type Layer struct {
	Level Level
	// Where names the source: a file, a group, "set_fact".
	Where string
	Vars  *values.Map
}

// Inventory is what a Store asks of the inventory.
type Inventory interface {
	// Layers gives the variables of a host, weakest first; nil for an unknown host.
	Layers(host string) ([]Layer, error)
	// HostNames gives all hosts in order.
	HostNames() []string
	// Groups is the magic variable groups: the hosts of each group.
	Groups() values.Value
	// GroupsOf gives the groups of a host, as the magic variable group_names has them.
	GroupsOf(host string) []string
	// Knows reports whether host is in the inventory or an implicit localhost.
	Knows(host string) bool
	// Source is the inventory file that a host first came from; empty where there is none.
	Source(host string) string
	// Select gives the hosts of a pattern.
	Select(pattern string) ([]string, error)
}

// Options say what a run knows from the start. Zero values are fine.
type Options struct {
	Inventory Inventory
	// ExtraVars are those of -e, merged by ParseExtraVars.
	ExtraVars *values.Map
	// PlaybookDir is the magic variable playbook_dir and where relative paths of
	// playbooks start.
	PlaybookDir string
	// InventorySources are the -i arguments as absolute paths.
	InventorySources []string

	CheckMode, DiffMode bool
	Verbosity, Forks    int
	RunTags, SkipTags   []string
	Limit               string
	ConfigFile          string

	// Settings are further settings by Ansible's names, for the lookup config.
	Settings map[string]values.Value

	// MergeHashes merges maps of the same name across layers; off, the strongest wins.
	MergeHashes bool
	// Native keeps the types of what templates give (JINJA2_NATIVE).
	Native bool
	// Managed is the variable ansible_managed of template files, with {host}, {uid}, {file}
	// and codes of strftime in it; empty is "Ansible managed".
	Managed string
	// PrivateRoleVars keeps the vars of roles, but not their defaults, from the play's other tasks.
	PrivateRoleVars bool
	// KeepFactsApart leaves facts in ansible_facts only (INJECT_FACTS_AS_VARS off).
	KeepFactsApart bool

	// Vault opens encrypted values; nil where no password was given.
	Vault Vault
	// FactCache keeps facts from run to run; nil keeps them for the run only.
	FactCache FactCache
	// Lookups are added to the built-in ones and replace those of the same name.
	Lookups map[string]lookups.Lookup
	// Plugins are filters, tests and lookups of the user's own; nil where there are none.
	Plugins *plugins.Set
	// Warn tells the operator something that is no error; nil drops it.
	Warn func(msg string)
	// WarnAt tells the operator of a place in a file of variables; nil drops it.
	WarnAt func(pos values.Position, msg string)
	// Told is told of every file of variables and every template that is read; nil where
	// nobody wants that.
	Told func(path string, content []byte)
	// Getenv reads the controller's environment; os.Getenv where nil.
	Getenv func(string) string
}

// Vault opens what is encrypted.
type Vault interface {
	// Decrypt gives the plain text of a $ANSIBLE_VAULT text.
	Decrypt(text []byte) ([]byte, error)
}

// FactCache keeps facts from run to run.
type FactCache interface {
	// Load gives the facts of a host, nil where there are none.
	Load(host string) (*values.Map, error)
	// Save keeps all facts of a host.
	Save(host string, facts *values.Map) error
	// Forget removes what is kept of a host.
	Forget(host string) error
}

// Store holds everything known about variables in a run. It is safe for concurrent use.
type Store struct {
	options   Options
	engine    *engine
	magic     map[string]magic
	functions map[string]function
	lookups   map[string]lookups.Lookup
	deeds     atomic.Int64

	mu     sync.RWMutex
	hosts  map[string]*hostState
	plays  map[*playbooks.Play]*playState
	files  map[string]loadedFile
	opened map[string]string    // what !vault values hold, by their text
	beside map[string]Inventory // with the variables beside playbooks, by their directory
}

// NewStore makes the Store of a run.
func NewStore(o Options) *Store {
	s := &Store{
		options:   o,
		magic:     magicNames(),
		functions: functions(),
		lookups:   lookups.All(),
		hosts:     map[string]*hostState{},
		plays:     map[*playbooks.Play]*playState{},
		files:     map[string]loadedFile{},
		opened:    map[string]string{},
		beside:    map[string]Inventory{},
	}
	maps.Copy(s.lookups, o.Lookups)
	s.engine = newEngine(s)
	return s
}

// KeepsTypes reports that templates keep the types of their values, as the setting
// jinja2_native has it.
func (s *Store) KeepsTypes() bool { return s.options.Native }

// Deeds counts the lookups so far that may have done more than read something here: those
// that ran programs, asked servers or wrote files.
func (s *Store) Deeds() int64 { return s.deeds.Load() }

// SetFacts adds what a host reported under ansible_facts. Facts are data; they cannot
// set connection, become or interpreter variables.
func (s *Store) SetFacts(host string, facts *values.Map) {
	h := s.host(host)
	h.addFacts(facts)
	s.cacheFacts(host, h)
}

// ClearFacts forgets the facts of a host (meta: clear_facts).
func (s *Store) ClearFacts(host string) {
	s.host(host).clearFacts()
	if s.options.FactCache != nil {
		s.warnOf(s.options.FactCache.Forget(host))
	}
}

// Facts gives what is known of a host under the names of the setup module. The caller
// must not change it.
func (s *Store) Facts(host string) *values.Map {
	h := s.host(host)
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.facts
}

// SetFact sets a variable as the module set_fact does; cacheable ones are facts too.
func (s *Store) SetFact(host, name string, v values.Value, cacheable bool) {
	h := s.host(host)
	h.put(name, v, "set_fact")
	if cacheable {
		fact := values.NewMap(1)
		fact.Set(name, v)
		h.addFacts(fact)
		s.cacheFacts(host, h)
	}
}

// Register sets a registered variable. Results are data and never templates.
func (s *Store) Register(host, name string, v values.Value) {
	s.host(host).put(name, v.MarkUnsafe(), "register")
}

// IncludeVars adds the variables that include_vars loaded.
func (s *Store) IncludeVars(host string, vars *values.Map) {
	s.host(host).include(vars, s.options.MergeHashes)
}

func (s *Store) host(name string) *hostState {
	s.mu.RLock()
	h := s.hosts[name]
	s.mu.RUnlock()
	if h == nil {
		s.mu.Lock()
		if s.hosts[name] == nil {
			s.hosts[name] = newHostState()
		}
		h = s.hosts[name]
		s.mu.Unlock()
	}
	h.recalled.Do(func() { s.recallFacts(name, h) })
	return h
}

// recallFacts takes the facts of earlier runs.
func (s *Store) recallFacts(host string, h *hostState) {
	if s.options.FactCache == nil || host == "" {
		return
	}
	facts, err := s.options.FactCache.Load(host)
	s.warnOf(err)
	if facts != nil {
		h.addFacts(facts)
	}
}

// cacheFacts keeps the facts of a host for later runs.
func (s *Store) cacheFacts(host string, h *hostState) {
	if s.options.FactCache == nil || host == "" {
		return
	}
	h.saving.Lock()
	defer h.saving.Unlock()
	h.mu.RLock()
	facts := h.facts
	h.mu.RUnlock()
	s.warnOf(s.options.FactCache.Save(host, facts))
}

func (s *Store) warnOf(err error) {
	if err != nil && s.options.Warn != nil {
		s.options.Warn(err.Error())
	}
}

// Hosts are the lists of hosts that magic variables show. The executor shares one value
// between the hosts of a batch and makes a new one when a host drops out.
type Hosts struct {
	// Play are the hosts of the play that are still active (ansible_play_hosts), All
	// those it started with, Batch those of the current batch.
	Play, All, Batch []string
}

// Context says for what variables are wanted.
type Context struct {
	// Ctx bounds the time that templates and lookups may take; nil means no bound.
	Ctx context.Context
	// Host may be empty, for what is templated once per play.
	Host string
	Play *playbooks.Play
	// Hosts may be nil.
	Hosts *Hosts
	// Prompts are the answers of vars_prompt.
	Prompts *values.Map
	// Task, its block and its role give the variables of blocks, roles and the task. Block and
	// Role need setting only where there is no Task, or where the task's own do not tell.
	Task  *playbooks.Task
	Block *playbooks.Block
	Role  *playbooks.Role
	// IncludeParams are the vars of the include_tasks and include_role around the
	// task, outermost first, with the loop variables of the include.
	IncludeParams []*values.Map
	// Extra are loop variables, the registered result during until, and their like.
	// They win over everything but magic variables.
	Extra *values.Map
	// Delegate is the host that delegate_to named; empty where there is none.
	Delegate string
	// Ahead says that the task's turn has not come and perhaps never does: lookups that do
	// more than read are refused, and nothing is told to the operator.
	Ahead bool

	// beside is the play whose directory's group_vars and host_vars count, where that is
	// not Play.
	beside *playbooks.Play
}
