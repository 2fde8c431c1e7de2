package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/gdeploy/gdeploy/transport/wire"
)

// startTimeout is how long a helper may take to greet, and a host to take the next step
// of the bootstrap.
const startTimeout = 30 * time.Second

// greeting listens on a channel until the helper speaks there.
type greeting struct {
	*wire.Greeting
	channel *channel
	timer   *time.Timer
	stop    func() bool
	ctx     context.Context
}

func newGreeting(ctx context.Context, ch *channel) *greeting {
	return &greeting{
		Greeting: wire.NewGreeting(ch.Reader),
		channel:  ch,
		timer:    time.AfterFunc(startTimeout, ch.end),
		stop:     context.AfterFunc(ctx, ch.end),
		ctx:      ctx,
	}
}

// patience gives the host that much time for its next word.
func (g *greeting) patience(d time.Duration) { g.timer.Reset(d) }

// finish hands the channel over to the session.
func (g *greeting) finish() error {
	g.channel.Reader = g.Reader()
	if !g.timer.Stop() || !g.stop() {
		return g.explain(io.EOF)
	}
	return nil
}

// hello waits for the helper's Hello where nothing else may come before it.
func (g *greeting) hello() (wire.Hello, error) {
	word, hello, err := g.Next()
	if err == nil && hello == nil {
		err = fmt.Errorf("unexpected word %q", word)
	}
	if err != nil {
		return wire.Hello{}, g.explain(err)
	}
	return *hello, g.finish()
}

// explain says why no helper spoke, with what the host said instead.
func (g *greeting) explain(err error) error {
	if g.ctx.Err() != nil {
		return g.ctx.Err()
	}
	if !g.timer.Stop() {
		err = fmt.Errorf("no answer within %s", startTimeout)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it ended before it spoke")
		if outcome := g.channel.outcome(); outcome != nil {
			err = fmt.Errorf("it ended before it spoke: %w", outcome)
		}
	}
	if said := g.channel.stderr.String(); said != "" {
		err = fmt.Errorf("%w; stderr: %q", err, said)
	}
	if garbage := g.Garbage(); garbage != "" {
		err = fmt.Errorf("%w; instead of the helper the login says %q", err, garbage)
	}
	return err
}
