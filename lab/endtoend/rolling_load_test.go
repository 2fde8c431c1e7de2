//go:build lab

package endtoend

import "testing"

// TestRollingDeploysAreNotNoticed deploys to ten nodes, one at a time and three at a time in turn, while clients keep
// requesting through the balancer. With -faults, as in make faults, it does so twenty times.
func TestRollingDeploysAreNotNoticed(t *testing.T) {
	given(t, "two", allNodes)
	times := 2
	if *every > 0 {
		times = 20
	}
	failures := askingThrough(t)
	for i := range times {
		version, batch := []string{"one", "two"}[i%2], []string{"1", "30%"}[i/2%2]
		deploy(t, allNodes, "-e", "version="+version, "-e", "batch="+batch).exits(t, 0)
	}
	if bad := failures(); len(bad) > 0 {
		t.Errorf("%d requests failed in %d deploys, the first: %s", len(bad), times, bad[0])
	}
	run(t, []string{"two", "one"}[times%2], allNodes)
}
