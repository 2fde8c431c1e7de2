package variables

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// magicNames are the variables that nobody can set, each with how it is made. ok is
// false where the scope has no such thing, as play_hosts outside of a play; then the
// name may be an ordinary variable.
func magicNames() map[string]magic {
	return map[string]magic{
		"hostvars":     func(sc *Scope) (values.Value, bool) { return values.FromObject(sc.hostVars()), true },
		"groups":       func(sc *Scope) (values.Value, bool) { return groups(sc.store.options.Inventory), true },
		"vars":         func(sc *Scope) (values.Value, bool) { return values.FromObject(&allVars{sc}), !sc.outside },
		"omit":         func(*Scope) (values.Value, bool) { return values.Omit, true },
		"playbook_dir": func(sc *Scope) (values.Value, bool) { return values.String(sc.Finder().PlaybookDir), true },

		"play_hosts":             hostList(func(h *Hosts) []string { return h.Batch }),
		"ansible_play_batch":     hostList(func(h *Hosts) []string { return h.Batch }),
		"ansible_play_hosts":     hostList(func(h *Hosts) []string { return h.Play }),
		"ansible_play_hosts_all": hostList(func(h *Hosts) []string { return h.All }),

		"ansible_check_mode":  func(sc *Scope) (values.Value, bool) { return values.Bool(sc.store.options.CheckMode), true },
		"ansible_diff_mode":   func(sc *Scope) (values.Value, bool) { return values.Bool(sc.store.options.DiffMode), true },
		"ansible_verbosity":   func(sc *Scope) (values.Value, bool) { return values.Int(int64(sc.store.options.Verbosity)), true },
		"ansible_forks":       func(sc *Scope) (values.Value, bool) { return values.Int(int64(sc.store.options.Forks)), true },
		"ansible_run_tags":    func(sc *Scope) (values.Value, bool) { return runTags(sc.store.options.RunTags), true },
		"ansible_skip_tags":   func(sc *Scope) (values.Value, bool) { return values.Strings(sc.store.options.SkipTags...), true },
		"ansible_limit":       func(sc *Scope) (values.Value, bool) { return text(sc.store.options.Limit) },
		"ansible_config_file": func(sc *Scope) (values.Value, bool) { return sc.store.options.setting("CONFIG_FILE") },
		"ansible_inventory_sources": func(sc *Scope) (values.Value, bool) {
			return values.Strings(sc.store.options.InventorySources...), true
		},
		"ansible_version":         func(*Scope) (values.Value, bool) { return ansibleVersion(), true },
		"ansible_playbook_python": func(*Scope) (values.Value, bool) { return values.String("/usr/bin/python3"), true },

		"environment": environment,

		"ansible_play_name":            playName,
		"role_names":                   playRoleNames,
		"ansible_play_role_names":      playRoleNames,
		"ansible_dependent_role_names": dependentRoleNames,
		"ansible_role_names":           allRoleNames,

		"role_name":                 ofRole(func(r *playbooks.Role) values.Value { return values.String(shortRole(r)) }),
		"ansible_role_name":         ofRole(func(r *playbooks.Role) values.Value { return values.String(r.Name) }),
		"ansible_collection_name":   ofRole(func(r *playbooks.Role) values.Value { return values.String(r.Collection) }),
		"role_path":                 ofRole(func(r *playbooks.Role) values.Value { return values.String(r.Path) }),
		"role_uuid":                 ofRole(func(r *playbooks.Role) values.Value { return values.String(r.Path) }),
		"ansible_parent_role_names": parentRoles(func(r *playbooks.Role) string { return r.Name }),
		"ansible_parent_role_paths": parentRoles(func(r *playbooks.Role) string { return r.Path }),
		"ansible_search_path":       searchPath,
		"ansible_delegated_vars":    delegatedVars,
	}
}

// magic makes a magic variable; ok is false where the scope has no such thing.
type magic func(sc *Scope) (v values.Value, ok bool)

// reserved has the names of all magic variables: no host may set them.
var reserved = func() map[string]bool {
	table := map[string]bool{}
	for name := range magicNames() {
		table[name] = true
	}
	for _, key := range hostMagic("", nil).Keys() {
		table[values.Text(key)] = true
	}
	return table
}()

// hostMagic are the magic variables that stand at the level of host variables, where
// host_vars files and all that is stronger can replace them.
func hostMagic(host string, inv Inventory) *values.Map {
	m := values.NewMap(5)
	m.Set("inventory_hostname", name(host))
	short, _, _ := strings.Cut(host, ".")
	m.Set("inventory_hostname_short", name(short))
	if inv == nil {
		m.Set("group_names", values.Strings())
		return m
	}
	m.Set("group_names", nameList(inv.GroupsOf(host)))
	setSource(m, inv.Source(host))
	return m
}

// name is the name of a host or group. Where it could be a template it is data: scripts,
// add_host, group_by and delegate_to may have it from a host.
func name(s string) values.Value {
	v := values.String(s)
	if strings.Contains(s, "{{") || strings.Contains(s, "{%") || strings.Contains(s, "{#") {
		return v.MarkUnsafe()
	}
	return v
}

func nameList(names []string) values.Value {
	list := make([]values.Value, len(names))
	for i, s := range names {
		list[i] = name(s)
	}
	return values.FromSlice(list)
}

