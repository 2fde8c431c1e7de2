//go:build lab

package endtoend

import "testing"

// twoBalancers makes n10 a second balancer, with the configuration of the first.
func twoBalancers(t *testing.T) {
	t.Helper()
	replace(t, hostFile("n10", "/etc/haproxy/haproxy.cfg"), read(t, hostFile("lb", "/etc/haproxy/haproxy.cfg")))
	onHost(t, "n10", "systemctl start haproxy")
	t.Cleanup(func() { onHost(t, "n10", "systemctl stop haproxy") })
}

// byBoth are hosts as both balancers have them.
func byBoth(t *testing.T, host string) string {
	t.Helper()
	return balancerOn(t, "lb")[host] + " " + balancerOn(t, "n10")[host]
}

func TestEachOfSeveralBalancersTakesANodeOutAndBack(t *testing.T) {
	now, next := settled(t, few)
	twoBalancers(t)
	both := `-e={"lb_hosts": ["lb", "n10"]}`
	unharmed := clientThrough(t, "lb", "n10")
	r := deploy(t, few, both, "-e", "version="+next, "-e", "batch=100%").exits(t, 0)
	r.says(t, "changed: [n1 -> lb(192.168.56.10)] => (item=lb) changed: [n1 -> n10(192.168.56.20)] => (item=n10)")
	run(t, next, few)
	for _, h := range few {
		if states := byBoth(t, h); states != "ready ready" {
			t.Errorf("%s: %s", h, states)
		}
	}
	deploy(t, few, both, "-e", "version=three", "-e", "health_timeout=2").exits(t, 7).says(t, "TAKING BACK", "n1: "+next+", takes traffic")
	if states := byBoth(t, "n1"); states != "ready ready" {
		t.Errorf("after a deploy that failed n1 is %s", states)
	}
	// What was found out of one balancer stays out of that one alone.
	haproxyOn(t, "n10", "set server web/n3 state maint")
	deploy(t, few, both, "-e", "version="+next, "-e", "batch=100%", "-e", "redeploy=yes").exits(t, 0).says(t, "the balancer n10 has n3 in state maint, and it stays so")
	run(t, next, few)
	if states := byBoth(t, "n2") + ", " + byBoth(t, "n3"); states != "ready ready, ready maint" {
		t.Errorf("n2 and n3 are %s", states)
	}
	unharmed()
	gdeploy(t, "lb", "status", limit(few), both).exits(t, 0).says(t, "n3 lb in ready", "n3 n10 out maint")
	gdeploy(t, "status", limit(few), both).exits(t, 0).says(t, "n1 "+next+" good in", "n3 "+next+" good in, maint", "n10: maint")
	rollback(t, few, both, "-e", "version="+now, "-e", "batch=100%", "-e", "rejoin=n3").exits(t, 0)
	run(t, now, few)
	if states := byBoth(t, "n3"); states != "ready ready" {
		t.Errorf("n3 was to rejoin: %s", states)
	}
	// One that cannot be asked stops the deploy before a node is taken out of the other.
	onHost(t, "n10", "systemctl stop haproxy")
	deploy(t, few, both, "-e", "version="+next).exits(t, 2).says(t, "HAProxy's socket", "n1 -> n10").saysNot(t, "changed: [n1 -> lb")
	run(t, now, few)
	deploy(t, few, both, "-e", "lb_hosts=lb3").exits(t, 2).says(t, "lb3", "which is no host and no group of the inventory")
}
