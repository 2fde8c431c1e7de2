package executor_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/transport/wire"
	"github.com/gdeploy/gdeploy/values"
)

// A run that holds locks waits only for those that come after them: two runs that wait for
// each other would wait for ever.
func TestLocksAreTakenInOrder(t *testing.T) {
	waits := map[string]string{}
	run(t, `
-- inventory --
a
b
c
-- play.yml --
- hosts: b
  gather_facts: false
  lock: {name: shop, path: /lock/shop, wait: 60}
  tasks:
    - do: one
- hosts: c:b:a
  gather_facts: false
  lock: {name: shop, path: /lock/shop, wait: 60}
  tasks:
    - do: two
`, func(f *fixture) {
		f.hosts.during = func(call modules.Call) {
			if state, ok := call.Args.Get("state"); call.Module == "release_lock" && (!ok || values.Text(state) == "held") {
				wait, _ := call.Args.Get("wait")
				waits[call.Chain] += values.Text(wait)
			}
		}
	})
	if waits["a"] != "0" || waits["b"] != "60" || waits["c"] != "60" {
		t.Errorf("waited %v", waits)
	}
}

// No login and no dead host holds up the locks of the hosts behind it: all are reached first, at once.
func TestAllHostsOfALockAreReachedAtOnce(t *testing.T) {
	asked := map[string]bool{}
	meeting := &meeting{want: 3, met: make(chan struct{})}
	run(t, onHosts("a b c", `
  lock: {name: shop, path: /lock/shop}
  tasks:
    - do: one
`), func(f *fixture) {
		meeting.fakeHosts = f.hosts
		f.request.Hosts = meeting
		f.hosts.during = func(call modules.Call) {
			if call.Module == "release_lock" {
				asked[call.Chain] = true
			}
		}
	})
	if meeting.late {
		t.Error("the hosts were not reached at the same time")
	}
	if !asked["a"] || asked["b"] || !asked["c"] {
		t.Errorf("asked for the lock: %v; b cannot be reached, which is known already", asked)
	}
}

// meeting are hosts to which nobody is connected before all want to be, and of which b is dead.
type meeting struct {
	*fakeHosts
	mu   sync.Mutex
	came int
	want int
	met  chan struct{}
	late bool
}

func (m *meeting) Connect(_ context.Context, to transport.Target) (wire.Hello, error) {
	m.mu.Lock()
	if m.came++; m.came == m.want {
		close(m.met)
	}
	m.mu.Unlock()
	select {
	case <-m.met:
	case <-time.After(10 * time.Second):
		m.mu.Lock()
		m.late = true
		m.mu.Unlock()
	}
	if to.Host == "b" {
		return wire.Hello{}, &transport.Unreachable{Kind: transport.KindTimeout, Op: "connect to b"}
	}
	return wire.Hello{BootID: "boot"}, nil
}

func (m *meeting) Journal(context.Context, transport.Target, string) ([]wire.JournalEntry, error) {
	return nil, nil
}

// A window of the inventory keeps a run from taking its lock; one that began before goes on.
func TestFreeze(t *testing.T) {
	const play = `
-- inventory --
[web]
a
b freeze='FREEZE'
-- play.yml --
- hosts: a
  gather_facts: false
  lock: {name: shop, path: /lock/shop, urgent: URGENT}
  tasks:
    - do: {text: one, sleep: 7200}
- hosts: a:b
  gather_facts: false
  lock: {name: shop, path: /lock/shop}
  tasks:
    - do: two
`
	for _, c := range []struct {
		name, freeze, hosts, urgent, override string
		done                                  string
	}{
		{"not now", "Fri 16:00 - Sat 00:00 UTC", "a:b", "no", "", "one two"},
		{"now", "Fri 16:00 - Mon 08:00 UTC", "a:b", "no", "", ""},
		{"a host that comes later", "Fri 16:00 - Mon 08:00 UTC", "a", "no", "", "one"},
		{"in an hour", "Sat 01:00 - Mon 08:00 UTC", "a:b", "no", "", "one two"},
		{"urgent", "Fri 16:00 - Mon 08:00 UTC", "a:b", "yes", "", "one two"},
		{"overridden", "Fri 16:00 - Mon 08:00 UTC", "a:b", "no", "the shop is down", "one two"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.NewReplacer("FREEZE", c.freeze, "hosts: a\n", "hosts: "+c.hosts+"\n", "URGENT", c.urgent).Replace(play)
			dir := laidOut(t, text)
			synctest.Test(t, func(t *testing.T) { // it is Saturday, 2000-01-01 00:00 UTC
				f := newFixture(t, dir, nil)
				f.request.Override = c.override
				outcome, err := executor.Run(context.Background(), f.request)
				if err != nil || outcome.Locked != (c.done != "one two") {
					t.Errorf("%+v, %v", outcome, err)
				}
				all := strings.Join(f.hosts.effects(), "\n")
				if strings.Contains(all, "one") != strings.Contains(c.done, "one") || strings.Contains(all, "two") != strings.Contains(c.done, "two") {
					t.Errorf("what was done:\n%s", all)
				}
			})
		})
	}
}
