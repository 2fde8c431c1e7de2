//go:build lab

package endtoend

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// node is how a web node is, seen without gdeploy.
type node struct {
	release  string // what the webroot points to
	answers  string // the release that its service answers with; empty where nothing answers
	balancer string // ready, drain or maint
}

// allNodes are n1 to n10, few those of tests where ten are not the point. The pre-production node n1 comes first.
var (
	allNodes = strings.Fields("n1 n2 n3 n4 n5 n6 n7 n8 n9 n10")
	few      = strings.Fields("n1 n2 n3")
)

// limit makes a -l of hosts.
func limit(hosts []string) string { return "-l" + strings.Join(hosts, ",") }

// nodes looks at hosts.
func nodes(t *testing.T, hosts []string) map[string]node {
	t.Helper()
	states := balancer(t)
	all := map[string]node{}
	for _, h := range hosts {
		all[h] = node{release: linked(t, h), answers: answer(h), balancer: states[h]}
	}
	return all
}

// linked is the release that a host's webroot points to.
func linked(t *testing.T, host string) string {
	t.Helper()
	target, err := os.Readlink(hostFile(host, "/webroot/web-demo"))
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(filepath.Base(target), "web-demo_")
}

// answer asks a host's service which release it is.
func answer(host string) string {
	response, err := client.Get("http://" + address(host) + ":8080/healthz")
	if err != nil {
		return ""
	}
	response.Body.Close()
	return response.Header.Get("X-Version")
}

// get asks for a page.
func get(t *testing.T, url string) string {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func address(host string) string {
	if host == "lb" {
		return "192.168.56.10"
	}
	var number int
	_, _ = fmt.Sscanf(host, "n%d", &number)
	return fmt.Sprintf("192.168.56.%d", 10+number)
}

// client speaks HTTP from the controller's place in the lab's network.
var client = &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DialContext: dialInLab, DisableKeepAlives: true}}

