package playbooks

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// languageActions are what a task may name beside modules. No module can serve them.
var languageActions = []string{"import_role", "import_tasks", "include", "include_role", "include_tasks", "meta"}

// action is what a task does.
type action struct {
	// name is the short name, written the one in the playbook.
	name, written string
	spec          *modules.Spec
	// path is the executable of a user's own module.
	path string
	// old is what the module's collection says to those who still use it by this name.
	old string
}

// action finds what a name stands for at a place. A user's own module goes before
// gdeploy's of the same name, unless the name says ansible.builtin.
func (p *parser) action(written string, at place) (action, bool) {
	return p.named(written, written, at)
}

// named finds what the name stands for that the written one was redirected to.
func (p *parser) named(name, written string, at place) (action, bool) {
	r := p.routed(name, at)
	name = r.name
	a := action{name: shortName(name), written: written, old: r.deprecated}
	if r.gone != "" {
		return a, false
	}
	if slices.Contains(languageActions, a.name) {
		return a, true
	}
	if a.spec = p.l.modules[a.name]; a.spec != nil {
		a.name = a.spec.Name
	}
	if !strings.HasPrefix(name, "ansible.builtin.") {
		a.path = p.l.userModule(name, at)
	}
	if a.path != "" {
		a.spec = nil
	}
	return a, a.spec != nil || a.path != ""
}

// userModule gives the path of the executable that serves a name, or "".
func (l *Loader) userModule(written string, at place) string {
	name := strings.TrimPrefix(written, "ansible.legacy.")
	if strings.Contains(name, ".") {
		return l.collectionModule(name, at)
	}
	for _, dir := range l.libraryDirs(at) {
		if path := l.library(dir)[name]; path != "" {
			return path
		}
	}
	for _, collection := range at.collections() {
		if path := l.collectionModule(collection+"."+name, at); path != "" {
			return path
		}
	}
	return ""
}

func (l *Loader) libraryDirs(at place) []string {
	var dirs []string
	for b := at.parent; b != nil; b = b.Parent {
		if b.Role != nil && (b.Parent == nil || b.Parent.Role != b.Role) {
			dirs = append(dirs, join(b.Role.Path, "library"))
		}
	}
	if at.play != nil {
		dirs = append(dirs, join(dirOf(at.play.File), "library"))
	}
	return append(dirs, l.options.Library...)
}

// collectionModule finds the module of a fully qualified name in the directories of collections.
func (l *Loader) collectionModule(name string, at place) string {
	parts := strings.SplitN(name, ".", 3)
	if len(parts) < 3 {
		return ""
	}
	for _, dir := range l.collectionDirs(at) {
		modules := join(dir, filepath.Join("ansible_collections", parts[0], parts[1], "plugins", "modules"))
		if path := l.library(modules)[parts[2]]; path != "" {
			return path
		}
	}
	return ""
}

func (l *Loader) collectionDirs(at place) []string {
	dirs := l.options.Collections
	if at.play != nil {
		dirs = append([]string{join(dirOf(at.play.File), "collections")}, dirs...)
	}
	return dirs
}

// library gives the modules in a directory, which is read once.
func (l *Loader) library(dir string) map[string]string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known, ok := l.own[dir]; ok {
		return known
	}
	found := map[string]string{}
	for _, e := range l.files.list(dir) {
		name, ext := strings.TrimSuffix(e.Name(), filepath.Ext(e.Name())), filepath.Ext(e.Name())
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || strings.HasPrefix(name, "__") || slices.Contains(noModules, ext) {
			continue
		}
		found[name] = join(dir, e.Name())
	}
	l.own[dir] = found
	return found
}

// noModules are the extensions of files in library/ that are no modules.
var noModules = []string{".pyc", ".pyo", ".swp", ".bak", ".md", ".rst", ".txt", ".yml", ".yaml", ".json", ".ini"}

// collections gives the collections keyword that holds here.
func (at place) collections() []string {
	for b := at.parent; b != nil; b = b.Parent {
		if b.Collections != nil {
			return b.Collections
		}
		if b.Role != nil && b.Role.Collection != "" {
			return []string{b.Role.Collection} // a role finds what its own collection has
		}
	}
	if at.play != nil {
		return at.play.Collections
	}
	return nil
}

// choose finds the one action among the keys of a task that are no keywords, and refuses
// the others.
func (p *parser) choose(t *target, others []entry) (action, entry, bool) {
	var found []entry
	var chosen action
	var unknown []entry
	for _, e := range others {
		if a, ok := p.action(e.name, t.at); ok {
			if len(found) == 0 {
				chosen = a
			}
			found = append(found, e)
			continue
		}
		unknown = append(unknown, e)
	}
	if len(found) > 1 {
		p.mistake(found[1].pos, fmt.Sprintf("conflicting action statements: %s, %s", found[0].name, found[1].name),
			"a task calls one module: make this a task of its own")
	}
	for _, e := range unknown {
		p.unknownTaskKey(t, e, len(found) > 0, chosen)
	}
	if len(found) == 0 {
		if len(unknown) == 0 {
			p.mistake(t.words.Pos, "no module/action detected in task", "a task names the module that it calls, such as command or copy")
		}
		return action{}, entry{}, false
	}
	return chosen, found[0], true
}

// unknownTaskKey refuses a key that is neither a keyword nor a module.
func (p *parser) unknownTaskKey(t *target, e entry, hasModule bool, a action) {
	if hasModule {
		if takes(a.spec, e.name) {
			p.mistake(e.pos, quoted(e.name)+" is no keyword of "+t.what, fmt.Sprintf("it is a parameter of %s: indent it below %s:", a.name, a.written))
			return
		}
		p.unknownKeyword(t, e)
		return
	}
	if refusedKeywords[e.name] != "" || byName[e.name] != nil || nearest(e.name, keywordNames(t.on)) != "" && nearest(e.name, p.l.moduleNames()) == "" {
		p.unknownKeyword(t, e)
		return
	}
	if r := p.routed(e.name, t.at); r.gone != "" {
		p.mistake(e.pos, r.gone, "write what has taken its place")
		return
	}
	hint := didYouMean(shortName(e.name), p.l.moduleNames())
	if hint == "" {
		hint = "gdeploy doc lists the modules; your own go into library/ beside the playbook"
	}
	p.mistake(e.pos, fmt.Sprintf("couldn't resolve module/action '%s'", e.name), hint)
}

func takes(spec *modules.Spec, parameter string) bool {
	if spec == nil {
		return false
	}
	_, ok := spec.Parameter(parameter)
	return ok
}
