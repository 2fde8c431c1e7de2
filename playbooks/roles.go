package playbooks

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/gdeploy/gdeploy/values"
)

// knownRoles are the roles of a play so far.
type knownRoles struct {
	mu     sync.Mutex
	bySame map[string]*Role
}

func (k *knownRoles) add(roles map[string]*Role) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.bySame == nil {
		k.bySame = map[string]*Role{}
	}
	for same, role := range roles {
		if k.bySame[same] == nil {
			k.bySame[same] = role
		}
	}
}

func (k *knownRoles) get(same string) *Role {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.bySame[same]
}

// publish makes the roles of this load known to the play, unless it is refused.
func (p *parser) publish(play *Play) {
	if play != nil && play.known != nil && len(p.mistakes) == 0 {
		play.known.add(p.roles)
	}
}

// roleUses reads roles:.
func (p *parser) roleUses(v values.Value, at place) []*RoleUse {
	if v.IsNull() {
		return nil
	}
	if v.Kind() != values.KindList {
		p.wants(v.Pos(), "roles", "a list of roles", v)
		return nil
	}
	var uses []*RoleUse
	for _, item := range v.Items() {
		if use := p.roleUse(item, at, 0); use != nil {
			uses = append(uses, use)
		}
	}
	return uses
}

// roleUse reads one mention of a role, among the roles of a play or the dependencies of
// a role, and everything that it brings.
func (p *parser) roleUse(v values.Value, at place, depth int) *RoleUse {
	use := &RoleUse{Keywords: Keywords{Pos: v.Pos()}, Params: values.NewMap(0), Depth: depth}
	var name values.Value
	switch v.Kind() {
	case values.KindString, values.KindInt:
		name = values.String(values.Text(v)).At(v.Pos())
	case values.KindMap:
		m, _ := v.AsMap()
		if name = p.roleKeywords(use, m, at); name.IsNull() {
			p.mistake(v.Pos(), "role definitions must contain a role name", "write role: NAME")
			return nil
		}
	default:
		p.mistake(v.Pos(), "a role is a name or a mapping with role: NAME, not "+describe(v), "")
		return nil
	}
	text, ok := p.evaluated(name, at, "the name of a role", "include_role can use all variables")
	if !ok {
		return nil
	}
	if strings.Contains(text, ",") {
		p.mistake(name.Pos(), "Invalid old style role requirement: "+text, "write role: NAME")
		return nil
	}
	block := &Block{Keywords: use.Keywords, Parent: at.parent, DelegateTo: use.DelegateTo, DelegateFacts: use.DelegateFacts}
	block.Vars = nil // those of a role's mention are weaker than those of a block: see RoleUse
	if !p.fill(use, block, text, name.Pos(), at, false, true) {
		return nil
	}
	return use
}

// roleKeywords reads the keywords and parameters of a role, and gives its name.
func (p *parser) roleKeywords(use *RoleUse, m *values.Map, at place) values.Value {
	t := &target{what: "a role", on: OnRole, at: at, words: &use.Keywords, role: use}
	for _, e := range p.words(t, m) {
		if e.name == "role" {
			continue
		}
		if refused := refusedKeywords[e.name]; refused != "" {
			p.unknownKeyword(t, e)
			continue
		}
		if k := nearest(e.name, keywordNames(OnRole)); k != "" && len(k) > 3 && distance(k, e.name) == 1 {
			p.warn(e.pos, fmt.Sprintf("%q is a parameter of the role here; was the keyword %q meant?", e.name, k))
		}
		use.Params.SetKey(values.String(e.name).At(e.pos), e.value)
	}
	p.lazyTemplates(values.FromMap(use.Params))
	if name, ok := m.Get("role"); ok {
		return name
	}
	name := use.Name
	use.Name = values.Null
	return name
}

// fill loads the role that use names and makes block the block of its tasks,
// dependencies first.
func (p *parser) fill(use *RoleUse, block *Block, name string, pos values.Position, at place, included, validate bool) bool {
	dir, ok := p.findRole(name, pos, at)
	if !ok {
		return false
	}
	if slices.Contains(at.uses, dir) {
		p.mistake(pos, fmt.Sprintf("the role %s depends on itself (%s)", filepath.Base(dir), strings.Join(append(baseNames(at.uses), filepath.Base(dir)), " > ")), "")
		return false
	}
	p.plugins(dir, pos)
	files := p.roleFiles(roleKey{dir, use.From})
	for _, m := range files.mistakes {
		if m.Pos.Line == 0 {
			m.Pos = pos
		}
		p.mistakes = append(p.mistakes, m)
	}
	use.Same = sameness(use, dir, included)
	role, first := p.shared(use.Same, at, files)
	if first && strings.Contains(name, "/") && role.Collection == "" {
		role.Name = name // as in Ansible, the whole name as it was written
	}
	use.Role, use.Tasks = role, block
	if !included {
		use.AllowDuplicates = role.AllowDuplicates
	}
	block.Role, block.RoleUse = role, use
	inner := at.below(block)
	inner.role, inner.uses = role, append(at.uses[:len(at.uses):len(at.uses)], dir)
	p.dependencies(use, files, inner)
	own := p.roleTasks(use, files, inner, validate)
	block.Body = append(block.Body, own...)
	if first { // uses that are the same have one set of handlers
		role.Tasks, role.Handlers = own, p.roleHandlers(files, inner)
		use.Handlers = append(use.Handlers, role.Handlers...)
	}
	return true
}

