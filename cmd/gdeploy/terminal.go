package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"golang.org/x/term"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport"
)

// terminal asks the operator on standard input. Questions come one at a time.
type terminal struct {
	mu    sync.Mutex
	in    *os.File
	lines *bufio.Reader
	// unread is a question that was given up while somebody might still type: the next
	// one gets that line.
	unread chan answer
	// hold keeps others from writing while a question stands there.
	hold func() (free func())
}

// answer is a line of standard input.
type answer struct {
	line string
	err  error
}

func newTerminal() *terminal { return terminalOn(os.Stdin) }

func terminalOn(in *os.File) *terminal {
	return &terminal{in: in, lines: bufio.NewReader(in), hold: func() func() { return func() {} }}
}

// Interactive reports whether somebody can answer.
func (t *terminal) Interactive() bool { return term.IsTerminal(int(t.in.Fd())) }

// Prompt shows text and reads a line; without echo it is not shown while it is typed.
func (t *terminal) Prompt(ctx context.Context, text string, echo bool) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.hold()()
	restore := t.remember()
	fmt.Fprint(os.Stderr, text)
	got := t.unread
	if got == nil {
		got = make(chan answer, 1)
		go func() {
			line, err := t.read(echo)
			got <- answer{line, err}
		}()
	}
	t.unread = got
	select {
	case <-ctx.Done():
		restore()
		return "", ctx.Err()
	case a := <-got:
		t.unread = nil
		return a.line, a.err
	}
}

func (t *terminal) read(echo bool) (string, error) {
	if !echo && t.Interactive() {
		line, err := term.ReadPassword(int(t.in.Fd()))
		fmt.Fprintln(os.Stderr)
		return string(line), err
	}
	line, err := t.lines.ReadString('\n')
	if !t.Interactive() {
		fmt.Fprintln(os.Stderr) // nobody typed the end of the line
	}
	if err != nil && line == "" {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// Converse shows text on standard output and reads a line, from whatever standard input is.
func (t *terminal) Converse(ctx context.Context, text string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.hold()()
	fmt.Print(text)
	got := make(chan answer, 1)
	go func() {
		line, err := t.lines.ReadString('\n')
		if line != "" {
			err = nil
		}
		got <- answer{strings.TrimRight(line, "\r\n"), err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case a := <-got:
		return a.line, a.err
	}
}

// remember gives what brings the terminal back to how it is now.
func (t *terminal) remember() (restore func()) {
	fd := int(t.in.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return func() {}
	}
	return func() {
		if term.Restore(fd, state) == nil {
			fmt.Fprintln(os.Stderr)
		}
	}
}

// password asks for one, on a terminal or as a line of standard input.
func (t *terminal) password(ctx context.Context, question string) (string, error) {
	s, err := t.Prompt(ctx, question, false)
	if err != nil {
		return "", badOption(fmt.Errorf("%s%w", question, err))
	}
	return s, nil
}

// passphrase asks for those of keys; without a terminal such a key is left out.
func (s *session) passphrase(ctx context.Context) func(question string) (transport.Secret, error) {
	return func(question string) (transport.Secret, error) {
		if !s.terminal.Interactive() {
			return "", errors.New("there is no terminal to ask for it")
		}
		text, err := s.terminal.Prompt(ctx, question, false)
		return transport.Secret(text), err
	}
}

var (
	_ modules.Terminal      = (*terminal)(nil)
	_ executor.Conversation = (*terminal)(nil)
)
