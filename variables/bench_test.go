package variables

import (
	"fmt"
	"testing"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// BenchmarkTask is what a task's arguments cost with n variables in the inventory: it
// must not grow with n.
func BenchmarkTask(b *testing.B) {
	for _, n := range []int{10, 500, 5000} {
		b.Run(fmt.Sprintf("%d variables", n), func(b *testing.B) {
			vars := values.NewMap(n)
			for i := range n {
				vars.Set(fmt.Sprintf("v%d", i), values.String(fmt.Sprintf("{{ v%d }}", max(0, i-1))))
			}
			vars.Set("v0", values.String("zero"))
			vars.Set("path", values.String("/opt/{{ app }}/{{ v3 }}"))
			inv := &fakeInventory{hosts: []string{"h1"}, layers: map[string][]Layer{"h1": {{Level: InventoryGroupVars, Vars: vars}}}}
			s := NewStore(Options{Inventory: inv})
			play := &playbooks.Play{Keywords: playbooks.Keywords{Vars: parseMap(b, `{app: web}`)}}
			args := parse(b, `{dest: "{{ path }}/current", mode: "0644", owner: "{{ owner | default('www') }}", state: file}`)
			when := parse(b, `["app == 'web'", "v1 is defined"]`).Items()
			b.ReportAllocs()
			for b.Loop() {
				sc := s.Scope(Context{Host: "h1", Play: play})
				if ok, _, err := sc.Condition(when); !ok || err != nil {
					b.Fatal(ok, err)
				}
				if _, err := sc.Render(args); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkHostvars is a template that asks every one of 1000 hosts for a variable.
func BenchmarkHostvars(b *testing.B) {
	inv := &fakeInventory{layers: map[string][]Layer{}}
	for i := range 1000 {
		name := fmt.Sprintf("h%d", i)
		inv.hosts = append(inv.hosts, name)
		inv.layers[name] = []Layer{{Level: InventoryHostVars, Vars: parseMap(b, `{addr: "10.0.0.1", full: "{{ inventory_hostname }}:{{ addr }}"}`)}}
	}
	inv.groups = values.MapOf("all", values.Strings(inv.hosts...))
	s := NewStore(Options{Inventory: inv})
	template := values.String("{% for h in groups.all %}{{ hostvars[h].full }} {% endfor %}")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Scope(Context{Host: "h1"}).Render(template); err != nil {
			b.Fatal(err)
		}
	}
}
