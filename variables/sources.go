package variables

import (
	"errors"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// source is a place where variables are looked up.
type source struct {
	level Level
	where string
	vars  vars
}

// vars is the part of *values.Map that a source needs.
type vars interface {
	Get(name string) (values.Value, bool)
	Keys() []values.Value
}

// sources collects places, strongest first.
type sources []source

func (l *sources) add(level Level, where string, m *values.Map) {
	if m != nil && m.Len() > 0 {
		*l = append(*l, source{level, where, m})
	}
}

// addOnce is add for a map that may be there already, as that of a role is which the
// task is in and the play names.
func (l *sources) addOnce(level Level, where string, m *values.Map) {
	for _, s := range *l {
		if s.vars == vars(m) {
			return
		}
	}
	l.add(level, where, m)
}

// order lists where c's variables may stand, strongest first. This is the one place
// that says which variable wins; it leaves out only what a Scope puts above all others
// (magic and loop variables).
func (s *Store) order(c Context) (sources, error) {
	var l sources
	uses := roleUses(c)
	l.add(ExtraVars, "-e", s.options.ExtraVars)
	for _, m := range backward(c.IncludeParams) {
		l.add(IncludeParams, "vars of the include", m)
	}
	for _, use := range uses {
		l.add(RoleParams, "parameters of role "+use.Role.Name, use.Params)
	}
	if c.Host != "" {
		h := s.host(c.Host)
		l = append(l, source{SetFacts, "set_fact or register", setVars{h}}, source{IncludeVars, "include_vars", includedVars{h}})
	}
	l.addTask(c)
	l.addRoleVars(c, uses, s)
	err := l.addPlay(c, s)
	if c.Host != "" {
		l = append(l, source{HostFacts, "facts of the host", factVars{s.host(c.Host), s.options.KeepFactsApart}})
		err = errors.Join(err, l.addInventory(c.Host, s.inventoryOf(c)))
	}
	l.addDefaults(c, uses, s)
	return l, err
}

// early lists what the names of vars_files may be made of.
func (s *Store) early(c Context) (sources, error) {
	var l sources
	var err error
	l.add(ExtraVars, "-e", s.options.ExtraVars)
	l.add(PlayVarsPrompt, "vars_prompt", c.Prompts)
	l.add(PlayVars, "vars of the play", c.Play.Vars)
	if c.Host != "" {
		l = append(l, source{HostFacts, "facts of the host", factVars{s.host(c.Host), s.options.KeepFactsApart}})
		err = l.addInventory(c.Host, s.inventoryOf(c))
	}
	l.addDefaults(c, nil, s)
	return l, err
}

func (l *sources) addTask(c Context) {
	if c.Task != nil {
		l.add(TaskVars, "vars of the task", c.Task.Vars)
	}
	for b := c.block(); b != nil; b = b.Parent {
		if b.RoleUse != nil && b.Vars == b.RoleUse.Vars {
			continue // these are role vars
		}
		l.add(BlockVars, "vars of the block", b.Vars)
	}
}

func (l *sources) addRoleVars(c Context, uses []*playbooks.RoleUse, s *Store) {
	if role := c.role(); role != nil && (len(uses) == 0 || uses[0].Role != role) {
		l.addUseVars(&playbooks.RoleUse{Role: role})
	}
	for _, use := range uses {
		l.addUseVars(use)
	}
	if s.options.PrivateRoleVars {
		return
	}
	for _, use := range backward(s.playRoles(c.Play)) {
		l.addUseVars(use)
	}
}

// addUseVars adds a role's vars, then those of its mention, then those of the roles
// that it depends on.
func (l *sources) addUseVars(use *playbooks.RoleUse) {
	l.addOnce(RoleVars, "vars of role "+use.Role.Name, use.Role.Vars)
	l.addOnce(RoleVars, "vars at the mention of role "+use.Role.Name, use.Vars)
	for _, dep := range backward(use.Role.Depends) {
		l.addUseVars(dep)
	}
}

func (l *sources) addPlay(c Context, s *Store) error {
	if c.Play == nil {
		return nil
	}
	files, err := s.varsFiles(c)
	for _, f := range backward(files) {
		l.add(PlayVarsFiles, f.path, f.vars)
	}
	l.add(PlayVarsPrompt, "vars_prompt", c.Prompts)
	l.add(PlayVars, "vars of the play", c.Play.Vars)
	return err
}

func (l *sources) addInventory(host string, inv Inventory) error {
	var layers []Layer
	var err error
	if inv != nil {
		layers, err = inv.Layers(host)
	}
	magic := false
	for _, layer := range backward(layers) {
		if !magic && layer.Level <= InventoryHostVars {
			l.add(InventoryHostVars, "inventory", hostMagic(host, inv))
			magic = true
		}
		l.add(layer.Level, layer.Where, layer.Vars)
	}
	if !magic {
		l.add(InventoryHostVars, "inventory", hostMagic(host, inv))
	}
	return err
}

func (l *sources) addDefaults(c Context, uses []*playbooks.RoleUse, s *Store) {
	if role := c.role(); role != nil && (len(uses) == 0 || uses[0].Role != role) {
		l.addUseDefaults(&playbooks.RoleUse{Role: role})
	}
	for _, use := range uses {
		l.addUseDefaults(use)
	}
	for _, use := range backward(s.playRoles(c.Play)) {
		l.addUseDefaults(use)
	}
}

func (l *sources) addUseDefaults(use *playbooks.RoleUse) {
	l.addOnce(RoleDefaults, "defaults of role "+use.Role.Name, use.Role.Defaults)
	for _, dep := range backward(use.Role.Depends) {
		l.addUseDefaults(dep)
	}
}

// block is the innermost block around what c is for.
func (c Context) block() *playbooks.Block {
	if c.Block == nil && c.Task != nil {
		return c.Task.Parent
	}
	return c.Block
}

// role is the role that c is for; nil outside of roles.
func (c Context) role() *playbooks.Role {
	if c.Role != nil {
		return c.Role
	}
	if c.Task != nil && c.Task.Role != nil {
		return c.Task.Role
	}
	if b := c.block(); b != nil {
		return b.Role
	}
	return nil
}

// roleUses are the mentions of roles around c, innermost first.
func roleUses(c Context) []*playbooks.RoleUse {
	var uses []*playbooks.RoleUse
	for b := c.block(); b != nil; b = b.Parent {
		if b.RoleUse != nil && b.RoleUse.Role != nil {
			uses = append(uses, b.RoleUse)
		}
	}
	return uses
}

func backward[T any](list []T) func(yield func(int, T) bool) {
	return func(yield func(int, T) bool) {
		for i := len(list) - 1; i >= 0; i-- {
			if !yield(i, list[i]) {
				return
			}
		}
	}
}

// combine lays strong over weak; with merge, maps of the same name are merged at
// every depth.
func combine(weak, strong *values.Map, merge bool) *values.Map {
	out := values.NewMap(0)
	if weak != nil {
		out = weak.Clone()
	}
	for key, v := range strong.All() {
		old, ok := out.GetKey(key)
		if ok && merge {
			v = combineValues(old, v)
		}
		out.SetKey(key, v)
	}
	return out
}

func combineValues(weak, strong values.Value) values.Value {
	a, ok := weak.AsMap()
	if !ok {
		return strong
	}
	b, ok := strong.AsMap()
	if !ok {
		return strong
	}
	return values.FromMap(combine(a, b, true)).At(strong.Pos()).Inherit(weak, strong)
}
