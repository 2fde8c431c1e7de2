//go:build lab

package endtoend

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/executor"
)

// four are the pre-production node and three others.
var four = strings.Fields("n1 n2 n3 n4")

// lowest looks at the balancer until it is told to stop, and gives how few of hosts it had in service.
func lowest(t *testing.T, hosts []string) (fewest func() int) {
	t.Helper()
	stop, least := make(chan struct{}), make(chan int)
	go func() {
		n := len(hosts)
		for {
			states, in := balancer(t), 0
			for _, h := range hosts {
				if states[h] == "ready" {
					in++
				}
			}
			n = min(n, in)
			select {
			case <-stop:
				least <- n
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() int { close(stop); return <-least }
}

// n2Slower keeps n2 out of the balancer for 6 s, and the others for one: without that a node is out for less than a
// tenth of a second, which the sampling of lowest may miss.
func n2Slower(t *testing.T) string {
	t.Helper()
	return "-esmoke_file=" + write(t, "smoke.yml", "- name: Look around\n  pause: {seconds: \"{{ 6 if inventory_hostname == 'n2' else 1 }}\"}\n")
}

func TestAWindowStartsTheNextNodeAsOneIsThroughAndNoClientNotices(t *testing.T) {
	_, next := settled(t, four)
	unharmed, fewest := clientThrough(t), lowest(t, four)
	deploy(t, four, "-e", "version="+next, "-e", "window=2", "-e", "settle=2s", n2Slower(t)).exits(t, 0)
	if n := fewest(); n != 2 {
		t.Errorf("%d of 4 nodes were in service at the least, and the window is 2", n)
	}
	unharmed()
	run(t, next, four)
}

func TestAWindowKeepsTheFloor(t *testing.T) {
	_, next := settled(t, few)
	fewest := lowest(t, few)
	r := deploy(t, few, "-e", "version="+next, "-e", "window=3", "-e", "settle=1s", "-e", "min_available=90%", slowly(t, 1, "true")).exits(t, 0)
	if n := fewest(); n != 2 {
		t.Errorf("%d of 3 nodes were in service at the least, and nine of the ten must be", n)
	}
	run(t, next, few)
	r.says(t, "Reach all hosts before the first one starts")
	deploy(t, few, "-e", "version=three", "-e", "window=3", "-e", "min_available=100%").exits(t, 1).says(t, "allow one at least to be out of service")
	run(t, next, few)
}

func TestANodeInMaintenanceCountsAgainstTheFloor(t *testing.T) {
	now, next := settled(t, few)
	haproxy(t, "set server web/n3 state maint")
	defer haproxy(t, "set server web/n3 state ready")
	floor := []string{"-e", "window=2", "-e", "settle=1s", "-e", "min_available=90%"}
	deploy(t, few, append(floor, "-e", "version="+next)...).exits(t, 1).
		says(t, "rolling stops here: starting n1 would leave 8 of 10 hosts in service, and min_available is 9 (90%); out of service already: n3 (not in service before)").
		saysNot(t, "TASK [stock : Switch the webroot]")
	run(t, now, few[:2])
	haproxy(t, "set server web/n3 state ready")
	deploy(t, few, append(floor, "-e", "version="+next)...).exits(t, 0)
	rollback(t, few, append(floor, "-e", "version="+now)...).exits(t, 0)
	run(t, now, few)
	haproxy(t, "set server web/n9 state maint") // -l leaves it out, and it is out of service all the same
	defer haproxy(t, "set server web/n9 state ready")
	deploy(t, few, append(floor, "-e", "version="+next)...).exits(t, 1).says(t, "starting n1 would leave 8 of 10 hosts in service", "n9 (not in service before)")
	run(t, now, few)
}

func TestANodeThatFailsWhileItSettlesGoesBack(t *testing.T) {
	now, next := settled(t, few)
	r := start(t, "", append([]string{"play", "deploy.yml", limit(few), "-e", "version=" + next, "-e", "window=1", "-e", "settle=30s", "-e", "waves="}, impatient...)...)
	r.reaches(t, "TASK [stock : Mark the release as good]", 1)
	onHost(t, "n1", "systemctl stop web-demo")
	r.wait(t).exits(t, 7).says(t, "CHECK [stock : Test the node]", "TAKING BACK")
	run(t, now, few)
}

func TestWavesWaitForAYesFromAnotherShell(t *testing.T) {
	now, next := settled(t, few)
	waves := []string{"-e", "version=" + next, "-e", "waves=preprod,all", "-e", "approve=ask"}
	r := start(t, "", append([]string{"play", "deploy.yml", limit(few)}, append(impatient, waves...)...)...)
	r.reaches(t, "go on: gdeploy approve", 1)
	run(t, next, few[:1])
	run(t, now, few[1:])
	gdeploy(t, "approve", "--reject", "--reason", "the log is full of errors").exits(t, 0).says(t, "takes back what it did")
	r.wait(t).exits(t, 7).says(t, "no: all does not go on", "the log is full of errors", "TAKING BACK [n1]")
	run(t, now, few)

	r = start(t, "", append([]string{"play", "deploy.yml", limit(few)}, append(impatient, waves...)...)...)
	r.reaches(t, "go on: gdeploy approve", 1)
	asAnother(t, "--clear-groups").exits(t, 1).says(t, "who may answer them is root, and who is in the group that owns /deploy/log")
	asAnother(t, "--groups=1500").exits(t, 0).says(t, "goes on with all (n2, n3)")
	r.wait(t).exits(t, 0).says(t, "yes: all goes on (4321@")
	run(t, next, few)
}

// asAnother says yes as somebody else, who is in those groups; 1500 is www's, which owns /deploy/log.
func asAnother(t *testing.T, groups string) result {
	t.Helper()
	inLab(t, "", "install", "-m", "0755", "bin/gdeploy", "/deploy/gdeploy") // where the other one may read it
	t.Cleanup(func() { inLab(t, "", "rm", "-f", "/deploy/gdeploy") })
	return command(t, "", "env", "-C", "/", "XDG_STATE_HOME=/nonexistent", "HOME=/nonexistent",
		"setpriv", "--reuid=4321", "--regid=4321", groups, "/deploy/gdeploy", "approve")
}

func TestAllNodesSwitchAtOneMoment(t *testing.T) {
	_, next := settled(t, allNodes)
	r := deploy(t, allNodes, "-e", "version="+next, "-e", "together=yes", "--output", "json").exits(t, 0)
	run(t, next, allNodes)
	told := 0
	for line := range strings.Lines(r.out) {
		var e struct {
			Type string
			executor.Together
		}
		if json.Unmarshal([]byte(line), &e) != nil || e.Type != "together" {
			continue
		}
		told++
		t.Logf("%d nodes switched within %.1f ms, to %.1f ms", len(e.Hosts), e.Seconds*1000, e.Within*1000)
		if len(e.Hosts) != len(allNodes) || e.Seconds > 0.1 {
			t.Errorf("%+v", e.Together)
		}
	}
	if told != 1 {
		t.Errorf("it was told %d times\n%s", told, r.out)
	}
}

func TestAHoldAndAFreezeWindowKeepDeploysOut(t *testing.T) {
	now, next := settled(t, few)
	gdeploy(t, "lock", "web-demo", limit(few), "--reason", "the database is being moved").exits(t, 0).says(t, "n1: on hold by")
	lifted := false
	lift := func() {
		if !lifted {
			lifted = true
			gdeploy(t, "unlock", "web-demo", limit(few), "--reason", "it has moved").exits(t, 0).says(t, "n3: no longer on hold")
		}
	}
	defer lift()
	deploy(t, few, "-e", "version="+next).exits(t, 6).says(t, "deploys are on hold here by", "(the database is being moved)").saysNot(t, "TASK [")
	gdeploy(t, "releases", limit(few)).exits(t, 0).says(t, "on hold by", "the database is being moved")
	run(t, now, few)
	lift()
	frozen := []string{"-e", "version=" + next, "-e", `{"freeze": ["2020-01-01 - 2099-12-31 Europe/Berlin"]}`}
	deploy(t, few, frozen...).exits(t, 6).says(t, "deploys are frozen on n1 and 2 more until Fri 2100-01-01 00:00 CET", "--override REASON").saysNot(t, "TASK [")
	run(t, now, few)
	deploy(t, few, append(frozen, "--override", "the shop is down", "-e", "batch=100%")...).exits(t, 0).says(t, "overridden: the shop is down")
	run(t, next, few)
}

func TestLBStatusNamesWhoTookANodeOut(t *testing.T) {
	_, next := settled(t, few)
	haproxy(t, "set server web/n3 state maint")
	defer haproxy(t, "set server web/n3 state ready")
	r := start(t, "", append([]string{"play", "deploy.yml", "-ln1", "-e", "version=" + next, slowly(t, 5, "true")}, impatient...)...)
	r.reaches(t, "TASK [stock : Look around]", 1)
	status := gdeploy(t, "lb", "status", limit(few)).exits(t, 0)
	for _, line := range []string{
		`n1 +lb +out +drain +0 +\d+ +\S+@\S+ +\d{8}-\d{6}-[0-9a-f]+ +20\d\d-`,
		`n2 +lb +in +ready +\d+ +\d+ +- +- +-\n`,
		`n3 +lb +out +maint +\d+ +\d+ +not gdeploy +- +-\n`,
	} {
		status.find(t, "("+line+")")
	}
	r.wait(t).exits(t, 0)
	gdeploy(t, "lb", "status", "-ln1").exits(t, 0).find(t, `(n1 +lb +in +ready +\d+ +\d+ +- +- +-\n)`)
}

// queue is a play that ends when its file is there.
const queue = `---
- hosts: web
  gather_facts: false
  become: true
  lock: {name: many, path: /run/gdeploy/many}
  tasks:
    - wait_for: {path: /run/gdeploy/go-on, timeout: 120}
`

func TestOfFiftyRunsAtOnceExactlyOneProceeds(t *testing.T) {
	labUp(t)
	book := write(t, "queue.yml", queue)
	for _, h := range few {
		onHost(t, h, "mkdir -p /run/gdeploy; rm -f /run/gdeploy/go-on")
	}
	const many = 50
	codes := make(chan int, many)
	for range many {
		r := start(t, "", "play", book, limit(few))
		go func() { <-r.ended; codes <- r.cmd.ProcessState.ExitCode() }()
	}
	ended := map[int]int{}
	for range many - 1 {
		ended[<-codes]++
	}
	for _, h := range few {
		onHost(t, h, "touch /run/gdeploy/go-on")
	}
	if last := <-codes; last != 0 || ended[6] != many-1 {
		t.Errorf("the last one ended with %d, the others %v", last, ended)
	}
}
