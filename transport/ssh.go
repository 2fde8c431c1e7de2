package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/melbahja/goph"
	"golang.org/x/crypto/ssh"

	"github.com/gdeploy/gdeploy/transport/wire"
)

// sshLink is a login on a host over SSH.
type sshLink struct {
	endpoint *endpoint
	client   *goph.Client
	programs func() (map[string]Program, error)
	// silent says that the server gave no sign of life.
	silent atomic.Bool
	// sessions bounds the commands at once: sshd lets ten be open, the helper is one.
	sessions chan struct{}
	// stop ends the keepalives.
	stop context.CancelFunc
}

const maxSessions = 8

// silence is why a connection was given up that nobody closed: for how long no sign of
// life came.
type silence time.Duration

func (s silence) Error() string { return fmt.Sprintf("no sign of life for %s", time.Duration(s)) }

// newSSHLink watches over a new connection.
func newSSHLink(e *endpoint, client *goph.Client, programs func() (map[string]Program, error)) *sshLink {
	ctx, stop := context.WithCancel(context.Background())
	l := &sshLink{endpoint: e, client: client, programs: programs, stop: stop, sessions: make(chan struct{}, maxSessions)}
	go l.keepAlive(ctx)
	return l
}

func (l *sshLink) name() string { return l.endpoint.name() }

func (l *sshLink) close() {
	l.stop()
	_ = l.client.Close()
}

// keepAlive asks the server for a sign of life now and then, and closes the connection
// where none comes.
func (l *sshLink) keepAlive(ctx context.Context) {
	ticks := time.NewTicker(l.endpoint.alive.interval)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		dead := time.AfterFunc(l.endpoint.alive.patience(), func() {
			l.silent.Store(true)
			_ = l.client.Close()
		})
		_, _, err := l.client.SendRequest("keepalive@openssh.com", true, nil)
		dead.Stop()
		if err != nil {
			return
		}
	}
}

// helper brings the helper to the host and starts it.
func (l *sshLink) helper(ctx context.Context) (*channel, wire.Hello, error) {
	programs, err := l.programs()
	if err != nil {
		return nil, wire.Hello{}, &Unreachable{Kind: KindHelper, Op: "bring the helper to " + l.name(), Cause: err}
	}
	b := bootstrap{start: l.start, dirs: l.endpoint.target.HelperDirs, programs: programs}
	ch, hello, err := b.run(ctx)
	if err == nil || ctx.Err() != nil {
		return ch, hello, err
	}
	var u *Unreachable
	if errors.As(err, &u) {
		return nil, hello, err
	}
	return nil, hello, &Unreachable{
		Kind: KindHelper, Op: "bring the helper to " + l.name(), Cause: err,
		Next: "see whether the user may run programs there, or name a directory with gdeploy_helper_dirs",
	}
}

// start runs a command line without waiting for the server to say that it may: that
// would be a round trip, and what the command says is enough.
func (l *sshLink) start(command string) (*channel, error) {
	remote, requests, err := l.client.OpenChannel("session", nil)
	if err != nil {
		return nil, l.lost("open a session", err)
	}
	if _, err := remote.SendRequest("exec", false, ssh.Marshal(struct{ Command string }{command})); err != nil {
		_ = remote.Close()
		return nil, l.lost("start the helper", err)
	}
	said := &tail{}
	ended, outcome := wait(func() error {
		_, _ = io.Copy(said, remote.Stderr())
		result := exitOf(requests)
		if l.silent.Load() {
			return silence(l.endpoint.alive.patience())
		}
		return result
	})
	end := sync.OnceFunc(func() {
		_ = remote.Close()
		select {
		case <-ended:
		case <-time.After(endGrace):
			_ = l.client.Close() // nobody answers there
		}
	})
	return &channel{Reader: remote, Writer: remote, stderr: said, end: end, outcome: outcome}, nil
}

// exitOf reads how a command ended, to the end of its channel; nil where it ended well or
// the server did not say.
func exitOf(requests <-chan *ssh.Request) error {
	var result error
	for request := range requests {
		switch request.Type {
		case "exit-status":
			var status struct{ Code uint32 }
			if ssh.Unmarshal(request.Payload, &status) == nil && status.Code != 0 {
				result = fmt.Errorf("exit status %d", status.Code)
			}
		case "exit-signal":
			var signal struct {
				Name       string
				CoreDumped bool
				Message    string
				Language   string
			}
			if ssh.Unmarshal(request.Payload, &signal) == nil {
				result = fmt.Errorf("killed by signal %s", signal.Name)
			}
		}
		if request.WantReply {
			_ = request.Reply(false, nil)
		}
	}
	return result
}

// exec runs a command line by the login user's shell.
func (l *sshLink) exec(ctx context.Context, command string, stdin io.Reader) (Output, error) {
	select {
	case l.sessions <- struct{}{}:
		defer func() { <-l.sessions }()
	case <-ctx.Done():
		return Output{}, ctx.Err()
	}
	session, err := l.client.NewSession()
	if err != nil {
		return Output{}, l.lost("open a session", err)
	}
	defer session.Close()
	var stdout, stderr bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = stdin, &stdout, &stderr
	if stdin == nil {
		session.Stdin = bytes.NewReader(nil)
	}
	if err := session.Start(command); err != nil {
		return Output{}, l.lost("run a command", err)
	}
	done := make(chan error, 1)
	go func() { done <- session.Wait() }()
	select {
	case err = <-done:
	case <-ctx.Done():
		_ = session.Signal(ssh.SIGKILL)
		_ = session.Close()
		return Output{}, ctx.Err()
	}
	output := Output{Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}
	var exit *ssh.ExitError
	if errors.As(err, &exit) {
		output.RC = exit.ExitStatus()
		return output, nil
	}
	if err != nil {
		return output, l.lost("run a command", err)
	}
	return output, nil
}

func (l *sshLink) lost(op string, err error) error {
	return &Unreachable{Kind: KindLost, Op: op + " on " + l.name(), Cause: err}
}
