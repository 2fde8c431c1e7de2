package transport

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/melbahja/goph"
	"golang.org/x/crypto/ssh"
)

const (
	defaultHandshakes = 32
	defaultPerBastion = 8
	// dialAttempts is how often a server that hangs up before it said anything is asked:
	// sshd drops connections at random when many log in at once (MaxStartups).
	dialAttempts = 6
)

// dialer logs in to hosts. It keeps the number of logins under way within limits.
type dialer struct {
	keys      *keys
	hostKeys  *hostKeys
	slots     chan struct{}
	perJump   int
	jumpSlots sync.Map // by jump host -> chan struct{}
}

// directly opens a TCP connection from here.
func directly(ctx context.Context, network, address string) (net.Conn, error) {
	return new(net.Dialer).DialContext(ctx, network, address)
}

// dialContext opens a TCP connection, directly or from a jump host.
type dialContext func(ctx context.Context, network, address string) (net.Conn, error)

// login makes a connection to e. via is the jump host to go through, empty for none.
func (d *dialer) login(ctx context.Context, e *endpoint, via string, dial dialContext) (*goph.Client, error) {
	auth, notes := d.keys.auth(ctx, e) // before the clock runs: it may ask the operator
	verify, algorithms, err := d.hostKeys.check(ctx, e)
	if err != nil {
		return nil, err
	}
	config := &goph.Config{Auth: auth, User: e.user, Addr: e.address, Port: uint(e.port), Timeout: e.timeout, Callback: verify}
	leave, err := d.enter(ctx, via)
	if err != nil {
		return nil, err
	}
	defer leave()
	for attempt := 1; ; attempt++ {
		h := &handshake{endpoint: e, config: config, algorithms: algorithms, notes: notes}
		client, err := h.run(ctx, dial)
		if err == nil {
			return client, nil
		}
		if !h.dropped(err) || attempt == dialAttempts || ctx.Err() != nil {
			return nil, h.explain(ctx, err, via)
		}
		pause(ctx, time.Duration(attempt)*(100*time.Millisecond+rand.N(300*time.Millisecond)))
	}
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// enter waits until another login may start.
func (d *dialer) enter(ctx context.Context, via string) (leave func(), err error) {
	slots := []chan struct{}{d.slots}
	if via != "" {
		jump, _ := d.jumpSlots.LoadOrStore(via, make(chan struct{}, d.perJump))
		slots = []chan struct{}{jump.(chan struct{}), d.slots} // never wait for the jump host with a slot that others need
	}
	for i, slot := range slots {
		select {
		case slot <- struct{}{}:
		case <-ctx.Done():
			for _, taken := range slots[:i] {
				<-taken
			}
			return nil, ctx.Err()
		}
	}
	return func() {
		for _, taken := range slots {
			<-taken
		}
	}, nil
}

// handshake is one attempt to log in.
type handshake struct {
	endpoint   *endpoint
	config     *goph.Config
	algorithms []string
	notes      []string

	connected bool
	heard     atomic.Bool // the server said something
	refused   error       // what the host key check said
}

// run connects and logs in, both within the endpoint's time.
func (h *handshake) run(ctx context.Context, dial dialContext) (*goph.Client, error) {
	ctx, cancel := context.WithTimeout(ctx, h.endpoint.timeout)
	defer cancel()
	raw, err := dial(ctx, "tcp", h.endpoint.hostPort())
	if err != nil {
		return nil, withDeadline(ctx, err)
	}
	h.connected = true
	conn := &promptConn{Conn: raw, heard: &h.heard}
	stop := context.AfterFunc(ctx, func() { _ = raw.Close() })
	c, channels, requests, err := ssh.NewClientConn(conn, h.endpoint.hostPort(), h.clientConfig())
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = raw.Close()
		return nil, withDeadline(ctx, err)
	}
	return &goph.Client{Client: ssh.NewClient(c, channels, requests), Config: h.config}, nil
}

// withDeadline says that time was up where that is why err came.
func withDeadline(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

func (h *handshake) clientConfig() *ssh.ClientConfig {
	return &ssh.ClientConfig{
		User:              h.config.User,
		Auth:              h.config.Auth,
		HostKeyAlgorithms: h.algorithms,
		BannerCallback:    h.config.BannerCallback,
		HostKeyCallback: func(host string, remote net.Addr, key ssh.PublicKey) error {
			h.refused = h.config.Callback(host, remote, key)
			return h.refused
		},
	}
}

// dropped tells whether the server hung up before it said that it speaks SSH.
func (h *handshake) dropped(err error) bool {
	return h.connected && !h.heard.Load() && !errors.Is(err, context.DeadlineExceeded)
}

// promptConn asks for acknowledgements at once: sshd holds its second small packet back
// until it has ours, and the kernel would wait 40 ms with that.
type promptConn struct {
	net.Conn
	heard *atomic.Bool
	begun []byte
}

const banner = "SSH-"

// Read reads, and notes when the server's banner came.
func (c *promptConn) Read(p []byte) (int, error) {
	quickAck(c.Conn)
	n, err := c.Conn.Read(p)
	if !c.heard.Load() {
		c.listen(p[:n])
	}
	return n, err
}

func (c *promptConn) listen(p []byte) {
	c.begun = append(c.begun, p...)
	for i := range c.begun {
		if (i == 0 || c.begun[i-1] == '\n') && len(c.begun)-i >= len(banner) && string(c.begun[i:i+len(banner)]) == banner {
			c.heard.Store(true)
			c.begun = nil
			return
		}
	}
}

// explain says why the login failed.
func (h *handshake) explain(ctx context.Context, err error, via string) error {
	u := &Unreachable{Op: "connect to " + h.endpoint.name(), Cause: err}
	if via != "" {
		u.Op += " through " + via
	}
	var other *Unreachable
	var resolution *net.DNSError
	switch {
	case errors.As(h.refused, &other):
		return other
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		u.Kind, u.Cause = KindTimeout, errors.New(h.timedOut())
	case errors.As(err, &resolution):
		u.Kind, u.Cause, u.Next = KindResolve, fmt.Errorf("no address for %q", resolution.Name), "set ansible_host or correct the name"
	case errors.Is(err, syscall.ECONNREFUSED):
		u.Kind, u.Cause, u.Next = KindRefused, errors.New("connection refused"), "see whether sshd runs there and listens on this port"
	case !h.connected:
		u.Kind = KindRefused
	case h.dropped(err):
		u.Kind, u.Cause, u.Next = KindRefused, fmt.Errorf("it hung up %d times before it said anything", dialAttempts), "see sshd's MaxStartups and whether this address is banned"
	default:
		h.explainLogin(u, err)
	}
	return u
}

func (h *handshake) timedOut() string {
	switch {
	case !h.connected:
		return fmt.Sprintf("no answer within %s", h.endpoint.timeout)
	case !h.heard.Load():
		return fmt.Sprintf("it accepts the connection and then says nothing for %s", h.endpoint.timeout)
	}
	return fmt.Sprintf("it stopped answering during the login, which took more than %s", h.endpoint.timeout)
}
