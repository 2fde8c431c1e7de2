package balancer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/balancer"
)

// ipvsadm keeps its table in a file: service, server, how, weight, active, inactive.
const ipvsadm = `#!/bin/sh
table=$ROOT/table
case "$*" in
-Ln)
	echo 'IP Virtual Server version 1.2.1 (size=4096)'
	echo 'Prot LocalAddress:Port Scheduler Flags'
	echo '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn'
	awk '$1 != s {s = $1; print (s == 7 ? "FWM " : s ~ /:53$/ ? "UDP " : "TCP "), s, "wrr"} {print "  ->", $2, $3 == "-m" ? "Masq" : "Route", $4, $5, $6}' $table ;;
-Sn) awk '{print "-a", $1 == 7 ? "-f" : $1 ~ /:53$/ ? "-u" : "-t", $1, "-r", $2, $3, "-w", $4}' $table ;;
"-Ln --thresholds") awk '{print "TCP ", $1, "wrr\n  ->", $2, "0 0", $5, $6}' $table ;;
-e*)
	echo "$*" >>$ROOT/ran
	awk -v s=$3 -v r=$5 -v how=$6 -v w=$8 '$1 == s && $2 == r {$3 = how; $4 = w} {print}' $table >$table.new && mv $table.new $table ;;
esac
`

func TestIPVSGivesEachWeightBack(t *testing.T) {
	table := "10.0.0.1:80 10.0.1.1:80 -m 5 2 9\n10.0.0.1:80 10.0.1.2:80 -m 1 0 0\n10.0.0.1:53 10.0.1.1:80 -g 3 0 4\n7 10.0.1.1:80 -g 2 0 0\n"
	w := newWorld(t, map[string]string{"bin/ipvsadm": ipvsadm, "table": table})
	d := balancer.IPVS{Services: []string{"tcp:10.0.0.1:80", "udp:10.0.0.1:53", "fwmark:7"}, Address: "10.0.1.1:80", Server: "n1", StateDir: "/state"}
	before, after, err := balancer.Move(t.Context(), w.system(t, nil), d, balancer.Drain, 100*time.Millisecond)
	if !balancer.IsDeadline(err) || before.State != balancer.Ready || before.Weight != 5 || after.Sessions != 6 {
		t.Errorf("two active, and four of UDP: %+v -> %+v: %v", before, after, err)
	}
	drained := "10.0.0.1:80 10.0.1.1:80 -m 0 2 9\n10.0.0.1:80 10.0.1.2:80 -m 1 0 0\n10.0.0.1:53 10.0.1.1:80 -g 0 0 4\n7 10.0.1.1:80 -g 0 0 0\n"
	if now := w.read(t, "table"); now != drained {
		t.Errorf("the table became\n%s", now)
	}
	w.write(t, "table", strings.Replace(strings.Replace(drained, "2 9", "0 9", 1), "0 4", "0 0", 1))
	sys := w.system(t, nil)
	if _, after, err = balancer.Move(t.Context(), sys, d, balancer.Maint, time.Second); err != nil || len(sys.Changes()) != 0 {
		t.Errorf("it is out already: %+v, %v, %v", after, sys.Changes(), err)
	}
	if _, after, err = balancer.Move(t.Context(), sys, d, balancer.Ready, time.Second); err != nil || after.Weight != 5 || len(sys.Changes()) != 1 {
		t.Errorf("%+v, %v, %v", after, sys.Changes(), err)
	}
	want := strings.Replace(strings.Replace(table, "2 9", "0 9", 1), "0 4", "0 0", 1)
	if now := w.read(t, "table"); now != want {
		t.Errorf("the table became\n%s", now)
	}
	ran := strings.Split(w.read(t, "ran"), "\n")
	if ran[0] != "-e -t 10.0.0.1:80 -r 10.0.1.1:80 -m -w 0" || ran[2] != "-e -f 7 -r 10.0.1.1:80 -g -w 0" || len(ran) != 7 {
		t.Errorf("ran %q", ran)
	}
	if left := w.read(t, "state/ipvs-10.0.0.1:80%2F10.0.1.1:80"); left != "" {
		t.Errorf("the old weight %q is still kept", left)
	}
}

func TestIPVSOutByHand(t *testing.T) {
	w := newWorld(t, map[string]string{"bin/ipvsadm": ipvsadm, "table": "10.0.0.1:80 10.0.1.1:80 -m 0 0 0\n"})
	d := balancer.IPVS{Services: []string{"10.0.0.1:80"}, Address: "10.0.1.1:80", StateDir: "/state"}
	now, err := d.Query(t.Context(), w.system(t, nil))
	if err != nil || now.State != balancer.Drain || now.Weight != 0 {
		t.Errorf("%+v, %v", now, err)
	}
	if _, after, err := balancer.Move(t.Context(), w.system(t, nil), d, balancer.Ready, time.Second); err != nil || after.Weight != 1 {
		t.Errorf("nobody knows its weight, so it is 1: %+v, %v", after, err)
	}
	d.Services = []string{"10.9.9.9:80"}
	if _, err := d.Query(t.Context(), w.system(t, nil)); err == nil || !strings.Contains(err.Error(), `no virtual service "10.9.9.9:80"; it has TCP 10.0.0.1:80`) {
		t.Error(err)
	}
}
