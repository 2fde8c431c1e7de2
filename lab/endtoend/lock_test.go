//go:build lab

package endtoend

import (
	"regexp"
	"testing"
)

// deploying starts a deploy and gives it when it holds the lock.
func deploying(t *testing.T, args ...string) *running {
	t.Helper()
	r := start(t, "", append([]string{"play", "deploy.yml", limit(few)}, append(impatient, args...)...)...)
	r.reaches(t, "TASK [", 1)
	return r
}

func TestTheSecondOfTwoDeployersIsRefusedOrWaits(t *testing.T) {
	now, next := settled(t, few)
	first := deploying(t, "-e", "version="+next, slowly(t, 3, "inventory_hostname == 'n1'"))
	refused := deploy(t, few, "-e", "version="+now).exits(t, 6)
	refused.says(t, "LOCKED!", "(deploy)", "--lock-wait", "take_over=yes", "Nothing was done:")
	if !regexp.MustCompile(`held by run \d{8}-\d{6}-[0-9a-f]+ of \S+ since 2`).MatchString(refused.out) {
		t.Errorf("the holder is not named\n%s", refused.out)
	}
	gdeploy(t, "status", "-l", "n3").exits(t, 0).says(t, "n3 "+now+" good in", "locked by run ")
	waits := start(t, "", append([]string{"play", "deploy.yml", limit(few), "--lock-wait", "60", "-e", "version=" + now, "-e", "batch=100%"}, impatient...)...)
	first.wait(t).exits(t, 0)
	run(t, next, few[:1])
	waits.wait(t).exits(t, 0)
	run(t, now, few)
}

func TestAnEmergencyTakesTheLockFromARunThatHangs(t *testing.T) {
	now, next := settled(t, few)
	hangs := deploying(t, "-e", "version=three", "-e", "health_timeout=8")
	hangs.reaches(t, "TASK [stock : Test the node]", 1)
	rollback(t, few, "-e", "mode=emergency", "-e", "version="+next).exits(t, 6).says(t, "take_over=yes")
	rollback(t, few, "-e", "mode=emergency", "-e", "version="+next, "-e", "take_over=yes").exits(t, 0).says(t, "-e rejoin=n1")
	for host, n := range nodes(t, few) {
		if n.release != next || n.answers != next {
			t.Errorf("%s: %+v, want %s", host, n, next)
		}
	}
	fenced := hangs.wait(t)
	if fenced.code == 0 {
		t.Errorf("exit code 0\n%s", fenced.out)
	}
	fenced.says(t, "another run")
	left := namedOrWhole(t, fenced, few)
	for host, n := range nodes(t, few) {
		if n.release != next || n.answers != next {
			t.Errorf("after the run that hung: %s: %+v, want %s", host, n, next)
		}
	}
	t.Logf("out of the balancer: %s", left)
	deploy(t, few, "-e", "version="+now, "-e", "rejoin=web", "-e", "batch=100%").exits(t, 0)
	run(t, now, few)
}
