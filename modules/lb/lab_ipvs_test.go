//go:build lab

package lb_test

import (
	"os"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/lb"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/values"
)

// recordingIpvsadm stands in for ipvsadm: a lab's hosts have no kernel of their own, and
// the machine's need not have ip_vs.
const recordingIpvsadm = `#!/bin/sh
echo "$*" >>/tmp/ipvsadm.ran
weight=$(cat /tmp/ipvsadm.weight)
case "$*" in
-Ln) printf 'IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\nTCP  10.0.0.1:80 wlc\n  -> 192.168.56.11:8080           Route   %s      0          3\n' $weight ;;
-Sn) printf -- '-A -t 10.0.0.1:80 -s wlc\n-a -t 10.0.0.1:80 -r 192.168.56.11:8080 -g -w %s\n' $weight ;;
"-Ln --thresholds") printf 'TCP  10.0.0.1:80 wlc\n  -> 192.168.56.11:8080           0          0          0          3\n' ;;
-e*) for last; do :; done; echo $last >/tmp/ipvsadm.weight ;;
esac
`

func TestIPVS(t *testing.T) {
	if !moduletest.Inside(t, "lb") {
		return
	}
	const program = "/usr/local/sbin/ipvsadm"
	must(t, os.WriteFile(program, []byte(recordingIpvsadm), 0o755))
	defer os.Remove(program)
	must(t, os.WriteFile("/tmp/ipvsadm.weight", []byte("6\n"), 0o644))
	os.Remove("/tmp/ipvsadm.ran")
	call := func(check bool, state string) modules.Reply {
		return moduletest.Perform(t, lb.Spec, check, "driver", values.String("ipvs"), "backend", values.String("10.0.0.1:80"),
			"server", values.String("n1"), "address", values.String("192.168.56.11:8080"), "state", values.String(state))
	}
	expect(t, call(true, "drain"), true, "drain")
	expect(t, call(false, "drain"), true, "drain")
	expect(t, call(false, "drain"), false, "drain")
	expect(t, call(false, "ready"), true, "ready")
	expect(t, call(false, "ready"), false, "ready")
	var set []string
	for line := range strings.Lines(content(t, "/tmp/ipvsadm.ran")) {
		if strings.HasPrefix(line, "-e") {
			set = append(set, strings.TrimSpace(line))
		}
	}
	if got := strings.Join(set, "; "); got != "-e -t 10.0.0.1:80 -r 192.168.56.11:8080 -g -w 0; -e -t 10.0.0.1:80 -r 192.168.56.11:8080 -g -w 6" {
		t.Error(got)
	}
}
