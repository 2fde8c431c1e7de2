package playbooks

import (
	"path/filepath"

	"github.com/gdeploy/gdeploy/values"
)

// place is where nodes stand: what they inherit without having written it.
type place struct {
	play   *Play
	parent *Block
	role   *Role
	// file is the one being read, files those that imported it, outermost first.
	file  string
	files []string
	// named are the directories in the names by which these were imported or included, since
	// the innermost role began.
	named []string
	// imports are the files that imported it without a dynamic include between.
	imports []string
	// dynamic says that a dynamic include is around.
	dynamic bool
	// uses are the names of the roles around, outermost first, as dependencies nest them.
	uses []string
	// handlers marks a list of handlers, inHandlerBlock a block in it.
	handlers, inHandlerBlock bool
	// ignores, rescued and never say why a failure of what stands here is survived.
	ignores, rescued, never bool
}

// inFile gives the place of what stands in a file that is imported or included here under
// a name.
func (at place) inFile(file, name string) place {
	at.named = append(at.named[:len(at.named):len(at.named)], filepath.Dir(name))
	at.files = append(at.files[:len(at.files):len(at.files)], at.file)
	at.imports = append(at.imports[:len(at.imports):len(at.imports)], at.file)
	at.file = file
	return at
}

// below gives the place of what stands in block b.
func (at place) below(b *Block) place {
	at.parent = b
	return at.with(&b.Keywords)
}

// with gives the place of what inherits keywords w.
func (at place) with(w *Keywords) place {
	if !w.IgnoreErrors.IsNull() {
		at.ignores = !isFalse(w.IgnoreErrors)
	}
	for _, condition := range w.When {
		at.never = at.never || isFalse(condition)
	}
	return at
}

// survives reports whether Ansible goes on when a task here fails.
func (at place) survives() bool { return at.ignores || at.rescued || at.never }

// scope gives the variables that the templates of imports see, the weakest first.
func (at place) scope() []*values.Map {
	magic := values.NewMap(4)
	var layers []*values.Map
	if at.play != nil {
		magic.Set("playbook_dir", values.String(absolute(dirOf(at.play.File))))
		if at.play.Vars != nil {
			layers = append(layers, at.play.Vars)
		}
	}
	if at.role != nil {
		magic.Set("role_path", values.String(at.role.Path))
		magic.Set("role_name", values.String(at.role.Name))
		layers = append([]*values.Map{at.role.Defaults}, append(layers, at.role.Vars)...)
	}
	var around []*values.Map
	for b := at.parent; b != nil; b = b.Parent {
		around = append([]*values.Map{b.Vars}, around...)
		if b.RoleUse != nil {
			around = append([]*values.Map{b.RoleUse.Vars, b.RoleUse.Params}, around...)
		}
	}
	written := []*values.Map{magic}
	for _, layer := range append(layers, around...) {
		if layer != nil {
			written = append(written, layer)
		}
	}
	return written
}

// target is a node whose keywords are being read.
type target struct {
	what  string // "a play", "a role", "a block", "a task", as messages call it
	on    Places
	at    place
	words *Keywords

	play    *Play
	role    *RoleUse
	block   *Block
	task    *Task
	handler *Handler

	// soft is what a task might survive.
	soft Mistakes
}

// soft adds a mistake that makes a task fail only when it runs. Where Ansible would
// survive that, it is no reason to refuse the playbook.
func (p *parser) soft(t *target, m Mistake) {
	switch {
	case t.task != nil:
		t.soft = append(t.soft, m)
	case t.at.with(t.words).survives():
		p.warn(m.Pos, m.Msg)
	default:
		p.mistakes = append(p.mistakes, m)
	}
}

// words reads the keywords of m that are no nodes, and gives the entries that the table
// does not have for this place.
func (p *parser) words(t *target, m *values.Map) []entry {
	var unknown []entry
	for key, v := range m.All() {
		name, ok := key.AsString()
		if !ok {
			p.mistake(key.Pos(), "a keyword must be a string, not "+describe(key), "")
			continue
		}
		k := byName[name]
		if k == nil || k.On&t.on == 0 {
			unknown = append(unknown, entry{name, key.Pos(), v})
			continue
		}
		if k.read != nil && !v.IsNull() {
			k.read(p, t, k, v)
		}
	}
	return unknown
}

// entry is a key of a mapping with its value.
type entry struct {
	name  string
	pos   values.Position
	value values.Value
}

// unknownKeyword refuses a key that stands on a play, block, ... and is no keyword there.
func (p *parser) unknownKeyword(t *target, e entry, more ...string) {
	hint := refusedKeywords[e.name]
	if hint == "" {
		hint = elsewhere(e.name, t)
	}
	if hint == "" {
		hint = didYouMean(e.name, append(keywordNames(t.on), more...))
	}
	p.mistake(e.pos, quoted(e.name)+" is no keyword of "+t.what, hint)
}

// elsewhere explains a keyword that belongs to another kind of node.
func elsewhere(name string, t *target) string {
	k := byName[name]
	if k == nil {
		return ""
	}
	switch {
	case t.on&OnPlay != 0 && name == "when":
		return "put when on the tasks, on a block around them, or on the role"
	case t.on&OnImport != 0 && k.On&OnPlay != 0:
		return "write it on the plays of the imported playbook"
	case t.on&OnInclude != 0 && t.on&OnTask == 0:
		return "put it under apply, or on the included tasks"
	case k.On == OnHandler:
		return "only handlers can listen"
	case t.on&OnPlay != 0 && k.On&(OnBlock|OnTask) != 0:
		return "write it on a task or a block below tasks:"
	case t.on&OnPlay == 0 && k.On == OnPlay:
		return "it belongs to the play"
	case t.on == OnBlock && k.On&OnTask != 0:
		return "it belongs to the tasks of the block"
	case t.on&OnTask != 0 && k.On&OnBlock != 0:
		return "it belongs to a block"
	}
	return ""
}
