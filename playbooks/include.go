package playbooks

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// isInclude reports whether an action is a dynamic include of nodes.
func isInclude(name string) bool { return name == "include_tasks" || name == "include_role" }

// includeKeywords refuses the keywords that a dynamic include does not take.
func (p *parser) includeKeywords(t *target, m *values.Map) {
	for key := range m.All() {
		name, _ := key.AsString()
		k := byName[name]
		if k == nil || k.On&(OnInclude|OnHandler) != 0 || k.On&t.on == 0 {
			continue
		}
		p.mistake(key.Pos(), fmt.Sprintf("%q is no keyword of %s", name, t.task.Action),
			"put it below apply to give it to the included tasks, or on a block around")
	}
}

// language reads the actions that are not modules.
func (p *parser) language(t *target) {
	switch t.task.Action {
	case "meta":
		p.meta(t)
	case "include":
		p.oldInclude(t)
		p.tasksInclude(t)
	case "include_tasks", "import_tasks":
		p.tasksInclude(t)
	case "include_role", "import_role":
		p.roleInclude(t)
	}
}

// oldInclude makes of an include what it means: an import where all is known before the run,
// else a dynamic include. What stands beside the file are variables.
func (p *parser) oldInclude(t *target) {
	p.warn(t.task.Pos, "include is deprecated: use import_tasks or include_tasks")
	vars, args := values.NewMap(2), values.NewMap(1)
	for key, v := range t.task.Args.All() {
		if name, _ := key.AsString(); name == "file" {
			args.SetKey(key, v)
			continue
		}
		p.variableName(key)
		vars.SetKey(key, v)
	}
	for key, v := range orNone(t.task.Vars).All() {
		vars.SetKey(key, v)
	}
	file, _ := args.Get("file")
	t.task.Args, t.task.Vars, t.task.Action = args, vars, "import_tasks"
	if t.task.Loop != nil || isTemplate(file) || t.at.dynamic {
		t.task.Action = "include_tasks"
	}
}

func orNone(m *values.Map) *values.Map {
	if m == nil {
		return values.NewMap(0)
	}
	return m
}

// metaActions are what meta can do.
var metaActions = []string{"clear_facts", "clear_host_errors", "end_batch", "end_host", "end_play", "end_run", "flush_handlers", "noop",
	"refresh_inventory", "reset_connection"}

func (p *parser) meta(t *target) {
	v, _ := t.task.Args.Get("action")
	name, _ := v.AsString()
	if !slices.Contains(metaActions, name) || t.task.Args.Len() > 1 {
		p.mistake(cmp.Or(v.Pos(), t.task.Pos), "invalid meta action requested: "+cmp.Or(name, "none"),
			cmp.Or(didYouMean(name, metaActions), "one of "+strings.Join(metaActions, ", ")))
	}
	t.task.Meta = name
	if t.task.Loop != nil {
		p.mistake(t.task.Loop.Pos, "meta cannot loop", "leave the loop out")
	}
}

// tasksInclude reads the arguments of include_tasks and import_tasks.
func (p *parser) tasksInclude(t *target) {
	known := []string{"file"}
	if t.task.Action == "include_tasks" {
		known = append(known, "apply")
	}
	p.onlyOptions(t, known)
	file, _ := t.task.Args.Get("file")
	if s, ok := file.AsString(); !ok || s == "" {
		p.mistake(cmp.Or(file.Pos(), t.task.Pos), "No file specified for "+t.task.Action, "write "+t.task.Action+": FILE.yml")
		file = values.Null
	}
	t.task.Include = &Include{Kind: "tasks", File: file}
	p.apply(t)
	p.include(t)
}

// roleInclude reads the arguments of include_role and import_role.
func (p *parser) roleInclude(t *target) {
	known := []string{"name", "role", "tasks_from", "vars_from", "defaults_from", "handlers_from", "allow_duplicates", "rolespec_validate"}
	if t.task.Action == "include_role" {
		known = append(known, "apply", "public")
	}
	p.onlyOptions(t, known)
	arg := func(name string) values.Value {
		v, _ := t.task.Args.Get(name)
		return v
	}
	role := arg("name")
	if role.IsNull() {
		role = arg("role")
	}
	if s, ok := role.AsString(); !ok || s == "" {
		p.mistake(t.task.Pos, "'name' is a required field for "+t.task.Action, "write "+t.task.Action+": {name: ROLE}")
		role = values.Null
	}
	t.task.Include = &Include{Kind: "role", Role: role, TasksFrom: arg("tasks_from"), VarsFrom: arg("vars_from"),
		DefaultsFrom: arg("defaults_from"), HandlersFrom: arg("handlers_from"), Public: arg("public"),
		AllowDuplicates: arg("allow_duplicates"), RolespecValidate: arg("rolespec_validate")}
	p.pluginsOfInclude(role, t.at)
	p.apply(t)
	p.include(t)
}

