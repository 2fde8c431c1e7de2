// Package serve is the helper's side of the transport: it answers one controller on
// stdin and stdout, runs the calls that it sends and ends when it goes away.
package serve

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/hashicorp/yamux"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport/wire"
)

// Runner runs one call. It is used by several goroutines at once.
type Runner interface {
	Run(ctx context.Context, call modules.Call, s Session) modules.Reply
}

// Session is what the controller offers a call while it runs.
type Session interface {
	modules.Content
	// Progress shows the operator a line.
	Progress(line string)
}

// Options say how Serve works.
type Options struct {
	Runner  Runner
	Hello   wire.Hello
	Journal *Journal // nil keeps none
	// Grace is how long calls may go on when the controller has gone without a word; 0
	// is 30 s. After that they are cancelled and get 10 s to end.
	Grace time.Duration
}

const (
	defaultGrace = 30 * time.Second
	lastGrace    = 10 * time.Second
)

// Serve greets the controller on conn and works for it until conn ends. No call starts
// after that; those that run are waited for.
func Serve(ctx context.Context, conn io.ReadWriteCloser, o Options) error {
	if err := greet(conn, o.Hello); err != nil {
		return err
	}
	session, err := wire.Helper(conn)
	if err != nil {
		return err
	}
	defer session.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s := &server{Options: o, session: session, ctx: ctx, chains: chains{tails: map[string]chan struct{}{}}}
	stop := context.AfterFunc(ctx, func() { session.Close() })
	defer stop()
	for {
		stream, err := session.AcceptStream()
		if err != nil {
			break
		}
		go s.answer(stream)
	}
	s.finish(cancel)
	return nil
}

// server is one Serve under way.
type server struct {
	Options
	session *yamux.Session
	ctx     context.Context // ends when running calls shall end
	chains  chains

	mu      sync.Mutex
	closing bool
	running sync.WaitGroup
}

// begin counts a call in, or refuses it where the controller has gone.
func (s *server) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing || s.session.IsClosed() {
		return false
	}
	s.running.Add(1)
	return true
}

// finish waits for what runs, first patiently, then after cancelling it.
func (s *server) finish(cancel func()) {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	done := make(chan struct{})
	go func() { s.running.Wait(); close(done) }()
	grace := s.Grace
	if grace == 0 {
		grace = defaultGrace
	}
	select {
	case <-done:
		return
	case <-s.ctx.Done():
	case <-time.After(grace):
	}
	cancel()
	select {
	case <-done:
	case <-time.After(lastGrace):
	}
}

// answer does what one stream asks for.
func (s *server) answer(stream *yamux.Stream) {
	defer stream.Close()
	var request wire.Request
	if err := wire.ReadMessage(stream, &request); err != nil {
		return // the controller changed its mind
	}
	switch request.Kind {
	case wire.KindCalls:
		s.calls(stream, request)
	case wire.KindDial:
		s.dial(stream, request)
	case wire.KindBecome:
		s.become(stream, *request.Become)
	case wire.KindJournal:
		s.journal(stream, request.Run)
	default:
		refuse(stream, fmt.Errorf("unknown request %q", request.Kind))
	}
}

// refuse tells the controller why a dial or become did not work.
func refuse(w io.Writer, err error) {
	_ = wire.WriteMessage(w, wire.Answer{Error: err.Error()}) // it may be gone
}
