package serve

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/yamux"
	"go.uber.org/goleak"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder runs calls until they are released or cancelled, and notes what happens.
type recorder struct {
	mu      sync.Mutex
	events  []string
	release chan struct{}
	slow    time.Duration // how long a call takes to end when it is cancelled
}

func (r *recorder) note(event string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, event)
}

func (r *recorder) noted() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

func (r *recorder) Run(ctx context.Context, call modules.Call, _ Session) modules.Reply {
	r.note("start " + call.Module)
	select {
	case <-r.release:
		r.note("end " + call.Module)
		return modules.Reply{}
	case <-ctx.Done():
		time.Sleep(r.slow)
		r.note("cancelled " + call.Module)
		return modules.Reply{Failed: true, ErrorKind: modules.KindCanceled}
	}
}

// noticing is a connection that tells when its side has closed it.
type noticing struct {
	net.Conn
	closed func()
}

func (n noticing) Close() error {
	defer n.closed()
	return n.Conn.Close()
}

// serving starts a server and gives the controller's side of its session. cut returns when the
// server has noticed.
func serving(t *testing.T, o Options) (session *yamux.Session, cut func(), ended <-chan struct{}) {
	t.Helper()
	ours, theirs := net.Pipe()
	done, noticed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		if err := Serve(context.Background(), noticing{theirs, sync.OnceFunc(func() { close(noticed) })}, o); err != nil {
			t.Error(err)
		}
	}()
	greeting := wire.NewGreeting(ours)
	if _, hello, err := greeting.Next(); err != nil || hello == nil {
		t.Fatal(err)
	}
	session, err := wire.Controller(struct {
		io.Reader
		io.Writer
		io.Closer
	}{greeting.Reader(), ours, ours})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	return session, func() { ours.Close(); <-noticed }, done
}

