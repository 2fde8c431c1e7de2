package transport_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/gdeploy/gdeploy/transport"
)

func echo(t *testing.T, pool *transport.Pool, target transport.Target) error {
	t.Helper()
	reply, err := pool.Call(t.Context(), target, text("echo", "hello"), nil, nil)
	if err == nil && reply.Msg != "hello" {
		t.Errorf("got %+v", reply)
	}
	return err
}

func refused(t *testing.T, err error, kind transport.Kind, words ...string) {
	t.Helper()
	if transport.KindOf(err) != kind {
		t.Fatalf("got kind %q of: %v", transport.KindOf(err), err)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("no %q in: %v", word, err)
		}
	}
}

func TestSSHBringsTheHelper(t *testing.T) {
	server := startSSHD(t)
	pool := sshPool(t, transport.Options{})
	for range 2 { // the second time it is there
		if err := echo(t, pool, server.target()); err != nil {
			t.Fatal(err)
		}
		pool.Reset(server.target())
	}
	if n := server.sessions.Load(); n != 2 {
		t.Errorf("%d sessions", n)
	}
}

func TestManyCallsShareOneConnection(t *testing.T) {
	server := startSSHD(t)
	target := server.target()
	pool := sshPool(t, transport.Options{})
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(func() {
			if err := echo(t, pool, target); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if server.connections.Load() != 1 || server.sessions.Load() != 1 {
		t.Errorf("%d connections, %d sessions", server.connections.Load(), server.sessions.Load())
	}
}

func TestUnknownHostKeyIsRefused(t *testing.T) {
	server := startSSHD(t)
	target := server.target()
	target.KnownHosts = []string{filepath.Join(t.TempDir(), "none")}
	err := echo(t, sshPool(t, transport.Options{}), target)
	refused(t, err, transport.KindHostKeyUnknown, "SHA256:", "ssh-keyscan", "accept-new")
}

func TestAcceptNewAddsTheKey(t *testing.T) {
	server := startSSHD(t)
	target := server.target()
	file := filepath.Join(t.TempDir(), "deep", "known_hosts")
	target.KnownHosts, target.HostKeyChecking = []string{file}, "accept-new"
	var told []transport.NewHostKey
	pool := sshPool(t, transport.Options{OnHostKey: func(k transport.NewHostKey) { told = append(told, k) }})
	if err := echo(t, pool, target); err != nil {
		t.Fatal(err)
	}
	want := ssh.FingerprintSHA256(server.hostKey.PublicKey())
	if len(told) != 1 || told[0].Fingerprint != want || told[0].File != file || told[0].Host != "web1" {
		t.Fatalf("told %+v", told)
	}
	target.HostKeyChecking = "yes"
	if err := echo(t, sshPool(t, transport.Options{}), target); err != nil {
		t.Fatal(err)
	}
}

func TestAcceptNewFromManyHostsKeepsAllLines(t *testing.T) {
	file := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(file, []byte("# no newline at the end"), 0o600); err != nil {
		t.Fatal(err)
	}
	pool := sshPool(t, transport.Options{})
	var callers sync.WaitGroup
	for range 10 {
		target := startSSHD(t).target()
		target.KnownHosts, target.HostKeyChecking = []string{file}, "accept-new"
		callers.Go(func() {
			if _, err := pool.Exec(t.Context(), target, "true", nil); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	content, _ := os.ReadFile(file)
	if lines := strings.Split(strings.TrimSpace(string(content)), "\n"); len(lines) != 11 {
		t.Errorf("got %q", lines)
	}
}

func TestChangedHostKeyIsAlwaysRefused(t *testing.T) {
	server, other := startSSHD(t), startSSHD(t)
	target := server.target()
	content, _ := os.ReadFile(target.KnownHosts[0])
	_, key, _ := strings.Cut(strings.TrimSpace(string(must(os.ReadFile(other.knownHosts())))), " ")
	address, _, _ := strings.Cut(string(content), " ")
	if err := os.WriteFile(target.KnownHosts[0], []byte("# a comment\n"+address+" "+key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, checking := range []string{"", "yes", "accept-new"} {
		target.HostKeyChecking = checking
		err := echo(t, sshPool(t, transport.Options{}), target)
		refused(t, err, transport.KindHostKeyChanged, target.KnownHosts[0]+":2")
	}
	target.HostKeyChecking = "no"
	refused(t, echo(t, sshPool(t, transport.Options{}), target), transport.KindConfig, "accept-new")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestCertificateOfAHost(t *testing.T) {
	authority, _ := newKey(t)
	server := startSSHD(t, func(s *sshd) {
		plain := s.hostKey
		certificate := &ssh.Certificate{Key: plain.PublicKey(), CertType: ssh.HostCert, ValidPrincipals: []string{"127.0.0.1"}, ValidBefore: ssh.CertTimeInfinity}
		if err := certificate.SignCert(rand.Reader, authority); err != nil {
			t.Fatal(err)
		}
		s.config.AddHostKey(plain)
		s.hostKey = must(ssh.NewCertSigner(certificate, plain))
	})
	target := server.target()
	plain := server.hostKey.PublicKey().(*ssh.Certificate).Key
	lines := map[string]string{
		"by its authority": "@cert-authority * " + string(ssh.MarshalAuthorizedKey(authority.PublicKey())),
		"by its plain key": fmt.Sprintf("[127.0.0.1]:%d %s", target.Port, ssh.MarshalAuthorizedKey(plain)),
	}
	for name, line := range lines {
		if err := os.WriteFile(target.KnownHosts[0], []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := echo(t, sshPool(t, transport.Options{}), target); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWrongPassword(t *testing.T) {
	server := startSSHD(t)
	target := server.target()
	target.Password = "wrong"
	err := echo(t, sshPool(t, transport.Options{}), target)
	refused(t, err, transport.KindAuth, "permission denied", "password", "--private-key")
	if strings.Contains(err.Error(), "wrong") {
		t.Errorf("the password is in: %v", err)
	}
}

func TestNobodyListens(t *testing.T) {
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	target := transport.Target{Host: "web1", Address: "127.0.0.1", Port: port, SSHConfig: "none"}
	refused(t, echo(t, sshPool(t, transport.Options{}), target), transport.KindRefused, fmt.Sprint(port), "refused")
}

func TestNameWithoutAddress(t *testing.T) {
	target := transport.Target{Host: "no-such-host.invalid", SSHConfig: "none"}
	refused(t, echo(t, sshPool(t, transport.Options{}), target), transport.KindResolve, "no-such-host.invalid")
}

func TestSilentServerTimesOut(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	server := startSSHD(t, func(s *sshd) {
		s.greet = func(net.Conn) bool {
			<-stop
			return false
		}
	})
	t.Cleanup(func() {})
	target := server.target()
	target.ConnectTimeout = 300 * time.Millisecond
	start := time.Now()
	err := echo(t, sshPool(t, transport.Options{}), target)
	refused(t, err, transport.KindTimeout, "accepts the connection and then says nothing")
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("it took %s", d)
	}
}

func TestServerThatStopsInTheHandshakeTimesOut(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	server := startSSHD(t, func(s *sshd) {
		s.greet = func(conn net.Conn) bool {
			_, _ = conn.Write([]byte("Welcome\r\nSSH-2.0-Tarpit\r\n"))
			<-stop
			return false
		}
	})
	target := server.target()
	target.ConnectTimeout = 300 * time.Millisecond
	refused(t, echo(t, sshPool(t, transport.Options{}), target), transport.KindTimeout, "stopped answering during the login")
}

func TestDroppedConnectionsAreTriedAgain(t *testing.T) {
	var drops atomic.Int64
	server := startSSHD(t, func(s *sshd) {
		s.greet = func(conn net.Conn) bool {
			n := drops.Add(1)
			if n > 2 {
				return true
			}
			if n == 2 {
				_, _ = conn.Write([]byte("Exceeded MaxStartups\r\n"))
			}
			return false
		}
	})
	if err := echo(t, sshPool(t, transport.Options{}), server.target()); err != nil {
		t.Fatal(err)
	}
}

func TestHandshakesAreLimited(t *testing.T) {
	var mu sync.Mutex
	var now, most int
	count := func(d int) {
		mu.Lock()
		defer mu.Unlock()
		now += d
		most = max(most, now)
	}
	pool := sshPool(t, transport.Options{Handshakes: 3})
	var callers sync.WaitGroup
	for range 12 {
		server := startSSHD(t, func(s *sshd) {
			check := s.config.PasswordCallback
			s.config.PasswordCallback = func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
				count(1)
				defer count(-1)
				time.Sleep(20 * time.Millisecond)
				return check(c, password)
			}
		})
		target := server.target()
		callers.Go(func() {
			if _, err := pool.Exec(t.Context(), target, "true", nil); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if most > 3 {
		t.Errorf("%d at once", most)
	}
}

func TestCutConnectionIsLost(t *testing.T) {
	server := startSSHD(t)
	pool := sshPool(t, transport.Options{})
	if err := echo(t, pool, server.target()); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(100*time.Millisecond, server.cut)
	_, err := pool.Call(t.Context(), server.target(), text("sleep", "3s"), nil, nil)
	refused(t, err, transport.KindLost, "run sleep")
	refused(t, echo(t, pool, server.target()), transport.KindLost)
}

func TestServerWithoutSignOfLifeIsLost(t *testing.T) {
	server := startSSHD(t, func(s *sshd) { s.mute = true })
	target := server.target()
	target.AliveInterval, target.AliveCount = time.Second, 2
	_, err := sshPool(t, transport.Options{}).Call(t.Context(), target, text("sleep", "1m"), nil, nil)
	refused(t, err, transport.KindLost, "no sign of life for 2s")
}

func TestKilledHelperIsNamed(t *testing.T) {
	server := startSSHD(t)
	pool := sshPool(t, transport.Options{})
	_, err := pool.Call(t.Context(), server.target(), text("die", ""), nil, nil)
	refused(t, err, transport.KindLost, "killed by signal KILL")
}

func TestCancelWhileConnecting(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	server := startSSHD(t, func(s *sshd) { s.greet = func(net.Conn) bool { <-stop; return false } })
	pool := sshPool(t, transport.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := pool.Call(ctx, server.target(), text("echo", ""), nil, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	start := time.Now()
	pool.Close()
	if d := time.Since(start); d > 5*time.Second { // the login would take 10
		t.Errorf("closing took %s", d)
	}
}

func TestProxyJump(t *testing.T) {
	free := func(s *sshd) { s.config.NoClientAuth = true }
	first, second, server := startSSHD(t, free), startSSHD(t, free), startSSHD(t)
	target := server.target()
	target.KnownHosts = []string{first.knownHosts(), second.knownHosts(), target.KnownHosts[0]}
	target.ProxyJump = fmt.Sprintf("a@%s,b@%s", first.listener.Addr(), second.listener.Addr())
	pool := sshPool(t, transport.Options{})
	if err := echo(t, pool, target); err != nil {
		t.Fatal(err)
	}
	other := startSSHD(t)
	also := other.target()
	also.KnownHosts, also.ProxyJump = append(target.KnownHosts, also.KnownHosts...), target.ProxyJump
	if err := echo(t, pool, also); err != nil {
		t.Fatal(err)
	}
	for i, s := range []*sshd{first, second} {
		if n := s.connections.Load(); n > 2 {
			t.Errorf("jump host %d got %d connections", i, n)
		}
	}
	target.ProxyJump = "a@127.0.0.1:1"
	refused(t, echo(t, pool, target), transport.KindRefused, "jump host a@127.0.0.1:1")
}

// Jump hosts that need each other are refused, also where both ways are tried at once and each
// would wait for the other.
func TestJumpHostsInACircle(t *testing.T) {
	config := filepath.Join(t.TempDir(), "config")
	if err := os.WriteFile(config, []byte("Host a\n HostName 127.0.0.1\n Port 1\n ProxyJump b\nHost b\n HostName 127.0.0.1\n Port 2\n ProxyJump c\nHost c\n HostName 127.0.0.1\n Port 3\n ProxyJump a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		pool := sshPool(t, transport.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		var all sync.WaitGroup
		for _, host := range []string{"a", "b", "c"} {
			all.Go(func() {
				_, err := pool.Call(ctx, transport.Target{Host: host, SSHConfig: config, Password: "x"}, text("echo", ""), nil, nil)
				if transport.KindOf(err) != transport.KindConfig || !strings.Contains(err.Error(), "leads back to 127.0.0.1:") {
					t.Errorf("%s: %v", host, err)
				}
			})
		}
		all.Wait()
		if t.Failed() {
			return
		}
	}
}

func TestExecOverSSH(t *testing.T) {
	server := startSSHD(t)
	pool := sshPool(t, transport.Options{})
	out, err := pool.Exec(t.Context(), server.target(), "cat; echo err >&2; exit 3", strings.NewReader("in"))
	if err != nil || string(out.Stdout) != "in" || string(out.Stderr) != "err\n" || out.RC != 3 {
		t.Fatalf("got %+v, %v", out, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := pool.Exec(ctx, server.target(), "sleep 2", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
}

func TestAgentAndKeys(t *testing.T) {
	if _, err := exec.LookPath("ssh-agent"); err != nil {
		t.Skip(err)
	}
	plain, plainPEM := newKey(t)
	server := startSSHD(t, func(s *sshd) {
		s.config.PasswordCallback = nil
		s.config.PublicKeyCallback = func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if string(key.Marshal()) == string(plain.PublicKey().Marshal()) {
				return nil, nil
			}
			return nil, errors.New("no")
		}
	})
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	key := write("plain", plainPEM)
	target := server.target()
	target.Password = ""
	refused(t, echo(t, sshPool(t, transport.Options{}), target), transport.KindAuth, "no key or password to offer")

	target.PrivateKeyFiles = []string{filepath.Join(dir, "missing")}
	refused(t, echo(t, sshPool(t, transport.Options{}), target), transport.KindAuth, "missing: no such file")

	target.PrivateKeyFiles = []string{key}
	if err := echo(t, sshPool(t, transport.Options{}), target); err != nil {
		t.Errorf("plain key: %v", err)
	}

	locked := write("locked", plainPEM)
	if out, err := exec.Command("ssh-keygen", "-q", "-p", "-P", "", "-N", "open sesame", "-f", locked).CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	target.PrivateKeyFiles = []string{locked}
	refused(t, echo(t, sshPool(t, transport.Options{}), target), transport.KindAuth, "has a passphrase")
	asked := 0
	ask := func(string) (transport.Secret, error) { asked++; return "open sesame", nil }
	if err := echo(t, sshPool(t, transport.Options{Prompt: ask}), target); err != nil || asked != 1 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	target.Passphrase = "wrong"
	refused(t, echo(t, sshPool(t, transport.Options{}), target), transport.KindAuth, "does not fit")
	target.Passphrase = "open sesame"
	if err := echo(t, sshPool(t, transport.Options{}), target); err != nil {
		t.Errorf("passphrase: %v", err)
	}

	socket := filepath.Join(dir, "agent")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = agent.Process.Kill(); _ = agent.Wait() }()
	add := exec.Command("sh", "-c", "while ! [ -S agent ]; do sleep 0.05; done; ssh-add -q plain")
	add.Dir, add.Env = dir, append(os.Environ(), "SSH_AUTH_SOCK="+socket)
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("%s", out)
	}
	target.Passphrase, target.PrivateKeyFiles = "", nil
	pool := sshPool(t, transport.Options{})
	t.Setenv("SSH_AUTH_SOCK", socket)
	if err := echo(t, pool, target); err != nil {
		t.Errorf("agent: %v", err)
	}
	target.PrivateKeyFiles = []string{locked}
	if err := echo(t, pool, target); err != nil {
		t.Errorf("the agent has the key without its passphrase: %v", err)
	}
}

func TestSSHConfigurationIsRead(t *testing.T) {
	server := startSSHD(t)
	target := server.target()
	config := filepath.Join(t.TempDir(), "config")
	content := fmt.Sprintf("Host shop\n  HostName 127.0.0.1\n  Port %d\n  User %s\n  UserKnownHostsFile %s\n", target.Port, sshUser, target.KnownHosts[0])
	if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	short := transport.Target{Host: "shop", Password: sshPassword, SSHConfig: config}
	if err := echo(t, sshPool(t, transport.Options{}), short); err != nil {
		t.Fatal(err)
	}
	// A file that cannot be read does not stop those who do not need it.
	if err := os.WriteFile(config, []byte("Match exec true\n  User nobody\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	target.SSHConfig = config
	if err := echo(t, sshPool(t, transport.Options{}), target); err != nil {
		t.Fatal(err)
	}
}
