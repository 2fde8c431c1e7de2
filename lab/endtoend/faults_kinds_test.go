//go:build lab

package endtoend

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fault is something that goes wrong in the middle of a deploy.
type fault struct {
	name string
	// strike makes it so, and gives what mends it once the deploy has ended.
	strike func(t *testing.T, r *running, victim string) (mend func())
	// killed says that the controller is gone, and nobody takes back what it did.
	killed bool
	// deaf says that clients cannot be answered while the fault lasts, whatever gdeploy does.
	deaf bool
	// sample are moments at which CI tries it.
	sample []string
}

// faults are those of the table in docs/reliability.md.
var faults = []fault{
	{
		name:   "kill -9 the controller",
		killed: true,
		sample: []string{"Send the code 1 +20ms", "Switch the webroot 2", "Restart the service 2 +20ms", "Put the node back into the balancer 1"},
		strike: func(t *testing.T, r *running, _ string) func() {
			r.signal(t, syscall.SIGKILL)
			return func() {}
		},
	},
	{
		name:   "kill the helper on a node",
		sample: []string{"Unpack, add configuration and node files, verify 1 +20ms", "Switch the webroot 2"},
		strike: func(t *testing.T, _ *running, victim string) func() {
			onHost(t, victim, killHelpers)
			return func() {}
		},
	},
	{
		name:   "cut the network of a node",
		sample: []string{"Restart the service 2"},
		strike: func(t *testing.T, _ *running, victim string) func() {
			shared.lab.Cut(t, victim)
			return func() { shared.lab.Join(t, victim); seenAgain(t) }
		},
	},
	{
		name:   "fill the disk of a node",
		sample: []string{"Send the code 1", "Switch the webroot 2"},
		strike: func(t *testing.T, _ *running, victim string) func() {
			shared.lab.Fill(t, victim, "0")
			return func() { shared.lab.Unfill(t, victim) }
		},
	},
	{
		name:   "reboot a node",
		sample: []string{"Switch the webroot 2 +3ms"},
		strike: reboot,
	},
	{
		name:   "stop the balancer",
		deaf:   true,
		sample: []string{"Take the node out of the balancer 2", "Put the node back into the balancer 1"},
		strike: func(t *testing.T, _ *running, _ string) func() {
			onHost(t, "lb", "systemctl stop haproxy")
			return func() { onHost(t, "lb", "systemctl start haproxy"); seenAgain(t) }
		},
	},
	{
		name:   "make the health check fail",
		sample: []string{"Restart the service 2"},
		strike: func(t *testing.T, _ *running, victim string) func() {
			onHost(t, victim, standIn)
			return func() { onHost(t, victim, standInEnds) }
		},
	},
}

// reboot cuts a node's power, and turns it on again while the deploy goes on.
func reboot(t *testing.T, _ *running, victim string) func() {
	shared.lab.Kill(t, victim)
	booted := make(chan struct{})
	go func() {
		defer close(booted)
		shared.lab.Boot(t, victim)
	}()
	return func() { <-booted; seenAgain(t) }
}

// seenAgain waits until the balancer sees all nodes that it is to send requests to. Where one does not come back, it is
// the promises that tell.
func seenAgain(t *testing.T) {
	t.Helper()
	for range 150 {
		if len(unseen(t)) == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// unseen gives the servers that are in the balancer and do not run, as its own checks have it.
func unseen(t *testing.T) (down []string) {
	t.Helper()
	const running, ready = "2", "0"
	for line := range strings.Lines(haproxy(t, "show servers state")) {
		cells := strings.Fields(line)
		if len(cells) > 6 && cells[1] == "web" && cells[6] == ready && cells[5] != running {
			down = append(down, cells[3])
		}
	}
	return down
}

// killHelpers ends every process of gdeploy's on a host, but for those that end by themselves meanwhile.
const killHelpers = `for p in /proc/[0-9]*; do case $(readlink $p/exe) in */gdeploy/* | */gdeploy-[0-9]*/*) kill -9 ${p#/proc/} || true ;; esac; done 2>/dev/null`

// standIn has whatever starts the service start something that never answers.
const standIn = `mkdir -p /run/systemd/system/web-demo.service.d
printf '[Service]\nExecStart=\nExecStart=/bin/sleep 1000\n' >/run/systemd/system/web-demo.service.d/stand-in.conf
systemctl daemon-reload`

const standInEnds = `rm -r /run/systemd/system/web-demo.service.d
systemctl daemon-reload
if pid=$(systemctl show --property=MainPID --value web-demo) && [ "$(readlink /proc/$pid/exe)" = "$(readlink -f /bin/sleep)" ]; then systemctl restart web-demo; fi`

// harm gives the requests that failed and should not have: more than those that may have been under way on the node
// that was hit.
func (f fault) harm(failures []string) []string {
	if f.deaf || len(failures) <= clients {
		return nil
	}
	return []string{fmt.Sprintf("%d requests of %d clients failed: %s", len(failures), clients, strings.Join(failures[:min(len(failures), 6)], "; "))}
}

// patientRequest asks for a page through the balancer and gives what was wrong with the answer.
func patientRequest() string {
	response, err := patient.Get("http://" + address("lb") + "/")
	if err != nil {
		return err.Error()
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return response.Status
	}
	return ""
}

// patient waits longer than the balancer needs to try another node.
var patient = &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{DialContext: dialInLab, DisableKeepAlives: true}}
