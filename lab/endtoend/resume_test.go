//go:build lab

package endtoend

import (
	"strings"
	"syscall"
	"testing"
)

// killedAt kills a deploy of a release at a moment, as kill -9 does.
func killedAt(t *testing.T, release, moment string, times int) {
	t.Helper()
	r := start(t, "", append([]string{"play", "deploy.yml", limit(few), "-e", "version=" + release, "-e", "batch=100%"}, impatient...)...)
	r.reaches(t, moment, times)
	r.signal(t, syscall.SIGKILL)
	r.wait(t)
}

// moments are those at which a deploy dies here: while nothing is switched, and in the middle of its second batch, n2 and n3.
var moments = []struct {
	task  string
	times int
}{
	{"TASK [stock : Verify the release where it is already]", 1},
	{"TASK [stock : Take the node out of the balancer]", 2},
	{"TASK [stock : Switch the webroot]", 2},
	{"TASK [stock : Restart the service]", 2},
	{"TASK [stock : Test the node]", 2},
	{"TASK [stock : Put the node back into the balancer]", 2},
}

func TestADeployWhoseControllerIsKilledGoesOn(t *testing.T) {
	for _, m := range moments {
		_, next := settled(t, few)
		unharmed := clientThrough(t)
		killedAt(t, next, m.task, m.times)
		gdeploy(t, "resume").exits(t, 0).says(t, "GOING ON [")
		unharmed()
		run(t, next, few)
		gdeploy(t, "resume").exits(t, 1).says(t, "nothing to go on with")
	}
}

func TestADeployWhoseControllerIsKilledIsTakenBack(t *testing.T) {
	for _, m := range moments[1:] {
		now, next := settled(t, few)
		unharmed := clientThrough(t)
		killedAt(t, next, m.task, m.times)
		gdeploy(t, "resume", "--undo").exits(t, 7).says(t, "TAKING BACK [")
		unharmed()
		run(t, now, few)
	}
}

func TestWhatASecondCtrlCLeftOpenIsTakenBackByResume(t *testing.T) {
	now, next := settled(t, few)
	r := inTheMiddle(t, next)
	r.signal(t, syscall.SIGINT)
	r.reaches(t, "[interrupted:", 1)
	r.signal(t, syscall.SIGINT)
	stopped := r.wait(t).exits(t, 99)
	command := stopped.find(t, `gdeploy (resume --undo \S+) goes on with that`)
	gdeploy(t, strings.Fields(command)...).exits(t, 7)
	run(t, now, few)
}

func TestARunThatAnotherOneCameBetweenDoesNotGoOn(t *testing.T) {
	now, next := settled(t, few)
	killedAt(t, next, "TASK [stock : Switch the webroot]", 2)
	deploy(t, few, "-e", "version="+now, "-e", "batch=100%", "-e", "rejoin=web", "-e", "redeploy=yes").exits(t, 0)
	gdeploy(t, "resume").exits(t, 6).says(t, "what this run found may not be true any more")
	run(t, now, few)
}