// dialInLab opens a connection in the lab's network namespace. The thread that went there is given up with its goroutine.
func dialInLab(ctx context.Context, network, address string) (net.Conn, error) {
	type dialed struct {
		conn net.Conn
		err  error
	}
	done := make(chan dialed, 1)
	go func() {
		runtime.LockOSThread()
		space, err := os.Open("/run/netns/gdeploy-" + shared.lab.Name)
		if err == nil {
			defer space.Close()
			err = unix.Setns(int(space.Fd()), unix.CLONE_NEWNET)
		}
		if err != nil {
			done <- dialed{err: err}
			return
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		done <- dialed{conn, err}
	}()
	d := <-done
	return d.conn, d.err
}

// balancer asks HAProxy itself how it has its servers.
func balancer(t *testing.T) map[string]string { return balancerOn(t, "lb") }

// balancerOn asks the HAProxy of a host.
func balancerOn(t *testing.T, host string) map[string]string {
	t.Helper()
	states := map[string]string{}
	for line := range strings.Lines(haproxyOn(t, host, "show servers state")) {
		cells := strings.Fields(line)
		if len(cells) < 7 || cells[1] != "web" {
			continue
		}
		switch admin := cells[6]; admin {
		case "0":
			states[cells[3]] = "ready"
		case "1":
			states[cells[3]] = "maint"
		case "8":
			states[cells[3]] = "drain"
		default:
			states[cells[3]] = "admin state " + admin
		}
	}
	return states
}

// haproxy gives HAProxy an order and returns its answer.
func haproxy(t *testing.T, order string) string { return haproxyOn(t, "lb", order) }

// haproxyOn gives the HAProxy of a host an order.
func haproxyOn(t *testing.T, host, order string) string {
	t.Helper()
	const speak = `use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new("/run/haproxy/admin.sock") or die "$!"; print $s "$ARGV[0]\n"; print while <$s>;`
	out, err := shared.lab.Exec(context.WithoutCancel(t.Context()), host, "perl", "-e", speak, order)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// run wants hosts to run a release and to be in the balancer: webroot and service agree, and nothing is left half done.
func run(t *testing.T, release string, hosts []string) {
	t.Helper()
	want := node{release: release, answers: release, balancer: "ready"}
	for host, have := range nodes(t, hosts) {
		if have != want {
			t.Errorf("%s: %+v, want %+v", host, have, want)
		}
	}
	nothingHalfDone(t, hosts)
}

// nothingHalfDone wants neither staging directories nor uploads nor half a switch to lie on hosts.
func nothingHalfDone(t *testing.T, hosts []string) {
	t.Helper()
	for _, h := range hosts {
		var left []string
		for _, pattern := range []string{"/opt/webroot/*.staging-*", "/var/lib/gdeploy/upload/*", "/var/lib/gdeploy/upload/.*", "/webroot/*", "/webroot/.*"} {
			found, _ := filepath.Glob(hostFile(h, pattern))
			left = append(left, found...)
		}
		left = slices.DeleteFunc(left, func(name string) bool { return name == hostFile(h, "/webroot/web-demo") })
		if len(left) > 0 {
			t.Errorf("%s: left behind: %s", h, strings.Join(left, " "))
		}
	}
}

// settled makes sure that hosts run one release and are in the balancer, whatever the test before left. It gives that release, and
// one to go to.
func settled(t *testing.T, hosts []string) (now, other string) {
	t.Helper()
	labUp(t)
	now, other = linked(t, hosts[0]), "one"
	if now == "" {
		now = "two"
	}
	if now == "one" {
		other = "two"
	}
	given(t, now, hosts)
	return now, other
}

// given makes sure that hosts run that release and are in the balancer.
func given(t *testing.T, release string, hosts []string) {
	t.Helper()
	labUp(t)
	want := node{release: release, answers: release, balancer: "ready"}
	var others []string
	for _, h := range hosts {
		have := nodes(t, []string{h})[h]
		if have == want {
			continue
		}
		others = append(others, h)
		if have.balancer != "ready" {
			haproxy(t, "set server web/"+h+" state ready")
		}
	}
	if len(others) == 0 {
		return
	}
	t.Logf("bringing %s to %s", strings.Join(others, ","), release)
	deploy(t, others, "-e", "version="+release, "-e", "batch=100%", "-e", "redeploy=yes").exits(t, 0)
	run(t, release, hosts)
}

// deploy runs deploy.yml on hosts, with little patience and old releases kept.
func deploy(t *testing.T, hosts []string, args ...string) result {
	t.Helper()
	return gdeploy(t, append([]string{"play", "deploy.yml", limit(hosts)}, append(impatient, args...)...)...)
}

// rollback runs rollback.yml on hosts.
func rollback(t *testing.T, hosts []string, args ...string) result {
	t.Helper()
	return gdeploy(t, append([]string{"play", "rollback.yml", limit(hosts)}, append(impatient, args...)...)...)
}

// impatient are the settings of all these deploys.
var impatient = []string{"-e", "health_timeout=5", "-e", "drain_timeout=5", "-e", "keep=50"}

// wrongAnswer asks for a page, and gives what was wrong with the answer.
func wrongAnswer(url string) string {
	response, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return response.Status
	}
	return ""
}

// clientThrough keeps asking through the balancer, or several in turn, until the function that it gives is called, which wants
// all answers to be good.
func clientThrough(t *testing.T, balancers ...string) (unharmed func()) {
	t.Helper()
	if len(balancers) == 0 {
		balancers = []string{"lb"}
	}
	done, failures := make(chan struct{}), make(chan []string, 1)
	go func() {
		var bad []string
		for asked := 0; ; asked++ {
			select {
			case <-done:
				if asked < 10 {
					bad = append(bad, fmt.Sprintf("the client asked only %d times", asked))
				}
				failures <- bad
				return
			case <-time.After(10 * time.Millisecond):
			}
			if why := wrongAnswer("http://" + address(balancers[asked%len(balancers)]) + "/"); why != "" {
				bad = append(bad, why)
			}
		}
	}()
	return func() {
		t.Helper()
		close(done)
		if bad := <-failures; len(bad) > 0 {
			t.Errorf("%d requests of a client failed, the first with %s", len(bad), bad[0])
		}
	}
}
