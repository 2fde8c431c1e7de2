package inventory

import (
	"errors"
	"path/filepath"

	"github.com/gdeploy/gdeploy/values"
)

// Layer is the variables that one place gives a host.
type Layer struct {
	// Level is the place's number in Ansible's list of precedence, 3 to 10.
	Level int
	// Name says which place it is, such as "inventory group_vars/web"; each value's
	// position says which file and line.
	Name string
	// Vars must not be changed.
	Vars *values.Map
}

func (l Layer) ofAll() bool {
	return l.Level == LevelInventoryAll || l.Level == LevelPlaybookAll || l.Level == LevelGroup && l.Name == "inventory group all"
}

// The levels of Ansible's list of precedence that belong to inventories.
const (
	LevelGroup             = 3  // groups, in inventory files and scripts
	LevelInventoryAll      = 4  // group_vars/all beside the inventory
	LevelPlaybookAll       = 5  // group_vars/all beside the playbook
	LevelInventoryGroup    = 6  // group_vars/* beside the inventory
	LevelPlaybookGroup     = 7  // group_vars/* beside the playbook
	LevelHost              = 8  // hosts, in inventory files and scripts
	LevelInventoryHostVars = 9  // host_vars/* beside the inventory
	LevelPlaybookHostVars  = 10 // host_vars/* beside the playbook
)

// Layers gives what the inventory says of a host, weakest first, without empty places.
// Files of group_vars and host_vars are read when first needed; what is wrong with them
// is the error, all at once.
func (inv *Inventory) Layers(host *Host) ([]Layer, error) {
	inv.lock.RLock()
	groups, all, own := host.above(), inv.all, host.vars
	inv.lock.RUnlock()
	groups = without(groups, all)

	s := stack{inv: inv}
	s.add(LevelGroup, "inventory group all", all.Vars())
	for _, group := range groups {
		s.add(LevelGroup, "inventory group "+group.Name, group.Vars())
	}
	s.inventory(LevelInventoryAll, "group_vars", "all")
	s.playbook(LevelPlaybookAll, "group_vars", "all")
	s.inventory(LevelInventoryGroup, "group_vars", names(groups)...)
	s.playbook(LevelPlaybookGroup, "group_vars", names(groups)...)
	s.add(LevelHost, "inventory host "+host.Name, own)
	s.inventory(LevelInventoryHostVars, "host_vars", host.Name)
	s.playbook(LevelPlaybookHostVars, "host_vars", host.Name)
	return s.layers, errors.Join(s.errs...)
}

// GroupLayers gives what the inventory says of a group itself, weakest first.
func (inv *Inventory) GroupLayers(group *Group) ([]Layer, error) {
	s := stack{inv: inv}
	s.add(LevelGroup, "inventory group "+group.Name, group.Vars())
	s.inventory(LevelInventoryGroup, "group_vars", group.Name)
	s.playbook(LevelPlaybookGroup, "group_vars", group.Name)
	return s.layers, errors.Join(s.errs...)
}

// Check reads every file that the hosts need, so that all mistakes in them are known
// before a run begins.
func (inv *Inventory) Check(hosts []*Host) error {
	seen := map[string]bool{}
	var errs []error
	for _, host := range hosts {
		_, err := inv.Layers(host)
		if err != nil && !seen[err.Error()] {
			seen[err.Error()] = true
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Vars merges a host's layers: of each variable the strongest value.
func (inv *Inventory) Vars(host *Host) (*values.Map, error) {
	layers, err := inv.Layers(host)
	return merge(layers), err
}

func merge(layers []Layer) *values.Map {
	merged := values.NewMap(8)
	for _, layer := range layers {
		for key, v := range layer.Vars.All() {
			merged.SetKey(key, v)
		}
	}
	return merged
}

// stack collects layers.
type stack struct {
	inv    *Inventory
	layers []Layer
	errs   []error
}

func (s *stack) add(level int, name string, vars *values.Map) {
	if vars != nil && vars.Len() > 0 {
		s.layers = append(s.layers, Layer{Level: level, Name: name, Vars: vars})
	}
}

// inventory adds the files beside each source, the later sources being stronger.
func (s *stack) inventory(level int, kind string, names ...string) {
	for _, base := range s.inv.beside {
		s.beside(base, "inventory ", level, kind, names)
	}
}

func (s *stack) playbook(level int, kind string, names ...string) {
	if s.inv.playbookDir != "" {
		s.beside(s.inv.playbookDir, "playbook ", level, kind, names)
	}
}

func (s *stack) beside(base, owner string, level int, kind string, names []string) {
	for _, name := range names {
		vars, err := s.inv.files.variables(filepath.Join(base, kind), name)
		if err != nil {
			s.errs = append(s.errs, err)
		}
		s.add(level, owner+kind+"/"+name, vars)
	}
}

func without(groups []*Group, one *Group) []*Group {
	rest := make([]*Group, 0, len(groups))
	for _, group := range groups {
		if group != one {
			rest = append(rest, group)
		}
	}
	return rest
}

func names(groups []*Group) []string {
	list := make([]string, len(groups))
	for i, group := range groups {
		list[i] = group.Name
	}
	return list
}
