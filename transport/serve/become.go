package serve

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/yamux"

	"github.com/gdeploy/gdeploy/transport/wire"
)

// ending is how long a program is waited for whose input has ended.
const ending = 5 * time.Second

// becoming is how long sudo, su or doas may take until the other helper greets.
const becoming = 30 * time.Second

// become starts a helper as another user and carries its bytes.
func (s *server) become(stream *yamux.Stream, b wire.Become) {
	if !s.begin() {
		return
	}
	defer s.running.Done()
	other, hello, err := startAs(s.Hello, b)
	if err != nil {
		_ = wire.WriteMessage(stream, wire.Answer{Error: err.Error(), Password: isPassword(err)})
		return
	}
	defer other.end()
	if err := wire.WriteMessage(stream, wire.Answer{Hello: hello}); err != nil {
		return
	}
	go func() {
		_, _ = io.Copy(other.stdin, stream)
		_ = other.stdin.Close()
	}()
	_, _ = io.Copy(stream, other.stdout)
}

// passwordError is about a password that is missing or wrong.
type passwordError struct{ error }

func isPassword(err error) bool {
	_, ok := err.(passwordError)
	return ok
}

// escalation is sudo, su or doas under way, and what it says before the helper speaks.
type escalation struct {
	become wire.Become
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout io.Reader
	pipe   *os.File // stdout's
	// prompt tells whether what was said ends in the question for the password.
	prompt func(said []byte) bool

	mu       sync.Mutex
	said     []byte
	answered bool
	wrong    error // why it was given up
	started  bool  // the helper speaks
}

// startAs gives the other user's helper, behind its Hello.
func startAs(self wire.Hello, b wire.Become) (*escalation, wire.Hello, error) {
	program, err := programFor(self, b.User)
	if err != nil {
		return nil, wire.Hello{}, err
	}
	e := &escalation{become: b}
	if err := e.start(self, program); err != nil {
		return nil, wire.Hello{}, fmt.Errorf("start %s: %w", b.Method, err)
	}
	hello, err := e.greeted()
	if err != nil {
		e.end()
		return nil, wire.Hello{}, e.explain(err)
	}
	return e, hello, nil
}

// start runs the command with its pipes, and a terminal where the method wants one.
func (e *escalation) start(self wire.Hello, program string) error {
	nonce := rand.Text()
	argv, err := commandFor(e.become, program, nonce)
	if err != nil {
		return err
	}
	e.cmd = exec.Command(argv[0], argv[1:]...)
	e.cmd.Env = append(os.Environ(), "LC_ALL=C")
	e.cmd.WaitDelay = time.Second
	e.prompt = func(said []byte) bool { return bytes.Contains(said, []byte(nonce)) }
	if e.become.Method != "sudo" {
		e.prompt = asksForPassword
	}
	if direct(self, e.become) {
		if err := e.setUser(program); err != nil {
			return err
		}
	}
	stdout, theirs, err := os.Pipe()
	if err != nil {
		return err
	}
	defer theirs.Close()
	e.cmd.Stdout, e.stdout, e.pipe = theirs, stdout, stdout
	e.cmd.Stderr = listener{e}
	return e.run()
}

// run starts the command, its stdin a pipe or a terminal.
func (e *escalation) run() error {
	if e.become.Method == "sudo" {
		e.setSession(false)
		stdin, err := e.cmd.StdinPipe()
		if err != nil {
			return err
		}
		e.stdin = stdin
		return e.cmd.Start()
	}
	terminal, theirs, err := openTerminal()
	if err != nil {
		return fmt.Errorf("open a terminal: %w", err)
	}
	defer theirs.Close()
	e.cmd.Stdin, e.stdin = theirs, terminal
	e.setSession(true)
	if err := e.cmd.Start(); err != nil {
		_ = terminal.Close()
		return err
	}
	go func() { _, _ = io.Copy(listener{e}, terminal) }()
	return nil
}

// greeted waits for the other helper.
func (e *escalation) greeted() (wire.Hello, error) {
	timer := time.AfterFunc(becoming, func() { e.giveUp(fmt.Errorf("no helper after %s", becoming)) })
	defer timer.Stop()
	greeting := wire.NewGreeting(e.stdout)
	word, hello, err := greeting.Next()
	if err == nil && hello == nil {
		err = fmt.Errorf("unexpected word %q", word)
	}
	if err != nil {
		return wire.Hello{}, err
	}
	e.mu.Lock()
	e.started = true
	e.mu.Unlock()
	e.stdout = greeting.Reader()
	return *hello, nil
}

// listener hears what the command says to the operator.
type listener struct{ e *escalation }

// Write looks for the question for the password, and answers it once.
func (l listener) Write(p []byte) (int, error) {
	e := l.e
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.started {
		_, _ = os.Stderr.Write(p)
		return len(p), nil
	}
	e.said = append(e.said, p...)
	if len(e.said) > 64<<10 {
		e.said = e.said[len(e.said)-32<<10:]
	}
	if !e.prompt(e.said) {
		return len(p), nil
	}
	e.said = nil
	switch {
	case e.become.Password == "":
		e.abandon(passwordError{fmt.Errorf("%s wants a password", e.become.Method)})
	case e.answered:
		e.abandon(passwordError{fmt.Errorf("%s does not accept the password", e.become.Method)})
	default:
		e.answered = true
		_, _ = io.WriteString(e.stdin, e.become.Password+"\n")
	}
	return len(p), nil
}

// giveUp ends the command and remembers why.
func (e *escalation) giveUp(why error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.started {
		e.abandon(why)
	}
}

func (e *escalation) abandon(why error) {
	if e.wrong == nil {
		e.wrong = why
	}
	_ = e.stdin.Close()      // a program of root's cannot be killed, but sees the end of its input
	_ = e.cmd.Process.Kill() // where it may be
	_ = e.pipe.SetReadDeadline(time.Now().Add(2 * time.Second))
}

// end closes the command's input and waits for it.
func (e *escalation) end() {
	_ = e.stdin.Close()
	_ = e.pipe.Close()
	ended := make(chan struct{})
	go func() {
		_ = e.cmd.Wait() // how it ended shows in what it said
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(ending): // it may be root's, and cannot be killed then
	}
}

// explain says why there is no helper, in the command's own words where it has some.
func (e *escalation) explain(err error) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.wrong != nil {
		return e.wrong
	}
	said := strings.TrimSpace(strings.ToValidUTF8(string(e.said), "?"))
	lines := strings.Split(said, "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	if last == "" {
		return fmt.Errorf("%s gave no helper and says nothing: %w", e.become.Method, err)
	}
	for _, words := range []string{"password is required", "terminal is required", "no password was provided", "Authentication failure", "Authentication failed", "Authorization required", "incorrect password"} {
		if strings.Contains(last, words) {
			return passwordError{fmt.Errorf("%s says %q", e.become.Method, last)}
		}
	}
	return fmt.Errorf("%s says %q", e.become.Method, last)
}

// asksForPassword tells whether what was said ends like the question of su or doas.
func asksForPassword(said []byte) bool {
	end := strings.ToLower(strings.TrimRight(string(said), " "))
	return strings.HasSuffix(end, ":") && strings.Contains(end[strings.LastIndexByte(end, '\n')+1:], "password")
}