func baseNames(paths []string) []string {
	names := make([]string, len(paths))
	for i, path := range paths {
		names[i] = filepath.Base(path)
	}
	return names
}

// sameness tells uses apart as Ansible does: what an import or include says beside its
// variables makes no difference.
func sameness(use *RoleUse, dir string, included bool) string {
	vars, when, tags := values.Null, values.Null, values.Null
	if use.Vars != nil {
		vars = values.FromMap(use.Vars)
	}
	if !included {
		when, tags = values.FromSlice(use.When), values.Strings(use.Tags...)
	}
	from := values.Strings(use.From.Tasks, use.From.Vars, use.From.Defaults, use.From.Handlers)
	return string(values.JSON(values.ListOf(values.String(dir), from, values.FromMap(use.Params), when, tags, vars, values.Bool(included))))
}

// shared gives the Role of uses that are the same.
func (p *parser) shared(same string, at place, files *roleFiles) (role *Role, first bool) {
	if role := p.roles[same]; role != nil {
		return role, false
	}
	if at.play != nil && at.play.known != nil {
		if role := at.play.known.get(same); role != nil {
			return role, false
		}
	}
	made := files.role
	if p.roles == nil {
		p.roles = map[string]*Role{}
	}
	p.roles[same] = &made
	return &made, true
}

// dependencies reads the roles that must run first.
func (p *parser) dependencies(use *RoleUse, files *roleFiles, inner place) {
	var depends []*RoleUse
	for _, dependency := range files.dependencies {
		if dep := p.roleUse(dependency, inner, use.Depth+1); dep != nil {
			depends = append(depends, dep)
			use.Tasks.Body = append(use.Tasks.Body, dep.Tasks)
			use.Handlers = append(use.Handlers, dep.Handlers...)
		}
	}
	if use.Role.Depends == nil && p.roles[use.Same] == use.Role {
		use.Role.Depends = depends
	}
}

// roleTasks reads the role's own tasks.
func (p *parser) roleTasks(use *RoleUse, files *roleFiles, inner place, validate bool) []Node {
	var nodes []Node
	if validate {
		if task := p.argumentTask(use, inner); task != nil {
			nodes = append(nodes, task)
		}
	}
	if files.tasks == "" {
		return nodes
	}
	return append(nodes, p.list(files.tasks, p.load(files.tasks), inner.ofRole(files.tasks))...)
}

// ofRole gives the place of what stands in a file of a role that begins here.
func (at place) ofRole(file string) place {
	at = at.inFile(file, "")
	at.named = nil
	return at
}

func (p *parser) roleHandlers(files *roleFiles, inner place) []*Handler {
	if files.handlers == "" {
		return nil
	}
	inner.handlers = true
	return p.handlers(files.handlers, p.load(files.handlers), inner.ofRole(files.handlers))
}

// importRole expands an import_role.
func (p *parser) importRole(task *Task, at place) *RoleUse {
	include := task.Include
	if include == nil || include.Role.IsNull() || task.Loop != nil {
		return nil
	}
	name, ok := p.evaluated(include.Role, at, "import_role", "include_role can use all variables")
	if !ok {
		return nil
	}
	use := &RoleUse{Keywords: task.Keywords, Params: values.NewMap(0), DelegateTo: task.DelegateTo,
		DelegateFacts: task.DelegateFacts, AllowDuplicates: !isFalse(include.AllowDuplicates)}
	use.Vars = copied(task.Vars)
	what, fields := []values.Value{include.TasksFrom, include.VarsFrom, include.DefaultsFrom, include.HandlersFrom},
		[]*string{&use.From.Tasks, &use.From.Vars, &use.From.Defaults, &use.From.Handlers}
	for i, field := range fields {
		if *field, ok = p.evaluated(what[i], at, "import_role", "include_role can use all variables"); !ok {
			return nil
		}
		if *field != "" {
			*field = filepath.Base(*field) // as in Ansible, where include_role alone takes directories
		}
	}
	if !p.fill(use, blockOf(task, at), name, include.Role.Pos(), at, true, !isFalse(include.RolespecValidate)) {
		return nil
	}
	p.brought = append(p.brought, use.Handlers...)
	return use
}

// copied gives a map of its own: the variables of an import or include are those of a
// block around the role, and those of its mention, which are weaker.
func copied(m *values.Map) *values.Map {
	if m == nil {
		return nil
	}
	return m.Clone()
}

// includedRole is Loader.Role.
func (p *parser) includedRole(t *Task, name string, from RoleFrom) *RoleUse {
	at := *t.Include.at
	use := &RoleUse{Keywords: Keywords{Pos: t.Pos, Vars: copied(t.Vars)}, Params: values.NewMap(0), From: from,
		AllowDuplicates: !isFalse(t.Include.AllowDuplicates)}
	outer := &Block{Keywords: Keywords{Pos: t.Pos, Vars: t.Vars}, Parent: t.Parent, Role: t.Role}
	b := p.applied(t, outer)
	if b != outer {
		at = at.below(outer)
	}
	at.dynamic = true
	if !p.fill(use, b, name, t.Include.Role.Pos(), at, true, !isFalse(t.Include.RolespecValidate)) {
		return use
	}
	use.Tasks = outer
	use.Handlers = append(use.Handlers, p.brought...)
	p.publish(at.play)
	return use
}
