package playbooks

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// roleKey is a role's directory with the files that were chosen.
type roleKey struct {
	dir  string
	from RoleFrom
}

// roleFiles is what lies in a role's directory.
type roleFiles struct {
	role            Role
	tasks, handlers string // paths; empty where there is none
	dependencies    []values.Value
	mistakes        Mistakes
}

// findRole gives the directory of a role.
func (p *parser) findRole(name string, pos values.Position, at place) (string, bool) {
	if parts := strings.SplitN(name, ".", 3); len(parts) == 3 && !strings.Contains(name, "/") {
		if dir := p.collectionRole(parts, at); dir != "" {
			return dir, true
		}
	}
	for _, collection := range at.collections() {
		if parts := strings.SplitN(collection+"."+name, ".", 3); len(parts) == 3 {
			if dir := p.collectionRole(parts, at); dir != "" {
				return dir, true
			}
		}
	}
	dirs := p.roleDirs(at)
	for _, dir := range dirs {
		if path := join(dir, expandHome(name)); p.l.files.isDir(path) {
			return path, true
		}
	}
	p.mistake(pos, fmt.Sprintf("the role '%s' was not found in %s", name, strings.Join(dirs, ":")), p.nearestRole(name, dirs))
	return "", false
}

func (p *parser) collectionRole(parts []string, at place) string {
	for _, dir := range p.l.collectionDirs(at) {
		path := join(dir, filepath.Join("ansible_collections", parts[0], parts[1], "roles", filepath.Join(strings.Split(parts[2], ".")...)))
		if p.l.files.isDir(path) {
			return path
		}
	}
	return ""
}

// roleDirs are the directories in which roles are looked up, in order.
func (p *parser) roleDirs(at place) []string {
	base := "."
	if at.play != nil {
		base = dirOf(at.play.File)
	}
	dirs := append([]string{join(base, "roles")}, p.l.options.RolesPath...)
	if at.role != nil {
		dirs = append(dirs, dirOf(at.role.dir))
	}
	return append(dirs, base)
}

func (p *parser) nearestRole(name string, dirs []string) string {
	var names []string
	for _, dir := range dirs[:len(dirs)-1] {
		for _, e := range p.l.files.list(dir) {
			if e.IsDir() {
				names = append(names, e.Name())
			}
		}
	}
	return didYouMean(name, names)
}

func expandHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~/")
	if !ok {
		return path
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return path
	}
	return filepath.Join(home, rest)
}

// roleFiles reads a role's directory, once for each choice of files.
func (p *parser) roleFiles(key roleKey) *roleFiles {
	l := p.l
	l.mu.Lock()
	known := l.roles[key]
	l.mu.Unlock()
	if known != nil {
		return known
	}
	inner := &parser{l: l, holds: p.holds}
	name, collection := roleNames(key.dir)
	read := &roleFiles{role: Role{Name: name, Collection: collection, Path: absolute(key.dir), dir: key.dir}}
	inner.readRole(read, key)
	read.mistakes = inner.mistakes
	p.held, p.doubted = append(p.held, inner.held...), p.doubted || inner.doubted
	l.mu.Lock()
	defer l.mu.Unlock()
	l.roles[key] = read
	return read
}

// roleNames gives the name of the role in a directory, and the collection it belongs to.
func roleNames(dir string) (name, collection string) {
	name = filepath.Base(dir)
	parts := strings.Split(filepath.ToSlash(dir), "/")
	i := slices.Index(parts, "ansible_collections")
	if i < 0 || i+4 >= len(parts) || parts[i+3] != "roles" {
		return name, ""
	}
	collection = parts[i+1] + "." + parts[i+2]
	return collection + "." + strings.Join(parts[i+4:], "."), collection
}

func (p *parser) readRole(r *roleFiles, key roleKey) {
	r.role.Defaults = p.roleVars(key.dir, "defaults", key.from.Defaults)
	r.role.Vars = p.roleVars(key.dir, "vars", key.from.Vars)
	r.tasks = p.roleFile(key.dir, "tasks", key.from.Tasks)
	r.handlers = p.roleFile(key.dir, "handlers", key.from.Handlers)
	p.roleMeta(r, key.dir)
}

var extensions = []string{".yml", ".yaml", ".json", ""}

// roleFile gives the path of a file of a role; empty where there is no main one.
func (p *parser) roleFile(dir, kind, name string) string {
	if path := p.chosen(join(dir, kind), cmp.Or(name, "main")); path != "" {
		return path
	}
	if name != "" && name != "main" {
		at := values.Position{File: join(dir, kind)}
		p.mistake(at, fmt.Sprintf("Could not find specified file in role: %s/%s", kind, name), p.nearestFile(name, []string{join(dir, kind)}))
	}
	return ""
}

// chosen gives the path of the file name in dir, with an extension added where it needs one.
func (p *parser) chosen(dir, name string) string {
	for _, ext := range extensions {
		if path := join(dir, name+ext); p.l.files.exists(path) {
			return path
		}
	}
	return ""
}

