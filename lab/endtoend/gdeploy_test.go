//go:build lab

package endtoend

import (
	"bytes"
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// result is what the operator got from a command of gdeploy.
type result struct {
	command string
	code    int
	out     string // what was printed, errors too
}

// gdeploy runs bin/gdeploy on the controller.
func gdeploy(t *testing.T, args ...string) result {
	t.Helper()
	return typing(t, "", args...)
}

// typing runs bin/gdeploy with something on its standard input, which is no terminal.
func typing(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	return start(t, stdin, args...).wait(t)
}

// exits wants an exit code.
func (r result) exits(t *testing.T, code int) result {
	t.Helper()
	if r.code != code {
		t.Fatalf("%s: exit code %d, want %d\n%s", r.command, r.code, code, r.out)
	}
	return r
}

// says wants words that the operator reads. Line ends count as blanks.
func (r result) says(t *testing.T, words ...string) result {
	t.Helper()
	text := strings.Join(strings.Fields(r.out), " ")
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s: the output has no %q\n%s", r.command, w, r.out)
		}
	}
	return r
}

// saysNot wants words not to be there.
func (r result) saysNot(t *testing.T, words ...string) result {
	t.Helper()
	for _, w := range words {
		if strings.Contains(r.out, w) {
			t.Errorf("%s: the output has %q\n%s", r.command, w, r.out)
		}
	}
	return r
}

// find gives what the expression's group matches in the output.
func (r result) find(t *testing.T, expression string) string {
	t.Helper()
	found := regexp.MustCompile(expression).FindStringSubmatch(r.out)
	if found == nil {
		t.Fatalf("%s: the output has nothing like %s\n%s", r.command, expression, r.out)
	}
	return found[len(found)-1]
}

// changes tells whether the recap counts a change on any host.
func (r result) changes() bool { return regexp.MustCompile(`changed=[1-9]`).MatchString(r.out) }

// running is a gdeploy under way.
type running struct {
	command string
	cmd     *exec.Cmd
	out     buffer
	ended   chan struct{}
	err     error // of its end
	// reached is closed where the run is stopped at a moment; only deployUntil's runs have it.
	reached chan struct{}
}

// buffer can be read while it is written to.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// tooLong is when a run counts as one that hangs.
const tooLong = 3 * time.Minute

// command runs a command on the controller.
func command(t *testing.T, stdin string, words ...string) result {
	t.Helper()
	return starting(t, stdin, words...).wait(t)
}

// start starts bin/gdeploy and does not wait for it.
func start(t *testing.T, stdin string, args ...string) *running {
	t.Helper()
	return starting(t, stdin, append([]string{"gdeploy"}, args...)...)
}

// starting starts a command on the controller and does not wait for it.
func starting(t *testing.T, stdin string, words ...string) *running {
	t.Helper()
	r := &running{command: strings.Join(words, " "), ended: make(chan struct{})}
	r.cmd = onController(t.Context(), words...)
	r.cmd.Stdin = strings.NewReader(stdin)
	r.cmd.Stdout, r.cmd.Stderr = &r.out, &r.out
	r.cmd.WaitDelay = time.Second
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		r.err = r.cmd.Wait()
		close(r.ended)
	}()
	return r
}

// wait waits for the end of the run.
func (r *running) wait(t *testing.T) result {
	t.Helper()
	select {
	case <-r.ended:
	case <-time.After(tooLong):
		_ = r.cmd.Process.Signal(syscall.SIGQUIT)
		<-r.ended
		t.Fatalf("%s: it hung for %s\n%s", r.command, tooLong, r.out.String())
	}
	var exit *exec.ExitError
	if r.err != nil && !errors.As(r.err, &exit) {
		t.Fatalf("%s: %v\n%s", r.command, r.err, r.out.String())
	}
	return result{command: r.command, code: r.cmd.ProcessState.ExitCode(), out: r.out.String()}
}

// reaches waits until the output has those words, that many times.
func (r *running) reaches(t *testing.T, words string, times int) {
	t.Helper()
	late := time.After(tooLong)
	for over := false; strings.Count(r.out.String(), words) < times; {
		if over {
			t.Fatalf("%s: did not come to %q\n%s", r.command, words, r.out.String())
		}
		select {
		case <-time.After(2 * time.Millisecond):
		case <-r.ended:
			over = true
		case <-late:
			over = true
		}
	}
}

// signal sends gdeploy a signal: os.Interrupt is Ctrl-C.
func (r *running) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := r.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}
