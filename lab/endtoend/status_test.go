//go:build lab

package endtoend

import "testing"

func TestStatusTellsReleaseBalancerDriftAndLock(t *testing.T) {
	now, _ := settled(t, few)
	gdeploy(t, "status", limit(few)).exits(t, 0).says(t, "HOST RELEASE STATE BALANCER", "n1 "+now+" good in", "n3 "+now+" good in").saysNot(t, "drift", "locked")
	page := live("n2", "static/欢迎.txt")
	before := read(t, page)
	t.Cleanup(func() { replace(t, page, before) })
	replace(t, page, []byte("by hand"))
	haproxy(t, "set server web/n3 state drain")
	t.Cleanup(func() { haproxy(t, "set server web/n3 state ready") })
	gdeploy(t, "status", limit(few)).exits(t, 0).says(t, "drift: static/欢迎.txt differs", "n3 "+now+" good drain")
}
