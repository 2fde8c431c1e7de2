package balancer

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

// HTTP asks the application itself to leave and to come back: by URLs of its own, or by a
// file that its health check looks for. It runs on the application's host.
type HTTP struct {
	Server, Address string
	// File is there while the server is in. Out of the balancer it lies beside, with
	// ".out" after its name. Where it is set the URLs are not used.
	File string
	// Drain and Ready are what is asked to leave and to come back.
	Drain, Ready string
	// State tells how it is: 2xx for ready, 503 for drained; or by the words of a query
	// command. Nobody knows the state of one that does not listen. Without it the state
	// is what was set last.
	State string
	// Method is that of Drain and Ready.
	Method string
	// Settle is how long the balancer needs to notice.
	Settle time.Duration
	// StateDir is where the state is kept that was set last, where there is no State.
	StateDir string
}

// Name says which server it is.
func (h HTTP) Name() string {
	for _, name := range []string{h.Server, h.Address, h.File} {
		if name != "" {
			return name
		}
	}
	return h.Drain
}

// Query looks for the file or asks the application, and counts the connections to its port.
func (h HTTP) Query(ctx context.Context, sys modules.System) (Status, error) {
	status := Status{Known: true, Up: true, Check: "not told", Sessions: -1, Weight: -1, InOrOut: true}
	status, err := h.look(ctx, sys, status)
	if err != nil || status.Sessions >= 0 || h.Address == "" {
		return status, err
	}
	status.Sessions, err = h.sessions(sys)
	return status, err
}

func (h HTTP) look(ctx context.Context, sys modules.System, status Status) (Status, error) {
	switch {
	case h.File != "":
		_, err := sys.Stat(h.File)
		status.State, status.Check = Ready, h.File+" is there"
		if errors.Is(err, fs.ErrNotExist) {
			status.State, status.Check, err = Drain, h.File+" is not there", nil
		}
		return status, err
	case h.State == "":
		return h.memory().recall(sys, status)
	}
	code, body, err := request(ctx, sys, "GET", h.State)
	if errors.Is(err, errAway) {
		status.Up, status.Check = false, err.Error()
		return status, nil
	}
	if err != nil {
		return status, err
	}
	status.Check = fmt.Sprintf("status %d", code)
	if told, err := readWords(status, body); err == nil && told.Known {
		return told, nil
	}
	switch {
	case code/100 == 2:
		status.State = Ready
	case code == 503:
		status.State = Drain
	default:
		return status, fmt.Errorf("%s answers %d: 200 is for ready, 503 for drained", h.State, code)
	}
	return status, nil
}

func (h HTTP) memory() memory { return memory{dir: h.StateDir, kind: "http", name: h.Name()} }

// sessions counts the connections to the application's port on this host.
func (h HTTP) sessions(sys modules.System) (int, error) {
	_, port := splitPort(h.Address)
	open, err := connections(sys)
	count := 0
	for _, c := range open {
		if strconv.Itoa(int(c.local.Port())) == port {
			count++
		}
	}
	return count, err
}

// Set moves the file or asks the URL, and gives the balancer time to notice.
func (h HTTP) Set(ctx context.Context, sys modules.System, _ Status, state State) error {
	var err error
	switch {
	case h.File != "":
		err = h.move(sys, state)
	case h.State == "":
		err = h.memory().around(sys, state, func() error { return h.tell(ctx, sys, state) })
	default:
		err = h.tell(ctx, sys, state)
	}
	if err != nil {
		return fmt.Errorf("set %s to %s: %w", h.Name(), state, err)
	}
	return sleep(ctx, h.Settle)
}

func (h HTTP) move(sys modules.System, state State) error {
	aside := h.File + ".out"
	if state != Ready {
		return sys.Rename(h.File, aside)
	}
	err := sys.Rename(aside, h.File)
	if errors.Is(err, fs.ErrNotExist) {
		return sys.WriteFile(h.File, strings.NewReader(""), modules.Attributes{})
	}
	return err
}

func (h HTTP) tell(ctx context.Context, sys modules.System, state State) error {
	target := h.Drain
	if state == Ready {
		target = h.Ready
	}
	code, body, err := request(ctx, sys, h.Method, target)
	if state != Ready && errors.Is(err, errAway) {
		return nil // it serves nobody
	}
	if err == nil && code/100 != 2 {
		const enough = 200
		err = fmt.Errorf("%s answers %d: %.*q", target, code, enough, strings.TrimSpace(body))
	}
	return err
}

// errAway is an application that nobody can connect to.
var errAway = errors.New("the application does not listen")

// request speaks the little of HTTP that is needed, over a connection of the host: the
// helper does not carry net/http.
func request(ctx context.Context, sys modules.System, method, target string) (code int, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	to, err := url.Parse(target)
	if err != nil {
		return 0, "", err
	}
	conn, err := sys.Dial(ctx, "tcp", withPort(to.Host))
	if err != nil {
		return 0, "", fmt.Errorf("ask %s: %w: %w", target, errAway, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	// In HTTP/1.0 an answer ends with the connection, and is never in chunks.
	fmt.Fprintf(conn, "%s %s HTTP/1.0\r\nHost: %s\r\nUser-Agent: gdeploy\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", method, to.RequestURI(), to.Host)
	const enough = 64 << 10
	answer, err := io.ReadAll(io.LimitReader(conn, enough))
	if ctx.Err() != nil {
		err = fmt.Errorf("no answer within %s", answerTime)
	}
	code, body, ok := readAnswer(answer)
	switch {
	case ok:
		return code, body, nil
	case err == nil:
		err = errors.New("that is no HTTP")
	}
	return 0, "", fmt.Errorf("ask %s: %w", target, err)
}

// readAnswer takes an answer apart, which may also be that of an HTTP/1.1 server.
func readAnswer(answer []byte) (code int, body string, ok bool) {
	r := bufio.NewReader(bytes.NewReader(answer))
	line, _ := r.ReadString('\n')
	words := strings.Fields(line)
	if len(words) < 2 || !strings.HasPrefix(words[0], "HTTP/1.") {
		return 0, "", false
	}
	code, err := strconv.Atoi(words[1])
	for err == nil && strings.TrimSpace(line) != "" {
		line, err = r.ReadString('\n')
	}
	rest, _ := io.ReadAll(r)
	return code, string(rest), err == nil
}
