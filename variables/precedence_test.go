package variables

import (
	"fmt"
	"testing"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// fakeInventory is an inventory in memory.
type fakeInventory struct {
	hosts  []string
	layers map[string][]Layer
	groups values.Value
}

func (f *fakeInventory) Layers(host string) ([]Layer, error) { return f.layers[host], nil }
func (f *fakeInventory) HostNames() []string                 { return f.hosts }
func (f *fakeInventory) Groups() values.Value                { return f.groups }
func (f *fakeInventory) GroupsOf(string) []string            { return []string{"web"} }
func (f *fakeInventory) Source(string) string                { return "/inv/hosts" }
func (f *fakeInventory) Select(string) ([]string, error)     { return f.hosts, nil }
func (f *fakeInventory) Knows(host string) bool {
	for _, h := range f.hosts {
		if h == host {
			return true
		}
	}
	return false
}

// world is everything that can define a variable.
type world struct {
	inv   *fakeInventory
	extra *values.Map
	c     Context
	later []func(*Store)
	file  string // a file of variables that exists
}

func newWorld() *world {
	w := &world{inv: &fakeInventory{hosts: []string{"h1"}, layers: map[string][]Layer{}}, extra: values.NewMap(0), file: "testdata/files/vars.yml"}
	role := &playbooks.Role{Name: "r", Defaults: values.NewMap(0), Vars: values.NewMap(0)}
	use := &playbooks.RoleUse{Role: role, Params: values.NewMap(0)}
	inRole := &playbooks.Block{Role: role, RoleUse: use}
	block := &playbooks.Block{Parent: inRole, Role: role, Keywords: playbooks.Keywords{Vars: values.NewMap(0)}}
	w.c = Context{
		Host:          "h1",
		Play:          &playbooks.Play{Keywords: playbooks.Keywords{Vars: values.NewMap(0)}, Roles: []*playbooks.RoleUse{use}},
		Prompts:       values.NewMap(0),
		Task:          &playbooks.Task{Parent: block, Role: role, Keywords: playbooks.Keywords{Vars: values.NewMap(0)}},
		IncludeParams: []*values.Map{values.NewMap(0)},
		Extra:         values.NewMap(0),
	}
	return w
}

// define sets x at a level.
func (w *world) define(level Level, v values.Value) {
	one := values.NewMap(1)
	one.Set("x", v)
	block := w.c.Task.Parent
	switch level {
	case RoleDefaults:
		w.c.Task.Role.Defaults.Set("x", v)
	case InventoryGroupVars, InventoryAllVars, PlaybookAllVars, InventoryGroupFiles, PlaybookGroupFiles, InventoryHostVars, InventoryHostFiles, PlaybookHostFiles:
		w.inv.layers["h1"] = append(w.inv.layers["h1"], Layer{Level: level, Vars: one})
	case HostFacts:
		w.later = append(w.later, func(s *Store) { s.SetFacts("h1", one) })
	case PlayVars:
		w.c.Play.Vars.Set("x", v)
	case PlayVarsPrompt:
		w.c.Prompts.Set("x", v)
	case PlayVarsFiles:
		w.c.Play.VarsFiles = []values.Value{values.String(w.file)}
		w.later = append(w.later, func(s *Store) { s.files[w.file] = loadedFile{vars: one} })
	case RoleVars:
		w.c.Task.Role.Vars.Set("x", v)
	case BlockVars:
		block.Vars.Set("x", v)
	case TaskVars:
		w.c.Task.Vars.Set("x", v)
	case IncludeVars:
		w.later = append(w.later, func(s *Store) { s.IncludeVars("h1", one) })
	case SetFacts:
		w.later = append(w.later, func(s *Store) { s.SetFact("h1", "x", v, false) })
	case RoleParams:
		block.Parent.RoleUse.Params.Set("x", v)
	case IncludeParams:
		w.c.IncludeParams[0].Set("x", v)
	case ExtraVars:
		w.extra.Set("x", v)
	case loopVars:
		w.c.Extra.Set("x", v)
	}
}

func (w *world) scope(merge bool) *Scope {
	s := NewStore(Options{Inventory: w.inv, PlaybookDir: ".", ExtraVars: w.extra, MergeHashes: merge})
	for _, do := range w.later {
		do(s)
	}
	return s.Scope(w.c)
}

// TestPrecedence defines a variable at every pair of levels: the higher level wins, and
// with hash merging maps keep the entries of both.
func TestPrecedence(t *testing.T) {
	for weak := RoleDefaults; weak <= loopVars; weak++ {
		for strong := weak + 1; strong <= loopVars; strong++ {
			t.Run(fmt.Sprintf("%d under %d", weak, strong), func(t *testing.T) {
				w := newWorld()
				w.define(weak, values.MapOf("who", values.String("weak"), "weak", values.True))
				w.define(strong, values.MapOf("who", values.String("strong"), "strong", values.True))
				sc := w.scope(false)
				if got := look(t, sc, "{{ x.who }} {{ x.weak is defined }}"); got != "strong False" {
					t.Errorf("%s must win over %s, got %q", strong, weak, got)
				}
				sources := sc.Explain("x")
				if len(sources) < 2 || !sources[0].Wins || sources[0].Level != strong || sources[1].Level != weak || sources[1].Wins {
					t.Errorf("Explain = %v", sources)
				}
				if strong == loopVars {
					return
				}
				if got := look(t, w.scope(true), "{{ x.who }} {{ x.weak }} {{ x.strong }}"); got != "strong True True" {
					t.Errorf("with merging: got %q", got)
				}
			})
		}
	}
}

func look(t *testing.T, sc *Scope, template string) string {
	t.Helper()
	text, err := sc.Text(values.String(template))
	if err != nil {
		t.Fatal(err)
	}
	return text
}
