package serve

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"sync"

	"github.com/hashicorp/yamux"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport/wire"
)

// calls runs the calls of one stream and tells how they went.
func (s *server) calls(stream *yamux.Stream, request wire.Request) {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	go s.watch(stream, cancel)
	out := &events{to: stream}
	var chains sync.WaitGroup
	for name, numbers := range byChain(request.Calls) {
		chains.Go(func() { s.chain(ctx, stream, request, name, numbers, out) })
	}
	chains.Wait()
}

// watch cancels the stream's calls when the controller says so or closes the stream.
// Where the whole connection went, they have the time that finish gives them.
func (s *server) watch(stream *yamux.Stream, cancel func()) {
	for {
		var control wire.Control
		if err := wire.ReadMessage(stream, &control); err != nil {
			if !s.session.IsClosed() {
				cancel()
			}
			return
		}
		if control.Cancel {
			cancel()
		}
	}
}

// byChain gives the numbers of the calls of each chain, in order.
func byChain(calls []modules.Call) map[string][]int {
	chains := map[string][]int{}
	for i, call := range calls {
		chains[call.Chain] = append(chains[call.Chain], i)
	}
	return chains
}

// chain runs the calls of one chain one after the other.
func (s *server) chain(ctx context.Context, stream *yamux.Stream, request wire.Request, name string, numbers []int, out *events) {
	leave, err := s.chains.enter(ctx, name)
	failed, unchanged := err != nil, err == nil
	if err == nil {
		defer leave()
	}
	for _, i := range numbers {
		if failed || ctx.Err() != nil || !s.begin() {
			out.left(i)
			unchanged = false
			continue
		}
		reply := s.run(ctx, request.Calls[i], &session{server: s, stream: stream.StreamID(), call: i, out: out})
		s.running.Done()
		out.reply(i, reply)
		failed = reply.Failed && request.StopOnFailure
		unchanged = unchanged && reply.Unchanged()
	}
	if last := len(request.Calls) - 1; slices.Contains(numbers, last) && len(request.Probes) > 0 {
		s.probe(ctx, stream, request, unchanged, out)
	}
}

// probe answers the probes of a request, up to the first that has no answer.
func (s *server) probe(ctx context.Context, stream *yamux.Stream, request wire.Request, unchanged bool, out *events) {
	left := mostProbed
	for i, call := range request.Probes {
		number := len(request.Calls) + i
		if !unchanged || ctx.Err() != nil || !s.begin() {
			out.left(number)
			return
		}
		call.Check, call.Step = true, "" // it is not the call itself, and the journal has nothing of it
		reply := s.run(ctx, call, bystander{&session{server: s, stream: stream.StreamID(), call: number, out: out}})
		s.running.Done()
		if unchanged = reply.Unchanged() && ctx.Err() == nil; unchanged {
			left -= out.replyWithin(left, number, reply)
		}
		if !unchanged || left < 0 {
			out.left(number)
			return
		}
	}
}

// mostProbed is how many bytes the answers to the probes of one request have together: the
// controller keeps them until their turn comes, for every host.
const mostProbed = 1 << 20

// bystander is the session of a probe: it says nothing, and takes nothing from the controller
// that did not come with it.
type bystander struct{ *session }

// Progress says nothing.
func (bystander) Progress(string) {}

// OpenBlob opens content that came with the probe.
func (b bystander) OpenBlob(ctx context.Context, blob modules.Blob) (io.ReadCloser, error) {
	return b.OpenBlobAt(ctx, blob, 0)
}

// OpenBlobAt opens such content from an offset on.
func (b bystander) OpenBlobAt(ctx context.Context, blob modules.Blob, offset int64) (io.ReadCloser, error) {
	if int64(len(blob.Inline)) != blob.Size {
		return nil, fmt.Errorf("open %q: it is not here", blob.Name)
	}
	return b.session.OpenBlobAt(ctx, blob, offset)
}

// run runs one call, and writes it down before and after.
func (s *server) run(ctx context.Context, call modules.Call, to Session) modules.Reply {
	s.Journal.start(call, s.Hello.BootID)
	reply := safely(ctx, s.Runner, call, to)
	if ctx.Err() == nil || !reply.Failed { // what was cut short has no result
		s.Journal.end(call, reply)
	}
	return reply
}

// safely runs one call, of which a bug is a failure.
func safely(ctx context.Context, r Runner, call modules.Call, to Session) (reply modules.Reply) {
	defer func() {
		if p := recover(); p != nil {
			reply = modules.Reply{Failed: true, Msg: fmt.Sprintf("%s: a bug in gdeploy: %v\n%s", call.Module, p, debug.Stack())}
		}
	}()
	return r.Run(ctx, call, to)
}

// chains keeps the calls of one chain apart, in the order in which they came.
type chains struct {
	mu    sync.Mutex
	tails map[string]chan struct{}
}

// enter waits for the chain's turn. Nothing waits for a chain without a name.
func (c *chains) enter(ctx context.Context, name string) (leave func(), err error) {
	if name == "" {
		return func() {}, nil
	}
	mine := make(chan struct{})
	c.mu.Lock()
	before := c.tails[name]
	c.tails[name] = mine
	c.mu.Unlock()
	pass := func() {
		close(mine)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.tails[name] == mine {
			delete(c.tails, name)
		}
	}
	if before == nil {
		return pass, nil
	}
	select {
	case <-before:
		return pass, nil
	case <-ctx.Done():
		go func() { <-before; pass() }() // who comes later still waits for who came before
		return nil, ctx.Err()
	}
}

// events writes to the controller, one event at a time. Where the controller has gone,
// nobody is left to tell.
type events struct {
	mu sync.Mutex
	to io.Writer
}

func (e *events) reply(call int, reply modules.Reply) {
	if err := e.send(wire.Event{Call: call, Reply: &reply}); err != nil {
		short := modules.Reply{Failed: true, Changed: reply.Changed, Msg: "the result cannot be sent: " + err.Error()}
		_ = e.send(wire.Event{Call: call, Reply: &short})
	}
}

// replyWithin sends a reply unless it is longer than most bytes, and tells how long it is.
func (e *events) replyWithin(most, call int, reply modules.Reply) int {
	var frame bytes.Buffer
	if err := wire.WriteMessage(&frame, wire.Event{Call: call, Reply: &reply}); err != nil || frame.Len() > most {
		return most + 1
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	_, _ = e.to.Write(frame.Bytes())
	return frame.Len()
}

func (e *events) left(call int) { _ = e.send(wire.Event{Call: call, Left: true}) }

func (e *events) line(call int, line string) { _ = e.send(wire.Event{Call: call, Line: line}) }

func (e *events) send(event wire.Event) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return wire.WriteMessage(e.to, event)
}
