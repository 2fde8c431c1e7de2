package variables

import (
	"fmt"
	"sync"
	"testing"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// TestConcurrent runs hosts side by side that set, register, read each other's
// variables and change lists that they share. The race detector is the judge.
func TestConcurrent(t *testing.T) {
	inv := &fakeInventory{layers: map[string][]Layer{}}
	shared := parseMap(t, `{list: [1], map: {a: 1}, name: "{{ inventory_hostname }}"}`)
	for i := range 20 {
		host := fmt.Sprintf("h%d", i)
		inv.hosts = append(inv.hosts, host)
		inv.layers[host] = []Layer{{Level: InventoryGroupVars, Vars: shared}}
	}
	s := NewStore(Options{Inventory: inv})
	play := &playbooks.Play{Keywords: playbooks.Keywords{Vars: parseMap(t, `{pv: {deep: {x: "{{ name }}"}}}`)}}
	var wait sync.WaitGroup
	for _, host := range inv.hosts {
		wait.Go(func() {
			for round := range 20 {
				sc := s.Scope(Context{Host: host, Play: play, Hosts: &Hosts{Play: inv.hosts}})
				got, err := sc.Text(values.String("{{ list.append(2) }}{{ map.update({'b': 2}) }}{{ list | length }} {{ pv.deep.x }} " +
					"{% for h in ansible_play_hosts %}{{ hostvars[h].seen | default('') }}{{ hostvars[h].ansible_facts.n | default('') }}{% endfor %}"))
				if err != nil || len(got) < 4 || got[:1] != "2" {
					t.Errorf("got %q, %v", got, err)
					return
				}
				s.SetFact(host, "seen", values.Int(int64(round)), round%2 == 0)
				s.Register(host, "result", values.MapOf("rc", values.Int(0)))
				s.SetFacts(host, parseMap(t, fmt.Sprintf("{ansible_n: %d}", round)))
				s.Return(host, s.Moment(host))
			}
		})
	}
	wait.Wait()
	if v, ok := shared.Get("list"); !ok || len(v.Items()) != 1 {
		t.Error("a template changed what all hosts share")
	}
}