// setSource sets inventory_file and inventory_dir; a list of hosts has no directory.
func setSource(m *values.Map, source string) {
	if source == "" {
		return
	}
	if strings.Contains(source, ",") {
		m.Set("inventory_file", values.String(source))
		m.Set("inventory_dir", values.Null)
		return
	}
	if abs, err := filepath.Abs(source); err == nil {
		source = abs
	}
	m.Set("inventory_file", values.String(source))
	m.Set("inventory_dir", values.String(filepath.Dir(source)))
}

func text(s string) (values.Value, bool) { return values.String(s), s != "" }

func hostList(pick func(*Hosts) []string) func(sc *Scope) (values.Value, bool) {
	return func(sc *Scope) (values.Value, bool) {
		if sc.c.Hosts == nil {
			return values.Null, false
		}
		return nameList(pick(sc.c.Hosts)), true
	}
}

func groups(inv Inventory) values.Value {
	if inv == nil {
		return values.MapOf("all", values.Strings(), "ungrouped", values.Strings())
	}
	return inv.Groups()
}

func runTags(tags []string) values.Value {
	if len(tags) == 0 {
		tags = []string{"all"}
	}
	return values.Strings(tags...)
}

// ansibleVersion is the version of Ansible whose language gdeploy speaks.
func ansibleVersion() values.Value {
	return values.MapOf("string", values.String("2.14.18"), "full", values.String("2.14.18"),
		"major", values.Int(2), "minor", values.Int(14), "revision", values.Int(18))
}

func playName(sc *Scope) (values.Value, bool) {
	p := sc.c.Play
	if p == nil {
		return values.Null, false
	}
	if p.Name.IsNull() {
		if list := p.Hosts.Items(); list != nil {
			parts := make([]string, len(list))
			for i, h := range list {
				parts[i] = values.Text(h)
			}
			return values.String(strings.Join(parts, ",")), true
		}
		return values.String(values.Text(p.Hosts)), true
	}
	return p.Name, true
}

func playRoleNames(sc *Scope) (values.Value, bool) {
	var list []string
	for _, use := range sc.store.playRoles(sc.c.Play) {
		list = append(list, use.Role.Name) // as in Ansible, each mention counts
	}
	return values.Strings(list...), sc.c.Play != nil
}

func dependentRoleNames(sc *Scope) (values.Value, bool) {
	return values.Strings(dependents(nil, sc.store.playRoles(sc.c.Play))...), sc.c.Play != nil
}

func allRoleNames(sc *Scope) (values.Value, bool) {
	roles := sc.store.playRoles(sc.c.Play)
	list := dependents(nil, roles)
	for _, use := range roles {
		list = addName(list, use.Role.Name)
	}
	return values.Strings(list...), sc.c.Play != nil
}

func dependents(list []string, uses []*playbooks.RoleUse) []string {
	for _, use := range uses {
		for _, dep := range use.Role.Depends {
			list = addName(list, dep.Role.Name)
		}
		list = dependents(list, use.Role.Depends)
	}
	return list
}

func addName(list []string, name string) []string {
	if slices.Contains(list, name) {
		return list
	}
	return append(list, name)
}

func ofRole(get func(*playbooks.Role) values.Value) func(sc *Scope) (values.Value, bool) {
	return func(sc *Scope) (values.Value, bool) {
		role := sc.c.role()
		if role == nil {
			return values.Null, false
		}
		return get(role), true
	}
}

// shortRole is a role's name without its collection.
func shortRole(r *playbooks.Role) string {
	if r.Collection == "" {
		return r.Name
	}
	return r.Name[strings.LastIndexByte(r.Name, '.')+1:]
}

func parentRoles(get func(*playbooks.Role) string) func(sc *Scope) (values.Value, bool) {
	return func(sc *Scope) (values.Value, bool) {
		uses := roleUses(sc.c)
		if len(uses) < 2 || uses[0].Depth > 0 {
			return values.Null, false // roles that others depend on have no parents here
		}
		var list []string
		for _, use := range uses[1:] {
			list = append(list, get(use.Role))
		}
		return values.Strings(list...), true
	}
}

func searchPath(sc *Scope) (values.Value, bool) {
	return values.Strings(sc.Finder().dirs()...), sc.c.Task != nil
}

func delegatedVars(sc *Scope) (values.Value, bool) {
	if sc.c.Delegate == "" {
		return values.Null, false
	}
	return singleton(name(sc.c.Delegate), values.FromObject(&hostView{sc.peer(sc.c.Delegate)})), true
}

// environment is what the keyword of that name says for the task, outermost first.
func environment(sc *Scope) (values.Value, bool) {
	if sc.c.Play == nil {
		return values.Null, false
	}
	list := slices.Clone(sc.c.Play.Environment)
	var blocks []*playbooks.Block
	for b := sc.c.block(); b != nil; b = b.Parent {
		blocks = append(blocks, b)
	}
	for _, b := range backward(blocks) {
		list = append(list, b.Environment...)
	}
	if sc.c.Task != nil {
		list = append(list, sc.c.Task.Environment...)
	}
	return values.FromSlice(list), true
}

// singleton is a map with one entry.
func singleton(key, v values.Value) values.Value {
	m := values.NewMap(1)
	m.SetKey(key, v)
	return values.FromMap(m)
}
