//go:build lab

package transport_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/lab"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/transport/embedded"
	"github.com/gdeploy/gdeploy/values"
)

const labName = "transport"

// TestLab runs what needs real hosts: this program again, in their network.
func TestLab(t *testing.T) {
	if os.Getenv("GDEPLOY_LAB") == "" {
		hosts := lab.Up(t, lab.Options{Name: labName, Fresh: true})
		t.Cleanup(func() { hosts.Down(t) })
		inside(t, hosts, "-test.skip=^TestLab$/another_host_key")
		hosts.Rekey(t, "n10")
		inside(t, hosts, "-test.run=^TestLab$/another_host_key")
		return
	}
	hosts := nodes{key: os.Getenv("GDEPLOY_PRIVATE_KEY_FILE"), known: os.Getenv("GDEPLOY_KNOWN_HOSTS")}
	for _, c := range []struct {
		name string
		test func(*testing.T, nodes)
	}{
		{"ten hosts, first contact and after", labTenHosts},
		{"native modules", labNative},
		{"sudo", labSudo},
		{"su", labSu},
		{"a bare machine", labBare},
		{"a burst of logins", labBurst},
		{"a jump host", labJump},
		{"a host that hangs", labFrozen},
		{"a host that is cut off", labCut},
		{"another host key", labRekeyed},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, hosts) })
	}
}

// inside runs this program in the lab's network.
func inside(t *testing.T, hosts *lab.Lab, selection string) {
	t.Helper()
	out, err := hosts.Command(t.Context(), os.Args[0], "-test.run=^TestLab$", "-test.v", selection).CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Error(err)
	}
}

// nodes are what the lab gives to those inside it.
type nodes struct{ key, known string }

// trouble runs a command of the lab, from inside.
func trouble(t *testing.T, command ...string) {
	t.Helper()
	if out, err := exec.Command("../lab/lab", command...).CombinedOutput(); err != nil {
		t.Fatalf("lab %s: %v: %s", command, err, out)
	}
}

func node(l nodes, n int, user string) transport.Target {
	return transport.Target{
		Host: fmt.Sprintf("n%d", n), Address: fmt.Sprintf("192.168.56.%d", 10+n), User: user,
		PrivateKeyFiles: []string{l.key}, KnownHosts: []string{l.known}, SSHConfig: "none",
	}
}

// onAll runs f for ten hosts at once and tells how long that took.
func onAll(l nodes, user string, f func(transport.Target)) time.Duration {
	start := time.Now()
	var hosts sync.WaitGroup
	for n := range 10 {
		hosts.Go(func() { f(node(l, n+1, user)) })
	}
	hosts.Wait()
	return time.Since(start)
}

func labTenHosts(t *testing.T, l nodes) {
	for _, when := range []string{"first contact", "cached"} {
		pool := sshPool(t, transport.Options{Helpers: embedded.Source{}})
		took := onAll(l, "deploy", func(target transport.Target) {
			if _, err := pool.Connect(t.Context(), target); err != nil {
				t.Errorf("%s: %v", target.Host, err)
			}
		})
		t.Logf("%s: %s", when, took)
	}
}

func labNative(t *testing.T, l nodes) {
	programs, err := embedded.Source{}.Programs()
	if err != nil {
		t.Fatal(err)
	}
	if len(programs) < 2 {
		t.Skip("run `make helpers` first")
	}
	const tasks = 50
	calls := make([]modules.Call, tasks)
	for i := range calls {
		calls[i] = modules.Call{Module: "file", Args: values.MapOf("path", values.String("/tmp"), "state", values.String("directory"))}
	}
	fresh := func() *transport.Pool { return sshPool(t, transport.Options{Helpers: embedded.Source{}}) }
	check := func(host string, reply modules.Reply, err error) {
		if err != nil || reply.Failed || reply.Changed {
			t.Errorf("%s: %+v, %v", host, reply, err)
		}
	}
	for round := range 4 {
		one, batch := fresh(), fresh()
		took := onAll(l, "root", func(target transport.Target) {
			for _, call := range calls {
				reply, err := one.Call(t.Context(), target, call, nil, nil)
				check(target.Host, reply, err)
			}
		})
		inOneGo := onAll(l, "root", func(target transport.Target) {
			check(target.Host, modules.Reply{}, batch.Batch(t.Context(), target, calls, transport.BatchOptions{
				Each: func(_ int, reply modules.Reply) { check(target.Host, reply, nil) },
			}))
		})
		t.Logf("round %d: ten hosts, connection and %d calls: one by one %s, in a batch %s", round, tasks, took, inOneGo)
	}
}

