package playbooks

import (
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Options say what a Loader knows beside the files it reads. Everything may be left
// out; what is not checked then is found when the playbook runs.
type Options struct {
	// Modules are all modules of gdeploy.
	Modules []*modules.Spec

	// CheckTemplate finds bad syntax and unknown filters and tests in a string that holds a
	// template, or in a bare expression such as that of when. Package variables has one.
	CheckTemplate func(v values.Value, asExpression bool) []error
	// Evaluate gives the value of a template that must be known before the run: the
	// file of an import, the name of a role. The scope holds the variables of the play
	// and of what stands around, the strongest last; extra variables are to win over them.
	Evaluate func(template values.Value, scope []*values.Map) (values.Value, error)
	// Told is told of every file that is read; nil where nobody wants that.
	Told func(path string, content []byte)
	// Lookups are the names that with_* accepts; nil accepts all. OwnLookup knows those of the
	// user's own, which may come with a role; the error says what keeps one from running.
	Lookups   []string
	OwnLookup func(name string) (bool, error)
	// Plugins is told of the directory of each playbook and role: filters, tests and lookups may
	// lie in it. It reports whether there are any that were not known; nil where nobody wants
	// that. The error says why they cannot be used.
	Plugins func(dir string) (grew bool, err error)

	// RolesPath, Library and Collections are directories of roles, of the user's own
	// modules, and of ansible_collections, beside those next to the playbook.
	RolesPath   []string
	Library     []string
	Collections []string
	// Stock holds the playbooks that are shipped. One in the working directory or in its
	// playbooks/ wins over that of the same name here.
	Stock fs.FS
	// Decrypt opens a file that is encrypted as a whole.
	Decrypt func(data []byte, file string) ([]byte, error)
	// Warn is told what loads but is probably not meant.
	Warn func(pos values.Position, text string)
}

// Loader reads playbooks. It is safe for concurrent use: while a playbook runs, dynamic
// includes are loaded through it.
type Loader struct {
	options Options
	modules map[string]*modules.Spec
	files   files

	mu    sync.Mutex
	roles map[roleKey]*roleFiles
	own   map[string]map[string]string // library directory -> module name -> path
}

// NewLoader makes a Loader.
func NewLoader(o Options) *Loader {
	l := &Loader{
		options: o,
		modules: map[string]*modules.Spec{},
		files:   files{stock: o.Stock, decrypt: o.Decrypt, told: o.Told, cache: map[string]*file{}},
		roles:   map[roleKey]*roleFiles{},
		own:     map[string]map[string]string{},
	}
	for _, spec := range o.Modules {
		l.modules[spec.Name] = spec
		for _, alias := range spec.Aliases {
			l.modules[alias] = spec
		}
	}
	return l
}

// Playbook reads a playbook with everything that it imports. The error is Mistakes:
// all that is wrong, at once.
func (l *Loader) Playbook(path string) (*Playbook, error) {
	found := l.files.playbook(path)
	if inside := l.collectionPlaybook(path, l.options.Collections); inside != "" && !l.files.exists(found) {
		found = inside
	}
	for {
		p := &parser{l: l, holds: true}
		playbook := &Playbook{File: found, Plays: p.plays(found, nil)}
		if p.hasty {
			l.forgetRoles()
			continue
		}
		p.tellWarnings()
		return playbook, p.err()
	}
}

// Tasks reads the file that the include_tasks task t names; file is its evaluated name.
// The included tasks are the body of the block, which stands where t stands and has the
// variables of t and the keywords of its apply; its position is that of the file. Every
// call gives new nodes.
func (l *Loader) Tasks(t *Task, file string) (*Block, error) {
	if t.Include == nil || t.Include.Kind != "tasks" {
		return nil, Mistakes{{Pos: t.Pos, Msg: t.Action + " includes no tasks"}}
	}
	p := &parser{l: l}
	block := p.includedTasks(t, file)
	return block, p.err()
}

// Role reads the role that the include_role task t names. The strings of the evaluated
// include are given by name and from; empty ones in from mean "main". The tasks of the
// role are the Tasks of the result, which stand where t stands.
func (l *Loader) Role(t *Task, name string, from RoleFrom) (*RoleUse, error) {
	if t.Include == nil || t.Include.Kind != "role" {
		return nil, Mistakes{{Pos: t.Pos, Msg: t.Action + " includes no role"}}
	}
	p := &parser{l: l}
	use := p.includedRole(t, name, from)
	return use, p.err()
}

// Module finds a module by the name that a playbook uses, fully qualified or not.
func (l *Loader) Module(name string) (*modules.Spec, bool) {
	spec, ok := l.modules[shortName(name)]
	return spec, ok
}

// ReadFile reads a file that lies beside a playbook; names of stock playbooks' files
// are understood too.
func (l *Loader) ReadFile(path string) ([]byte, error) { return l.files.read(path) }

// Line is the line of a file that was loaded, as it was written; empty where there is none.
func (l *Loader) Line(at values.Position) string { return l.files.line(at) }

// FS gives the file system that holds path, and path's name in it: the embedded one for
// files of stock playbooks, nil for those on disk.
func (l *Loader) FS(path string) (fs.FS, string) {
	if name, ok := strings.CutPrefix(path, stockPrefix); ok {
		return l.options.Stock, name
	}
	return nil, path
}

func (l *Loader) warn(pos values.Position, text string) {
	if l.options.Warn != nil {
		l.options.Warn(pos, text)
	}
}

// prefixes are the collections whose modules gdeploy has under their short names.
var prefixes = []string{"ansible.builtin.", "ansible.legacy.", "ansible.posix.", "community.general."}

// shortName takes the prefix of a known collection off.
func shortName(name string) string {
	if !strings.Contains(name, ".") {
		return name
	}
	for _, prefix := range prefixes {
		if short, ok := strings.CutPrefix(name, prefix); ok {
			return short
		}
	}
	return name
}

// parser turns the values of one load into nodes and collects the mistakes in them.
type parser struct {
	l        *Loader
	mistakes Mistakes
	// brought are the handlers of the roles that were imported so far.
	brought []*Handler
	// roles are those of this load, by RoleUse.Same.
	roles map[string]*Role
	// holds says that warnings are kept until it is known whether this reading counts.
	holds bool
	held  []warning
	plugged
}

func (p *parser) err() error {
	if len(p.mistakes) == 0 {
		return nil
	}
	all := p.mistakes.sorted()
	for i, m := range all {
		if m.Line == "" {
			all[i].Line = p.l.files.line(m.Pos)
		}
	}
	return all
}

func (p *parser) mistake(pos values.Position, msg, hint string) {
	p.mistakes = append(p.mistakes, Mistake{Pos: pos, Msg: msg, Hint: hint})
}

// keep adds the errors of another package.
func (p *parser) keep(err error, pos values.Position) {
	p.mistakes = append(p.mistakes, mistakesOf(err, pos)...)
}

// moduleNames are all names that a task may call, for suggestions.
func (l *Loader) moduleNames() []string {
	return slices.Concat(sortedKeys(l.modules), languageActions)
}
