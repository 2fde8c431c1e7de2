package transport_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"

	"github.com/gdeploy/gdeploy/transport"
)

// sshd is an SSH server in the test's process that runs commands by a real shell.
type sshd struct {
	t        testing.TB
	listener net.Listener
	config   *ssh.ServerConfig
	hostKey  ssh.Signer
	// home is the user's, shell what runs commands: "sh" and its -c.
	home  string
	shell []string
	env   []string
	// greet is called with a new connection; false drops it before the banner.
	greet func(conn net.Conn) bool
	// exec may answer a command instead of the shell.
	exec func(command string, channel ssh.Channel) (handled bool)
	// mute never answers whether it is still there.
	mute bool

	connections, sessions atomic.Int64
	mu                    sync.Mutex
	known                 string
	conns                 []net.Conn
	serving               sync.WaitGroup
}

const (
	sshUser     = "deploy"
	sshPassword = "secret"
)

func newKey(t testing.TB) (ssh.Signer, []byte) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return signer, pem.EncodeToMemory(block)
}

// startSSHD starts a server that lets sshUser in with sshPassword.
func startSSHD(t testing.TB, change ...func(*sshd)) *sshd {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	hostKey, _ := newKey(t)
	s := &sshd{t: t, listener: listener, hostKey: hostKey, home: t.TempDir(), shell: []string{"sh", "-c"}}
	s.config = &ssh.ServerConfig{PasswordCallback: func(c ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
		if c.User() == sshUser && string(password) == sshPassword {
			return nil, nil
		}
		return nil, errors.New("no")
	}}
	for _, f := range change {
		f(s)
	}
	s.config.AddHostKey(s.hostKey)
	s.serving.Go(s.accept)
	t.Cleanup(s.stop)
	return s
}

func (s *sshd) stop() {
	_ = s.listener.Close()
	s.cut()
	s.serving.Wait()
}

// cut drops all connections, as a broken network does.
func (s *sshd) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.conns {
		_ = conn.Close()
	}
	s.conns = nil
}

func (s *sshd) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.connections.Add(1)
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		s.mu.Unlock()
		s.serving.Go(func() {
			defer conn.Close()
			if s.greet == nil || s.greet(conn) {
				s.serve(conn)
			}
		})
	}
}

func (s *sshd) serve(conn net.Conn) {
	_, channels, requests, err := ssh.NewServerConn(conn, s.config)
	if err != nil {
		return
	}
	go s.answer(requests)
	for channel := range channels {
		switch channel.ChannelType() {
		case "session":
			s.sessions.Add(1)
			s.serving.Go(func() { s.session(channel) })
		case "direct-tcpip":
			s.serving.Go(func() { forward(channel) })
		default:
			_ = channel.Reject(ssh.UnknownChannelType, "")
		}
	}
}

func (s *sshd) answer(requests <-chan *ssh.Request) {
	if !s.mute {
		ssh.DiscardRequests(requests)
		return
	}
	for range requests {
	}
}

func forward(channel ssh.NewChannel) {
	var to struct {
		Host string
		Port uint32
		From string
		Back uint32
	}
	_ = ssh.Unmarshal(channel.ExtraData(), &to)
	conn, err := net.Dial("tcp", net.JoinHostPort(to.Host, strconv.Itoa(int(to.Port))))
	if err != nil {
		_ = channel.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	defer conn.Close()
	c, requests, err := channel.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	go func() { _, _ = io.Copy(conn, c); conn.Close() }()
	_, _ = io.Copy(c, conn)
	_ = c.Close()
}

func (s *sshd) session(channel ssh.NewChannel) {
	c, requests, err := channel.Accept()
	if err != nil {
		return
	}
	defer c.Close()
	for request := range requests {
		if request.Type != "exec" {
			if request.WantReply {
				_ = request.Reply(false, nil)
			}
			continue
		}
		var command struct{ Line string }
		_ = ssh.Unmarshal(request.Payload, &command)
		if request.WantReply {
			_ = request.Reply(true, nil)
		}
		go ssh.DiscardRequests(requests)
		if s.exec == nil || !s.exec(command.Line, c) {
			s.run(command.Line, c)
		}
		return
	}
}

// run runs a command as sshd does: the end of its input is the end of the channel.
func (s *sshd) run(line string, c ssh.Channel) {
	cmd := exec.Command(s.shell[0], append(s.shell[1:], line)...)
	cmd.Env = append([]string{"HOME=" + s.home, "PATH=" + os.Getenv("PATH"), "GORACE=atexit_sleep_ms=0"}, s.env...)
	cmd.Stderr = c.Stderr()
	stdin, _ := cmd.StdinPipe()
	stdout, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		s.t.Error(err)
		return
	}
	go func() { _, _ = io.Copy(stdin, c); stdin.Close() }()
	_, _ = io.Copy(c, stdout)
	err := cmd.Wait()
	status := struct{ Code uint32 }{}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		ws := exit.Sys().(syscall.WaitStatus)
		if ws.Signaled() {
			signal := struct {
				Name       string
				Core       bool
				Text, Lang string
			}{Name: map[bool]string{true: "KILL", false: "TERM"}[ws.Signal() == syscall.SIGKILL]}
			_, _ = c.SendRequest("exit-signal", false, ssh.Marshal(signal))
			return
		}
		status.Code = uint32(exit.ExitCode())
	}
	_, _ = c.SendRequest("exit-status", false, ssh.Marshal(status))
}

// knownHosts writes a known_hosts file that has the server's key.
func (s *sshd) knownHosts() string {
	if s.known != "" {
		return s.known
	}
	file := filepath.Join(s.t.TempDir(), "known_hosts")
	line := knownhosts.Line([]string{knownhosts.Normalize(s.listener.Addr().String())}, s.hostKey.PublicKey())
	if err := os.WriteFile(file, []byte(line+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.known = file
	return file
}

// target reaches the server by password.
func (s *sshd) target() transport.Target {
	return transport.Target{
		Host: "web1", Address: "127.0.0.1", Port: s.listener.Addr().(*net.TCPAddr).Port, User: sshUser, Password: sshPassword,
		KnownHosts: []string{s.knownHosts()}, SSHConfig: "none", ProxyJump: "none",
	}
}

// ownHelper offers the test program as the helper.
type ownHelper struct{}

var ownGzip = sync.OnceValues(func() ([]byte, error) {
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if _, err := w.Write(program); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
})

var ownProgram = sync.OnceValues(func() (transport.Program, error) {
	program, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return transport.Program{}, err
	}
	packed, err := ownGzip()
	return transport.Program{SHA256: sumOf(program), Size: int64(len(program)), Gzip: packed}, err
})

func (ownHelper) Programs() (map[string]transport.Program, error) {
	program, err := ownProgram()
	return map[string]transport.Program{"amd64": program}, err
}

func sshPool(t testing.TB, o transport.Options) *transport.Pool {
	t.Setenv("SSH_AUTH_SOCK", "")
	if o.Helpers == nil {
		o.Helpers = ownHelper{}
	}
	return newPool(t, o)
}
