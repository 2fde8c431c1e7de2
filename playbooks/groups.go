package playbooks

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// groupPrefix starts the names of groups of modules in module_defaults.
const groupPrefix = "group/"

// Defaults are what the module_defaults around a task give for its module, the weaker
// first; layers are those around it, the outermost first. As in Ansible a layer replaces
// what the ones around it say under the same name, and groups are weaker than modules.
func (t *Task) Defaults(layers []DefaultsLayer) []values.Value {
	said := map[string]values.Value{}
	var groups []string
	for _, layer := range layers {
		for key, args := range layer.Args.All() {
			name := values.Text(key)
			switch {
			case shortName(name) == t.Action:
				said[""] = args
			case slices.Contains(layer.Groups[name], t.module()):
				said[name] = args
				if !slices.Contains(groups, name) {
					groups = append(groups, name)
				}
			}
		}
	}
	all := make([]values.Value, 0, len(said))
	for _, name := range append(groups, "") {
		if args, ok := said[name]; ok {
			all = append(all, args)
		}
	}
	return all
}

// DefaultsLayer is one mapping of module_defaults, evaluated.
type DefaultsLayer struct {
	Args *values.Map
	// Groups are the modules of the groups in it, see Keywords.ModuleGroups.
	Groups map[string][]string
}

// module is what tells the task's module from all others: the file of a user's own, or
// the name of gdeploy's.
func (t *Task) module() string { return cmp.Or(t.UserModule, t.Action) }

// moduleGroup reads the modules of a group that module_defaults name.
func (p *parser) moduleGroup(t *target, key values.Value) {
	written := values.Text(key)
	name := strings.TrimPrefix(written, groupPrefix)
	full, found := name, false
	candidates := []string{name}
	if !strings.Contains(name, ".") {
		candidates = nil
		for _, collection := range t.at.collections() {
			candidates = append(candidates, collection+"."+name)
		}
	}
	for _, candidate := range candidates {
		if found = p.groupMembers(candidate, t.at, nil) != nil; found {
			full = candidate
			break
		}
	}
	if !found {
		p.mistake(key.Pos(), fmt.Sprintf("could not resolve the module_defaults group %s", name),
			"a group stands in action_groups of the meta/runtime.yml of its collection, and is written group/NAMESPACE.COLLECTION.GROUP; gdeploy's own modules are in none: write them by name")
		return
	}
	if t.words.ModuleGroups == nil {
		t.words.ModuleGroups = map[string][]string{}
	}
	for _, member := range p.groupMembers(full, t.at, nil) {
		if a, ok := p.action(member, t.at); ok {
			t.words.ModuleGroups[written] = append(t.words.ModuleGroups[written], cmp.Or(a.path, a.name))
		}
	}
}

// groupMembers gives the full names of a group's modules, with those of the groups that
// it extends; nil where there is no such group. seen are the groups on the way to it.
func (p *parser) groupMembers(full string, at place, seen []string) []string {
	parts := strings.SplitN(full, ".", 3)
	if len(parts) < 3 || slices.Contains(seen, full) {
		return nil
	}
	collection := parts[0] + "." + parts[1] + "."
	written, ok := p.collectionGroups(parts[0], parts[1], at).Get(parts[2])
	if !ok {
		return nil
	}
	members := []string{}
	for _, item := range written.Items() {
		if name, ok := item.AsString(); ok {
			members = append(members, qualified(name, collection))
			continue
		}
		for _, name := range extended(item) {
			members = append(members, p.groupMembers(qualified(name, collection), at, append(seen, full))...)
		}
	}
	return members
}

// collectionGroups gives action_groups of a collection's meta/runtime.yml.
func (p *parser) collectionGroups(namespace, name string, at place) *values.Map {
	return mapIn(p.runtime(namespace, name, at), "action_groups")
}

// runtime gives the meta/runtime.yml of a collection, empty where there is none.
func (p *parser) runtime(namespace, name string, at place) *values.Map {
	for _, dir := range p.l.collectionDirs(at) {
		path := p.chosen(join(dir, filepath.Join("ansible_collections", namespace, name, "meta")), "runtime")
		if path == "" {
			continue
		}
		if runtime, _ := p.load(path).AsMap(); runtime != nil {
			return runtime
		}
		break
	}
	return values.NewMap(0)
}

// mapIn gives the mapping that m has under a name, empty where there is none.
func mapIn(m *values.Map, name string) *values.Map {
	v, _ := m.Get(name)
	if inner, ok := v.AsMap(); ok && inner != nil {
		return inner
	}
	return values.NewMap(0)
}

// extended gives the groups that an entry of a group says it extends.
func extended(item values.Value) []string {
	entry, ok := item.AsMap()
	if !ok {
		return nil
	}
	metadata, _ := entry.Get("metadata")
	m, ok := metadata.AsMap()
	if !ok {
		return nil
	}
	groups, _ := m.Get("extend_group")
	if one, ok := groups.AsString(); ok {
		return []string{one}
	}
	var names []string
	for _, group := range groups.Items() {
		names = append(names, values.Text(group))
	}
	return names
}

// qualified is a name with the collection before it, unless it has one.
func qualified(name, collection string) string {
	if strings.Contains(name, ".") {
		return name
	}
	return collection + name
}