func (p *parser) onlyOptions(t *target, known []string) {
	for key := range t.task.Args.All() {
		if name, _ := key.AsString(); !slices.Contains(known, name) {
			hint := didYouMean(name, known)
			if hint == "" && name == "apply" {
				hint = "write the keywords on the import itself"
			}
			p.mistake(key.Pos(), fmt.Sprintf("Invalid options for %s: %s", t.task.Action, name),
				cmp.Or(hint, "variables go into vars: beside it"))
		}
	}
}

// apply reads the keywords that all included tasks get: those of a block.
func (p *parser) apply(t *target) {
	v, ok := t.task.Args.Get("apply")
	if !ok || v.IsNull() {
		return
	}
	m, ok := v.AsMap()
	if !ok {
		p.wants(v.Pos(), "apply", "a mapping of keywords", v)
		return
	}
	b := &Block{Keywords: Keywords{Pos: v.Pos()}, Parent: t.at.parent, Role: t.at.role}
	inner := &target{what: "apply", on: OnBlock, at: t.at, words: &b.Keywords, block: b}
	for _, e := range p.words(inner, m) {
		p.unknownKeyword(inner, e)
	}
	t.task.Include.Apply, t.task.Include.block = &b.Keywords, b
}

// include finishes what dynamic includes and imports have in common.
func (p *parser) include(t *target) {
	at := t.at
	t.task.Include.at = &at
	if strings.HasPrefix(t.task.Action, "include_") {
		return
	}
	if t.task.Loop != nil {
		p.mistake(t.task.Loop.Pos, fmt.Sprintf("You cannot use loops on '%s' statements", t.task.Action),
			"use "+strings.Replace(t.task.Action, "import", "include", 1))
	}
	w := t.task
	for name, given := range map[string]bool{"register": w.Register != "", "until": w.Until != nil, "changed_when": w.ChangedWhen != nil,
		"failed_when": w.FailedWhen != nil, "async": !w.Async.IsNull(), "notify": w.Notify != nil} {
		if given {
			p.warn(w.Pos, name+" does nothing on "+w.Action+": write it on the imported tasks")
		}
	}
}

// expand turns an import into the block of what it imports; other tasks stay.
func (p *parser) expand(task *Task, at place) Node {
	switch task.Action {
	case "import_tasks":
		block, file, inner := p.importBlock(task, at)
		if block == nil {
			return task
		}
		block.Body = p.list(file, p.load(file), inner)
		return block
	case "import_role":
		if use := p.importRole(task, at); use != nil {
			return use.Tasks
		}
	}
	return task
}

// importBlock makes the block that an import_tasks becomes, without what is in it.
func (p *parser) importBlock(task *Task, at place) (b *Block, file string, inner place) {
	if task.Include == nil || task.Include.File.IsNull() || task.Loop != nil {
		return nil, "", at
	}
	b = blockOf(task, at)
	inner = at.below(b)
	name, ok := p.evaluated(task.Include.File, inner, "import_tasks", "include_tasks can use all variables")
	if !ok {
		return nil, "", at
	}
	file, ok = p.find(task.Include.File.Pos(), name, at, false)
	if !ok {
		return nil, "", at
	}
	if file == at.file || slices.Contains(at.imports, file) {
		p.mistake(task.Include.File.Pos(), file+" imports itself", "include_tasks with a condition can")
		return nil, "", at
	}
	return b, file, inner.inFile(file, name)
}

// blockOf gives a block with the keywords of an import.
func blockOf(task *Task, at place) *Block {
	return &Block{Keywords: task.Keywords, Parent: at.parent, Role: at.role,
		DelegateTo: task.DelegateTo, DelegateFacts: task.DelegateFacts, Undo: task.Undo}
}

