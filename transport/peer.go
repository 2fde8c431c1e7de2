package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/yamux"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport/wire"
)

// cancelGrace is how long cancelled calls may take to say how they ended: 5 s until a
// program that ignores SIGTERM is killed, and some for the way back.
const cancelGrace = 10 * time.Second

// peer is a helper that answers.
type peer struct {
	name    string // where it works, for messages
	hello   wire.Hello
	session *yamux.Session
	channel *channel
	blobs   *blobs

	mu       sync.Mutex
	contents map[uint32]Content // by the stream of the calls that may ask for them
	lost     error
	served   sync.WaitGroup
}

// newPeer starts the session behind the Hello.
func newPeer(name string, hello wire.Hello, ch *channel, blobs *blobs) (*peer, error) {
	if hello.Version != wire.Version {
		return nil, fmt.Errorf("the helper speaks version %d of the protocol, not %d", hello.Version, wire.Version)
	}
	session, err := wire.Controller(ch)
	if err != nil {
		return nil, err
	}
	p := &peer{name: name, hello: hello, session: session, channel: ch, blobs: blobs, contents: map[uint32]Content{}}
	p.served.Go(p.serveBlobs)
	return p, nil
}

// close ends the session and waits for what it left running here.
func (p *peer) close() {
	_ = p.session.Close()
	p.served.Wait()
}

// run sends calls and gives their replies to o.Each.
func (p *peer) run(ctx context.Context, calls []modules.Call, o BatchOptions) error {
	stream, err := p.session.OpenStream()
	if err != nil {
		return p.broken(describe(calls), err)
	}
	defer stream.Close()
	p.offer(stream.StreamID(), o.Content)
	defer p.offer(stream.StreamID(), nil)
	request := wire.Request{Kind: wire.KindCalls, Calls: calls, StopOnFailure: o.StopOnFailure, Probes: o.Probes}
	if err := wire.WritePacked(stream, request); err != nil {
		return p.broken(describe(calls), err)
	}
	stop := context.AfterFunc(ctx, func() {
		_ = stream.SetDeadline(time.Now().Add(cancelGrace))
		_ = wire.WriteMessage(stream, wire.Control{Cancel: true}) // else the deadline ends it
	})
	defer stop()
	for open, probes := len(calls), len(o.Probes); open > 0 || probes > 0; {
		var event wire.Event
		if err := wire.ReadMessage(stream, &event); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return p.broken(describe(calls), err)
		}
		if event.Call < 0 || event.Call >= len(calls)+len(o.Probes) {
			return p.broken(describe(calls), fmt.Errorf("the helper answered call %d of %d", event.Call, len(calls)+len(o.Probes)))
		}
		switch number := event.Call - len(calls); {
		case number < 0 && deliver(event, o):
			open--
		case number >= 0:
			probes = probed(number, event, o)
		}
	}
	return ctx.Err()
}

// probed hands the answer of a probe on and tells how many may still come.
func probed(number int, event wire.Event, o BatchOptions) int {
	if event.Reply == nil {
		return 0
	}
	o.Probed(number, *event.Reply)
	return len(o.Probes) - number - 1
}

// deliver hands an event on and tells whether it ends its call.
func deliver(event wire.Event, o BatchOptions) bool {
	switch {
	case event.Reply != nil:
		if o.Each != nil {
			o.Each(event.Call, *event.Reply)
		}
		return true
	case event.Left:
		return true
	case o.Progress != nil:
		o.Progress(event.Call, event.Line)
	}
	return false
}

func describe(calls []modules.Call) string {
	if len(calls) == 1 {
		return "run " + calls[0].Module
	}
	return fmt.Sprintf("run %d calls of %s", len(calls), calls[0].Module)
}

// broken says why nothing more can be had of the helper.
func (p *peer) broken(op string, err error) error {
	p.mu.Lock()
	cause := p.lost
	p.mu.Unlock()
	if cause == nil {
		cause = err
	}
	switch {
	case errors.Is(cause, io.EOF), errors.Is(cause, io.ErrUnexpectedEOF), errors.Is(cause, yamux.ErrSessionShutdown), errors.Is(cause, yamux.ErrStreamClosed):
		cause = errors.New("the connection was closed by the other side")
	case errors.Is(cause, yamux.ErrKeepAliveTimeout), errors.Is(cause, yamux.ErrConnectionWriteTimeout):
		cause = fmt.Errorf("no sign of life for %s", wire.Silence)
	}
	if p.channel.outcome != nil {
		var silent silence
		switch outcome := p.channel.outcome(); {
		case errors.As(outcome, &silent):
			cause = silent
		case outcome != nil:
			cause = fmt.Errorf("the helper ended: %w", outcome)
		}
	}
	if said := lastLine(p.channel.stderr); said != "" {
		cause = fmt.Errorf("%w (it said %q)", cause, said)
	}
	return &Unreachable{
		Kind: KindLost, Op: op + " on " + p.name, Cause: cause,
		Next: "whether it took effect is not known; look at the host before you run it again",
	}
}

func lastLine(t *tail) string {
	if t == nil {
		return ""
	}
	lines := strings.Split(t.String(), "\n")
	return lines[len(lines)-1]
}

// ask opens a stream for something that is answered by an Answer.
func (p *peer) ask(ctx context.Context, op string, request wire.Request) (*yamux.Stream, wire.Answer, error) {
	stream, err := p.session.OpenStream()
	if err != nil {
		return nil, wire.Answer{}, p.broken(op, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = stream.SetDeadline(time.Unix(1, 0)) })
	var answer wire.Answer
	err = wire.WritePacked(stream, request)
	if err == nil {
		err = wire.ReadMessage(stream, &answer)
	}
	if !stop() {
		err = ctx.Err()
	}
	if err == nil {
		return stream, answer, nil
	}
	_ = stream.Close()
	if ctx.Err() != nil {
		return nil, answer, ctx.Err()
	}
	return nil, answer, p.broken(op, err)
}

// dial opens a connection from the host.
func (p *peer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	stream, answer, err := p.ask(ctx, "dial "+address, wire.Request{Kind: wire.KindDial, Network: network, Address: address})
	if err != nil {
		return nil, err
	}
	if answer.Error != "" {
		_ = stream.Close()
		return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New(strings.TrimPrefix(answer.Error, "dial "+network+" "))}
	}
	return stream, nil
}

// journal asks what the host remembers of a run.
func (p *peer) journal(ctx context.Context, run string) ([]wire.JournalEntry, error) {
	stream, err := p.session.OpenStream()
	if err != nil {
		return nil, p.broken("read journal", err)
	}
	defer stream.Close()
	stop := context.AfterFunc(ctx, func() { _ = stream.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := wire.WriteMessage(stream, wire.Request{Kind: wire.KindJournal, Run: run}); err != nil {
		return nil, p.broken("read journal", err)
	}
	var entries []wire.JournalEntry
	for {
		var entry wire.JournalEntry
		err := wire.ReadMessage(stream, &entry)
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err == io.EOF && !p.session.IsClosed():
			return entries, nil
		case err != nil:
			return nil, p.broken("read journal", err)
		}
		entries = append(entries, entry)
	}
}