func send(t *testing.T, session *yamux.Session, calls ...modules.Call) *yamux.Stream {
	t.Helper()
	stream, err := session.OpenStream()
	if err == nil {
		err = wire.WriteMessage(stream, wire.Request{Kind: wire.KindCalls, Calls: calls})
	}
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// eventually waits until what is noted is as wanted.
func eventually(t *testing.T, r *recorder, want ...string) {
	t.Helper()
	for range 200 {
		if slices.Equal(r.noted(), want) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("got %q, want %q", r.noted(), want)
}

func TestNothingStartsWhenTheControllerHasGone(t *testing.T) {
	r := &recorder{release: make(chan struct{})}
	session, cut, ended := serving(t, Options{Runner: r})
	send(t, session, modules.Call{Module: "one"}, modules.Call{Module: "two"})
	eventually(t, r, "start one")
	cut()
	close(r.release)
	<-ended
	eventually(t, r, "start one", "end one")
}

func TestCallsAreCancelledAfterTheGrace(t *testing.T) {
	r := &recorder{}
	session, cut, ended := serving(t, Options{Runner: r, Grace: 100 * time.Millisecond})
	send(t, session, modules.Call{Module: "one"})
	eventually(t, r, "start one")
	start := time.Now()
	cut()
	<-ended
	eventually(t, r, "start one", "cancelled one")
	if d := time.Since(start); d < 100*time.Millisecond {
		t.Errorf("after %s", d)
	}
}

// Programs get time to end, and the journal to have how they did.
func TestCancelledCallsAreWaitedFor(t *testing.T) {
	r := &recorder{slow: 200 * time.Millisecond}
	session, cut, ended := serving(t, Options{Runner: r, Grace: time.Millisecond})
	send(t, session, modules.Call{Module: "one"})
	eventually(t, r, "start one")
	cut()
	<-ended
	if got := r.noted(); !slices.Equal(got, []string{"start one", "cancelled one"}) {
		t.Errorf("got %q when the helper ended", got)
	}
}

func TestClosingTheStreamCancels(t *testing.T) {
	r := &recorder{}
	session, _, _ := serving(t, Options{Runner: r})
	stream := send(t, session, modules.Call{Module: "one"})
	eventually(t, r, "start one")
	stream.Close()
	eventually(t, r, "start one", "cancelled one")
}

func TestChainsGoOverStreams(t *testing.T) {
	r := &recorder{release: make(chan struct{})}
	session, _, _ := serving(t, Options{Runner: r})
	send(t, session, modules.Call{Module: "a1", Chain: "a"})
	eventually(t, r, "start a1")
	waiting := send(t, session, modules.Call{Module: "a2", Chain: "a"})
	time.Sleep(50 * time.Millisecond)
	send(t, session, modules.Call{Module: "a3", Chain: "a"})
	send(t, session, modules.Call{Module: "b1", Chain: "b"})
	eventually(t, r, "start a1", "start b1")
	waiting.Close() // a2 gives its place up, and a3 still waits for a1
	time.Sleep(50 * time.Millisecond)
	if got := r.noted(); !slices.Equal(got, []string{"start a1", "start b1"}) {
		t.Errorf("got %q", got)
	}
	close(r.release)
	for range 200 {
		if got := r.noted(); slices.Contains(got, "end a3") {
			if slices.Contains(got, "start a2") {
				t.Errorf("a2 ran: %q", got)
			}
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("got %q", r.noted())
}

// faulty has a bug.
type faulty struct{}

func (faulty) Run(context.Context, modules.Call, Session) modules.Reply { panic("oops") }

// A job that has a bug is told of as a failure, and not as one that runs for ever.
func TestAJobWithABugFails(t *testing.T) {
	result, err := work(faulty{}, modules.Call{Module: "one", Background: &modules.Background{ID: "j1.2", LimitMS: 1000}})
	if err != nil {
		t.Fatal(err)
	}
	msg, _ := result.Get("msg")
	if text, _ := msg.AsString(); !result.Has("failed") || !strings.Contains(text, "one: a bug in gdeploy: oops") {
		t.Errorf("it says %q", text)
	}
}

func TestGreetingSkipsNoise(t *testing.T) {
	g := wire.NewGreeting(strings.NewReader("motd\n\x00GDEP\x00GDEPLOY SKIP /tmp is full\nmore" + wire.Magic + "{\"version\":1,\"uid\":7}\nrest"))
	if word, hello, err := g.Next(); word != "SKIP /tmp is full" || hello != nil || err != nil {
		t.Fatalf("got %q, %v, %v", word, hello, err)
	}
	if _, hello, err := g.Next(); err != nil || hello == nil || hello.UID != 7 {
		t.Fatalf("got %v, %v", hello, err)
	}
	if rest, _ := io.ReadAll(g.Reader()); string(rest) != "rest" {
		t.Errorf("got %q", rest)
	}
	endless := wire.NewGreeting(strings.NewReader(strings.Repeat("y\n", wire.MaxGarbage)))
	if _, _, err := endless.Next(); !errors.Is(err, wire.ErrGarbage) {
		t.Errorf("got %v", err)
	}
}

func TestTidyKeepsWhatIsNotItsOwn(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-40 * 24 * time.Hour)
	sum := func(c string) string { return strings.Repeat(c, 64) }
	for _, name := range []string{sum("a"), sum("b"), ".up.123", "somebody-elses"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	tidy(filepath.Join(dir, "gdeploy")) // not in a cache
	tidy(filepath.Join(dir, sum("b")))
	var left []string
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if want := []string{sum("b"), "somebody-elses"}; !slices.Equal(left, want) {
		t.Errorf("left %q", left)
	}
}

func TestSudoFlags(t *testing.T) {
	cases := []struct {
		become wire.Become
		want   string
	}{
		{wire.Become{Method: "sudo", User: "root"}, "sudo -H -n -u root /h helper serve"},
		{wire.Become{Method: "sudo", User: "www", Password: "x"}, "sudo -H -k -S -p NONCE -u www /h helper serve"},
		{wire.Become{Method: "sudo", User: "root", Flags: []string{"-HSn", "-E"}}, "sudo -HSn -E -u root /h helper serve"},
		{wire.Become{Method: "sudo", User: "root", Flags: []string{"-HSn", "-n"}, Password: "x"}, "sudo -HS -k -S -p NONCE -u root /h helper serve"},
		{wire.Become{Method: "doas", User: "root", Exe: "/opt/doas"}, "/opt/doas -n -u root /h helper serve"},
		{wire.Become{Method: "su", User: "root"}, "su root -c exec '/h' helper serve"},
	}
	for _, c := range cases {
		got, err := commandFor(c.become, "/h", "NONCE")
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%+v: got %q, %v", c.become, got, err)
		}
	}
}

func TestPromptsOfSuAndDoas(t *testing.T) {
	for text, want := range map[string]bool{
		"Password: ": true, "doas (deploy@n1) password: ": true, "Password:": true,
		"su: Authentication failure\n": false, "Last password change: today\n": false, "": false,
	} {
		if got := asksForPassword([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
