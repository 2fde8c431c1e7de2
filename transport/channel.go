package transport

import (
	"io"
	"strings"
	"sync"
)

// channel is a program under way on a host, by its stdin and stdout.
type channel struct {
	io.Reader
	io.Writer
	stderr *tail
	// end closes the channel, whatever the program does. It may be called twice.
	end func()
	// outcome tells, after the channel has ended, how the program did; nil where that is
	// not known.
	outcome func() error
}

// Close ends the channel.
func (c *channel) Close() error {
	c.end()
	return nil
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	text []byte
}

const tailSize = 4 << 10

// Write keeps the end of p.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if len(t.text) > 2*tailSize {
		t.text = append(t.text[:0], t.text[len(t.text)-tailSize:]...)
	}
	return len(p), nil
}

// String is what was kept, without blanks around it.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(strings.ToValidUTF8(string(t.text), "?"))
}