// roleVars reads defaults or vars of a role: one file, or all files in a directory.
func (p *parser) roleVars(dir, kind, name string) *values.Map {
	chosen := cmp.Or(name, "main")
	if path := p.chosen(join(dir, kind), chosen); path != "" {
		return p.varsFile(path)
	}
	if sub := join(join(dir, kind), chosen); p.l.files.isDir(sub) {
		return p.varsDir(sub)
	}
	p.roleFile(dir, kind, name)
	return nil
}

func (p *parser) varsFile(path string) *values.Map {
	v := p.load(path)
	if v.IsNull() {
		return values.NewMap(0)
	}
	m, ok := v.AsMap()
	if !ok {
		p.mistake(v.Pos(), "a file of variables must be a mapping, not "+describe(v), "")
		return nil
	}
	p.lazyTemplates(v)
	return m
}

func (p *parser) varsDir(dir string) *values.Map {
	all := values.NewMap(8)
	for _, e := range p.l.files.list(dir) {
		path := join(dir, e.Name())
		var m *values.Map
		switch {
		case e.IsDir():
			m = p.varsDir(path)
		case slices.Contains(extensions, filepath.Ext(e.Name())) && !strings.HasPrefix(e.Name(), "."):
			m = p.varsFile(path)
		}
		if m == nil {
			continue
		}
		for key, v := range m.All() {
			all.SetKey(key, v)
		}
	}
	return all
}

// meta reads meta/main.yml and meta/argument_specs.yml.
func (p *parser) roleMeta(r *roleFiles, dir string) {
	if path := p.chosen(join(dir, "meta"), "argument_specs"); path != "" {
		r.role.ArgumentSpecs = section(p.varsFileOrEmpty(path), "argument_specs")
	}
	path := p.chosen(join(dir, "meta"), "main")
	if path == "" {
		return
	}
	v := p.load(path)
	m, ok := v.AsMap()
	if !ok {
		if !v.IsNull() {
			p.mistake(v.Pos(), fmt.Sprintf("the 'meta/main.yml' for role %s is not a dictionary", r.role.Name), "")
		}
		return
	}
	for key, value := range m.All() {
		p.metaEntry(r, key, value)
	}
}

func (p *parser) varsFileOrEmpty(path string) *values.Map {
	if m := p.varsFile(path); m != nil {
		return m
	}
	return values.NewMap(0)
}

var metaKeys = []string{"allow_duplicates", "argument_specs", "collections", "dependencies", "galaxy_info", "standalone"}

func (p *parser) metaEntry(r *roleFiles, key, v values.Value) {
	switch name, _ := key.AsString(); name {
	case "allow_duplicates":
		r.role.AllowDuplicates = isTrue(v)
	case "argument_specs":
		if r.role.ArgumentSpecs.IsNull() {
			r.role.ArgumentSpecs = v
		}
	case "dependencies":
		if v.Kind() != values.KindList && !v.IsNull() {
			p.wants(v.Pos(), "dependencies", "a list of roles", v)
		}
		r.dependencies = v.Items()
	default:
		if !slices.Contains(metaKeys, name) {
			p.mistake(key.Pos(), fmt.Sprintf("%q is no keyword of a role's meta/main.yml", values.Text(key)), didYouMean(name, metaKeys))
		}
	}
}

func isTrue(v values.Value) bool {
	b, _ := v.AsBool()
	return b || boolWords[strings.ToLower(values.Text(v))]
}

// validateArguments is the module that checks the arguments of a role.
const validateArguments = "validate_argument_spec"

// argumentTask is the task that a role starts with where it says which arguments it takes.
func (p *parser) argumentTask(use *RoleUse, at place) *Task {
	entry := cmp.Or(use.From.Tasks, "main") // as in Ansible, a name with an extension is no entry point
	spec, ok := use.Role.ArgumentSpecs.Get(entry)
	if !ok {
		return nil
	}
	module := p.l.modules[validateArguments]
	if module == nil {
		p.mistake(cmp.Or(spec.Pos(), use.Pos), "argument specs of roles are not supported", "remove them, or include the role with rolespec_validate: no")
		return nil
	}
	name := fmt.Sprintf("Validating arguments against arg spec '%s'", entry)
	if short, ok := spec.Get("short_description"); ok {
		name += " - " + values.Text(short)
	}
	options, _ := spec.Get("options")
	context := values.MapOf("type", values.String("role"), "name", values.String(use.Role.Name),
		"argument_spec_name", values.String(entry), "path", values.String(use.Role.Path))
	args, _ := values.MapOf("argument_spec", options, "provided_arguments", values.FromMap(use.Params), "validate_args_context", context).AsMap()
	return &Task{Keywords: Keywords{Pos: cmp.Or(spec.Pos(), use.Pos), Name: values.String(name), Tags: []string{"always"}},
		Parent: at.parent, Role: at.role, Action: validateArguments, Spec: module, Written: "ansible.builtin." + validateArguments, Args: args}
}
