package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport/wire"
)

// Pool keeps the connections of a run. All its methods may be called from any goroutine.
type Pool struct {
	options Options
	blobs   *blobs
	dialer  *dialer
	places  flights[*place]    // by endpoint.key
	known   flights[*endpoint] // by Target.key
	configs flights[sshConfig] // by file
	// ctx ends with the pool; connections are made under it, since several calls may
	// wait for one.
	ctx context.Context
	end context.CancelFunc
}

// NewPool makes a pool without connections.
func NewPool(options Options) *Pool {
	ctx, end := context.WithCancel(context.Background())
	return &Pool{
		options: options,
		blobs:   newBlobs(),
		dialer: &dialer{
			keys:     &keys{prompt: options.Prompt},
			hostKeys: &hostKeys{told: options.OnHostKey},
			slots:    make(chan struct{}, orElse(options.Handshakes, defaultHandshakes)),
			perJump:  orElse(options.PerBastion, defaultPerBastion),
		},
		ctx: ctx,
		end: end,
	}
}

// Connect makes the connection to t and starts the helper there, if that is not done
// yet, and tells what the helper said of the host.
func (p *Pool) Connect(ctx context.Context, t Target) (wire.Hello, error) {
	peer, err := p.peer(ctx, t)
	if err != nil {
		return wire.Hello{}, err
	}
	return peer.hello, nil
}

// Call runs one module call on t. The error is an *Unreachable or the context's; a module
// that fails is a Reply. Where the context ended and the host still told how the call
// ended, both are given. progress may be nil.
func (p *Pool) Call(ctx context.Context, t Target, call modules.Call, content Content, progress func(line string)) (modules.Reply, error) {
	var reply modules.Reply
	o := BatchOptions{Content: content, Each: func(_ int, r modules.Reply) { reply = r }}
	if progress != nil {
		o.Progress = func(_ int, line string) { progress(line) }
	}
	err := p.Batch(ctx, t, []modules.Call{call}, o)
	return reply, err
}

// Batch runs several calls, sent in one go: those of one chain one after the other, the
// chains beside each other. It returns when all have ended; errors are those of Call.
func (p *Pool) Batch(ctx context.Context, t Target, calls []modules.Call, o BatchOptions) error {
	if len(calls) == 0 {
		return ctx.Err()
	}
	peer, err := p.peer(ctx, t)
	if err != nil {
		return err
	}
	return peer.run(ctx, calls, o)
}

// Dial opens a connection from t to address, carried through the helper. An error that
// is no *Unreachable is the host's, as net.Dial gives it.
func (p *Pool) Dial(ctx context.Context, t Target, network, address string) (net.Conn, error) {
	peer, err := p.peer(ctx, t)
	if err != nil {
		return nil, err
	}
	return peer.dial(ctx, network, address)
}

// Journal tells what t remembers of a run's calls that carried a Step.
func (p *Pool) Journal(ctx context.Context, t Target, run string) ([]wire.JournalEntry, error) {
	peer, err := p.peer(ctx, t)
	if err != nil {
		return nil, err
	}
	return peer.journal(ctx, run)
}

// Exec runs a command line by the login user's shell on t, without the helper. stdin may
// be nil. Only helpers become other users: a target with Become is refused.
func (p *Pool) Exec(ctx context.Context, t Target, command string, stdin io.Reader) (Output, error) {
	if t.Become.Enabled {
		return Output{}, &Unreachable{
			Kind: KindConfig, Op: "run a command on " + t.Host + " without the helper", Cause: errors.New("it cannot become another user"),
			Next: "take become from the task, or use shell",
		}
	}
	place, err := p.place(ctx, t)
	if err != nil {
		return Output{}, err
	}
	return place.link.exec(ctx, command, stdin)
}

// Reset closes the connection to t; the next call makes a new one.
func (p *Pool) Reset(t Target) {
	key := localName
	if t.Connection != "local" {
		endpoint, err := p.endpoint(p.ctx, t)
		if err != nil {
			return // it was never connected
		}
		key = endpoint.key()
	}
	if place, ok := p.places.take(key); ok {
		place.close()
	}
}

// Close ends all connections; helpers with nothing to do end with them.
func (p *Pool) Close() error {
	p.end()
	var closing sync.WaitGroup
	for _, key := range p.places.keys() {
		closing.Go(func() {
			if place, ok := p.places.take(key); ok {
				place.close()
			}
		})
	}
	closing.Wait()
	p.dialer.keys.close()
	return nil
}

// place is a host as one login user, and the helpers there.
type place struct {
	pool  *Pool
	link  link
	peers flights[*peer] // by Become.key
}

// link is a login on a host.
type link interface {
	// helper starts the helper as the login user.
	helper(ctx context.Context) (*channel, wire.Hello, error)
	exec(ctx context.Context, command string, stdin io.Reader) (Output, error)
	// name is the address, for messages.
	name() string
	close()
}

// peer gives the helper that works on t as the user that t wants.
func (p *Pool) peer(ctx context.Context, t Target) (*peer, error) {
	place, err := p.place(ctx, t)
	if err != nil {
		return nil, err
	}
	if !t.Become.Enabled {
		return place.direct(ctx)
	}
	return place.peers.get(ctx, t.Become.key(), func() (*peer, error) { return place.become(p.ctx, t.Become) })
}

// direct gives the helper of the login user.
func (p *place) direct(ctx context.Context) (*peer, error) {
	return p.peers.get(ctx, "", func() (*peer, error) {
		ch, hello, err := p.link.helper(p.pool.ctx)
		if err != nil {
			return nil, err
		}
		return p.start(p.link.name(), hello, ch)
	})
}

func (p *place) start(name string, hello wire.Hello, ch *channel) (*peer, error) {
	peer, err := newPeer(name, hello, ch, p.pool.blobs)
	if err != nil {
		ch.end()
		return nil, &Unreachable{Kind: KindHelper, Op: "start the helper on " + name, Cause: err}
	}
	return peer, nil
}

// close ends the helpers, those of other users first, and the login.
func (p *place) close() {
	for _, key := range p.peers.keys() {
		if key == "" {
			continue
		}
		if peer, ok := p.peers.take(key); ok {
			peer.close()
		}
	}
	if peer, ok := p.peers.take(""); ok {
		peer.close()
	}
	p.link.close()
}