// evaluated gives the text of a template that must be known before the run.
func (p *parser) evaluated(v values.Value, at place, what, instead string) (string, bool) {
	text, _ := v.AsString()
	if !isTemplate(v) {
		return text, true
	}
	if p.l.options.Evaluate == nil {
		p.mistake(v.Pos(), what+" cannot use variables here", instead)
		return "", false
	}
	result, err := p.l.options.Evaluate(v, at.scope())
	if err != nil {
		p.mistake(v.Pos(), fmt.Sprintf("%s needs the value of %s before the run: %s", what, text, err),
			"extra variables, vars of the play and of what stands around are known then; "+instead)
		return "", false
	}
	return values.Text(result), true
}

// find gives the path of a file of tasks that an import or include names.
func (p *parser) find(pos values.Position, name string, at place, dynamic bool) (string, bool) {
	dirs := at.lookIn(dynamic)
	for _, dir := range dirs {
		if path := join(dir, name); p.l.files.exists(path) {
			return path, true
		}
	}
	p.mistake(pos, fmt.Sprintf("there is no file %q", join(dirOf(at.file), name)), p.nearestFile(name, dirs))
	return "", false
}

// lookIn are the directories in which an import or include looks for its file, in Ansible's
// order: first those that the files around it were named with. Those that Ansible leaves out
// come last.
func (at place) lookIn(dynamic bool) []string {
	base, kind := ".", "tasks"
	if at.play != nil {
		base = dirOf(at.play.File)
	}
	if at.handlers {
		kind = "handlers"
	}
	named := at.namedDirs()
	var dirs []string
	switch {
	case at.role == nil:
		dirs = around(base, named, base)
	case !dynamic && len(named) > 0:
		dirs = append(around(join(at.role.dir, kind), named, base), join(at.role.dir, kind), at.role.dir)
	default:
		dirs = append(dirs, join(at.role.dir, kind), at.role.dir)
		dirs = append(append(dirs, below(join(at.role.dir, kind), named)...), base)
	}
	dirs = append(dirs, dirOf(at.file))
	for _, file := range slices.Backward(at.files) {
		dirs = append(dirs, dirOf(file))
	}
	return append(dirs, join(base, kind))
}

// around puts base behind the first of the named directories.
func around(dir string, named []string, base string) []string {
	dirs := below(dir, named)
	return slices.Insert(dirs, min(1, len(dirs)), base)
}

func below(dir string, names []string) []string {
	dirs := make([]string, len(names))
	for i, name := range names {
		dirs[i] = join(dir, name)
	}
	return dirs
}

// namedDirs are the directories in the names of the files around, the innermost first, each
// below those that are farther out.
func (at place) namedDirs() []string {
	var all []string
	path := ""
	for i, dir := range slices.Backward(at.named) {
		if i == len(at.named)-1 || filepath.IsAbs(path) {
			path = dir
		} else {
			path = filepath.Join(dir, path)
		}
		all = append(all, path)
	}
	return all
}

func (p *parser) nearestFile(name string, dirs []string) string {
	var names []string
	for _, dir := range dirs {
		for _, e := range p.l.files.list(dir) {
			if !e.IsDir() {
				names = append(names, e.Name())
			}
		}
	}
	return didYouMean(name, names)
}

// load gives the value of a YAML file; null where it cannot be read.
func (p *parser) load(path string) values.Value {
	f := p.l.files.load(path)
	if f.err != nil {
		p.keep(f.err, values.Position{File: path})
	}
	for _, w := range f.warnings {
		p.warn(w.Pos, w.Msg)
	}
	return f.value
}

// includedTasks is Loader.Tasks.
func (p *parser) includedTasks(t *Task, name string) *Block {
	at := *t.Include.at
	outer := &Block{Keywords: Keywords{Pos: t.Pos, Vars: t.Vars}, Parent: t.Parent, Role: t.Role}
	b := p.applied(t, outer)
	inner := at.below(outer)
	if b != outer {
		inner = inner.below(b)
	}
	file, ok := p.find(t.Include.File.Pos(), name, at, true)
	if !ok {
		return outer
	}
	outer.Pos = values.Position{File: file, Line: 1, Col: 1}
	inner = inner.inFile(file, name)
	inner.imports, inner.dynamic = nil, true
	b.Body = p.list(file, p.load(file), inner)
	outer.Handlers = p.brought
	p.publish(at.play)
	return outer
}

// applied puts the block of apply into outer and gives it; outer itself where there is none.
func (p *parser) applied(t *Task, outer *Block) *Block {
	if t.Include.block == nil {
		return outer
	}
	b := *t.Include.block
	b.Parent, b.Role = outer, outer.Role
	outer.Body = []Node{&b}
	return &b
}
