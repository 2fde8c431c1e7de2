package wire

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/gdeploy/gdeploy/values/record"
)

// MaxGarbage is how much a login may print before the helper speaks.
const MaxGarbage = 64 << 10

// mark begins what the bootstrap and the helper say. Behind it comes \x01 and the
// helper's Hello, or a space and a word of the bootstrap.
const mark = "\x00GDEPLOY"

// Greeting reads what comes before the session: words of the bootstrap and the Hello.
type Greeting struct {
	reader *bufio.Reader
	// garbage is what came that was neither.
	garbage []byte
}

// NewGreeting reads from r.
func NewGreeting(r io.Reader) *Greeting { return &Greeting{reader: bufio.NewReader(r)} }

// Reader gives what follows the Hello.
func (g *Greeting) Reader() io.Reader { return g.reader }

// Garbage is the printable beginning of what came and was not understood.
func (g *Greeting) Garbage() string {
	text := strings.TrimSpace(strings.ToValidUTF8(string(g.garbage[:min(len(g.garbage), 200)]), "?"))
	return strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
}

// Next gives the next word of the bootstrap, or the Hello where hello is not nil.
func (g *Greeting) Next() (word string, hello *Hello, err error) {
	if err := g.skip(); err != nil {
		return "", nil, err
	}
	kind, err := g.reader.ReadByte()
	if err != nil {
		return "", nil, err
	}
	line, err := g.line()
	if err != nil {
		return "", nil, err
	}
	switch kind {
	case ' ':
		return string(line), nil, nil
	case Magic[len(Magic)-1]:
		hello = new(Hello)
		if err := record.Decode(line, hello); err != nil {
			return "", nil, fmt.Errorf("read the helper's hello: %w", err)
		}
		return "", hello, nil
	}
	return "", nil, fmt.Errorf("read the helper's hello: unexpected byte %#x", kind)
}

// ErrGarbage says that too much came which was not the helper.
var ErrGarbage = errors.New("the login prints without end and starts nothing")

// skip reads up to the end of the next mark.
func (g *Greeting) skip() error {
	window := make([]byte, 0, len(mark))
	for {
		b, err := g.reader.ReadByte()
		if err != nil {
			return err
		}
		window = append(window, b)
		if string(window) == mark {
			return nil
		}
		for len(window) > 0 && !bytes.HasPrefix([]byte(mark), window) {
			if len(g.garbage) == MaxGarbage {
				return ErrGarbage
			}
			g.garbage = append(g.garbage, window[0])
			window = window[1:]
		}
	}
}

// line reads to the line's end.
func (g *Greeting) line() ([]byte, error) {
	var line []byte
	for len(line) <= MaxGarbage {
		b, err := g.reader.ReadByte()
		if err != nil {
			return nil, err
		}
		if b == '\n' {
			return line, nil
		}
		line = append(line, b)
	}
	return nil, ErrGarbage
}