func labSudo(t *testing.T, l nodes) {
	pool := sshPool(t, transport.Options{})
	who := func(user, password, as string) (modules.Reply, error) {
		target := node(l, 1, user)
		target.Become = transport.Become{Enabled: true, User: as, Password: transport.Secret(password)}
		return pool.Call(t.Context(), target, text("whoami", ""), nil, nil)
	}
	for _, c := range []struct{ user, password, as, uid string }{
		{"deploy", "", "root", "0 0 "},
		{"deploy", "not asked for", "", "0 0 "},
		{"deploy", "", "www-data", "33 33 "},
		{"deploy", "", "sudopw", "1001 1001 "},
		{"sudopw", "lab-sudo", "root", "0 0 "},
		{"sudopw", "lab-sudo", "deploy", "1000 1000 "},
		{"root", "", "deploy", "1000 1000 "},
	} {
		reply, err := who(c.user, c.password, c.as)
		if err != nil || !strings.HasPrefix(reply.Msg, c.uid) {
			t.Errorf("%s as %s: %+v, %v", c.user, c.as, reply, err)
		}
	}
	_, err := who("sudopw", "", "root")
	refused(t, err, transport.KindBecomePassword, "password is required", "-K")
	_, err = who("sudopw", "wrong", "root")
	refused(t, err, transport.KindBecomePassword, "does not accept the password", "-K")
	_, err = who("deploy", "", "nobody-here")
	refused(t, err, transport.KindBecome, "nobody-here")
}

func labSu(t *testing.T, l nodes) {
	pool := sshPool(t, transport.Options{})
	target := node(l, 2, "deploy")
	target.Become = transport.Become{Enabled: true, Method: "su", User: "sudopw", Password: "lab-sudo"}
	reply, err := pool.Call(t.Context(), target, text("whoami", ""), nil, nil)
	if err != nil || !strings.HasPrefix(reply.Msg, "1001 ") {
		t.Errorf("got %+v, %v", reply, err)
	}
	target.Become.Password = "wrong"
	_, err = pool.Call(t.Context(), target, text("whoami", ""), nil, nil)
	refused(t, err, transport.KindBecomePassword, "su")
	target.Become.Password = ""
	_, err = pool.Call(t.Context(), target, text("whoami", ""), nil, nil)
	refused(t, err, transport.KindBecomePassword, "su wants a password", "-K")
}

func labBare(t *testing.T, l nodes) {
	target := transport.Target{
		Host: "n11", Address: "192.168.56.21", User: "root", Password: "lab-root", SSHConfig: "none",
		KnownHosts: []string{t.TempDir() + "/known_hosts"}, HostKeyChecking: "accept-new",
	}
	var told []transport.NewHostKey
	pool := sshPool(t, transport.Options{OnHostKey: func(k transport.NewHostKey) { told = append(told, k) }})
	if err := echo(t, pool, target); err != nil || len(told) != 1 {
		t.Errorf("told %+v, %v", told, err)
	}
}

// labBurst makes more logins at once than sshd's MaxStartups (10:30:100) lets in.
func labBurst(t *testing.T, l nodes) {
	pool := sshPool(t, transport.Options{Handshakes: 60})
	var logins sync.WaitGroup
	for i := range 60 {
		target := node(l, 3, "deploy")
		target.HelperDirs = []string{fmt.Sprintf("/tmp/own-%d", i)} // makes it another connection
		logins.Go(func() {
			if _, err := pool.Exec(t.Context(), target, "true", nil); err != nil {
				t.Error(err)
			}
		})
	}
	logins.Wait()
}

func labJump(t *testing.T, l nodes) {
	pool := sshPool(t, transport.Options{})
	onAll(l, "deploy", func(target transport.Target) {
		target.ProxyJump = "deploy@192.168.56.10"
		if err := echo(t, pool, target); err != nil {
			t.Errorf("%s: %v", target.Host, err)
		}
	})
}

func labFrozen(t *testing.T, l nodes) {
	trouble(t, "freeze", "n9")
	defer trouble(t, "thaw", "n9")
	target := node(l, 9, "deploy")
	target.ConnectTimeout = 2 * time.Second
	refused(t, echo(t, sshPool(t, transport.Options{}), target), transport.KindTimeout, "says nothing")
}

func labCut(t *testing.T, l nodes) {
	target := node(l, 8, "deploy")
	target.AliveInterval, target.AliveCount = time.Second, 3
	pool := sshPool(t, transport.Options{})
	if err := echo(t, pool, target); err != nil {
		t.Fatal(err)
	}
	trouble(t, "cut", "n8")
	err := echo(t, sshPool(t, transport.Options{}), target)
	if kind := transport.KindOf(err); kind != transport.KindTimeout && kind != transport.KindRefused {
		t.Errorf("got %q, %v", kind, err)
	}
	start := time.Now()
	_, err = pool.Call(t.Context(), target, text("sleep", "1h"), nil, nil)
	refused(t, err, transport.KindLost, "no sign of life for 3s")
	t.Logf("noticed after %s: %v", time.Since(start), err)
	trouble(t, "join", "n8")
	pool.Reset(target)
	if err := echo(t, pool, target); err != nil {
		t.Error(err)
	}
}

func labRekeyed(t *testing.T, l nodes) {
	refused(t, echo(t, sshPool(t, transport.Options{}), node(l, 10, "deploy")), transport.KindHostKeyChanged, l.known+":")
}
