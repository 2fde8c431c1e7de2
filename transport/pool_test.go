package transport_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/values"
)

var local = transport.Target{Host: "here", Connection: "local"}

func newPool(t testing.TB, o transport.Options) *transport.Pool {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	pool := transport.NewPool(o)
	t.Cleanup(func() { pool.Close() })
	return pool
}

func TestCallGivesTheReply(t *testing.T) {
	pool := newPool(t, transport.Options{})
	reply, err := pool.Call(t.Context(), local, text("echo", "hello"), nil, nil)
	if err != nil || reply.Msg != "hello" {
		t.Fatalf("got %+v, %v", reply, err)
	}
}

func TestFailureIsAReply(t *testing.T) {
	pool := newPool(t, transport.Options{})
	reply, err := pool.Call(t.Context(), local, text("fail", "no such file"), nil, nil)
	if err != nil || !reply.Failed || reply.Msg != "no such file" {
		t.Fatalf("got %+v, %v", reply, err)
	}
}

func TestPanicIsAFailureOfItsCallOnly(t *testing.T) {
	pool := newPool(t, transport.Options{})
	reply, err := pool.Call(t.Context(), local, text("panic", "oops"), nil, nil)
	if err != nil || !reply.Failed || !strings.Contains(reply.Msg, "a bug in gdeploy: oops") {
		t.Fatalf("got %+v, %v", reply, err)
	}
	if _, err := pool.Call(t.Context(), local, text("echo", "x"), nil, nil); err != nil {
		t.Fatal(err)
	}
}

func TestStdoutIsNotTheProtocol(t *testing.T) {
	pool := newPool(t, transport.Options{})
	reply, err := pool.Call(t.Context(), local, text("print", "noise on stdout"), nil, nil)
	if err != nil || reply.Msg != "from a child\n" {
		t.Fatalf("got %+v, %v", reply, err)
	}
}

func TestProgressComesInOrder(t *testing.T) {
	pool := newPool(t, transport.Options{})
	var lines []string
	_, err := pool.Call(t.Context(), local, text("lines", "one two three"), nil, func(line string) { lines = append(lines, line) })
	if err != nil || !slices.Equal(lines, []string{"one", "two", "three"}) {
		t.Fatalf("got %q, %v", lines, err)
	}
}

func TestBatchKeepsChainsApart(t *testing.T) {
	pool := newPool(t, transport.Options{})
	file := filepath.Join(t.TempDir(), "log")
	var calls []modules.Call
	for i := range 20 {
		call := text("append", fmt.Sprintf("%s %d", file, i))
		call.Chain = "one"
		calls = append(calls, call)
	}
	slow := text("sleep", "300ms")
	slow.Chain = "other"
	calls = append([]modules.Call{slow}, calls...)
	var order []int
	err := pool.Batch(t.Context(), local, calls, transport.BatchOptions{Each: func(i int, _ modules.Reply) { order = append(order, i) }})
	if err != nil || len(order) != 21 || order[20] != 0 {
		t.Fatalf("got %v, %v", order, err)
	}
	content, _ := os.ReadFile(file)
	if want := "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n16\n17\n18\n19\n"; string(content) != want {
		t.Fatalf("got %q", content)
	}
}

func TestBatchStopsAtFailure(t *testing.T) {
	pool := newPool(t, transport.Options{})
	calls := []modules.Call{text("echo", "a"), text("fail", "b"), text("echo", "c")}
	for _, stop := range []bool{false, true} {
		var got []int
		err := pool.Batch(t.Context(), local, calls, transport.BatchOptions{StopOnFailure: stop, Each: func(i int, _ modules.Reply) { got = append(got, i) }})
		want := []int{0, 1, 2}
		if stop {
			want = []int{0, 1}
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("stop %v: got %v, %v", stop, got, err)
		}
	}
}

func TestCancelEndsTheCallAndKeepsTheConnection(t *testing.T) {
	pool := newPool(t, transport.Options{})
	if _, err := pool.Connect(t.Context(), local); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(200*time.Millisecond, cancel)
	start := time.Now()
	reply, err := pool.Call(ctx, local, text("sleep", "1h"), nil, nil)
	if !errors.Is(err, context.Canceled) || reply.ErrorKind != modules.KindCanceled || time.Since(start) > 5*time.Second {
		t.Fatalf("got %+v, %v after %s", reply, err, time.Since(start))
	}
	if _, err := pool.Call(t.Context(), local, text("echo", "x"), nil, nil); err != nil {
		t.Fatal(err)
	}
}

func TestDeadHelperIsUnreachable(t *testing.T) {
	pool := newPool(t, transport.Options{})
	for _, module := range []string{"die", "echo"} { // and stays so: no reconnecting behind one's back
		_, err := pool.Call(t.Context(), local, text(module, ""), nil, nil)
		if transport.KindOf(err) != transport.KindLost || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("%s: got %v", module, err)
		}
	}
	pool.Reset(local)
	if _, err := pool.Call(t.Context(), local, text("echo", ""), nil, nil); err != nil {
		t.Fatal(err)
	}
}

func TestDialCarriesAConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.Copy(conn, io.LimitReader(conn, 5))
	}()
	pool := newPool(t, transport.Options{})
	conn, err := pool.Dial(t.Context(), local, "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "hello")
	answer, err := io.ReadAll(conn)
	if err != nil || string(answer) != "hello" {
		t.Fatalf("got %q, %v", answer, err)
	}
	listener.Close()
	_, err = pool.Dial(t.Context(), local, "tcp", listener.Addr().String())
	if err == nil || transport.KindOf(err) != "" || !strings.Contains(err.Error(), "refused") {
		t.Fatalf("got %v", err)
	}
}

// shelf is content by its sum; it counts how often each was opened.
type shelf struct {
	mu     sync.Mutex
	blobs  map[string][]byte
	opened int
}

type book struct{ *bytes.Reader }

func (book) Close() error { return nil }

func (s *shelf) Open(sum string) (io.ReadSeekCloser, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened++
	content, ok := s.blobs[sum]
	if !ok {
		return nil, errors.New("no blob " + sum)
	}
	return book{bytes.NewReader(content)}, nil
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func blobCall(sum string, size, offset int) modules.Call {
	return modules.Call{Module: "blob", Args: values.MapOf("sha256", values.String(sum), "size", values.Int(int64(size)), "offset", values.Int(int64(offset)))}
}

func TestBlobsArePulled(t *testing.T) {
	noise := make([]byte, 3_000_001)
	_, _ = rand.Read(noise)
	contents := map[string][]byte{"empty": {}, "short": []byte("x"), "even": bytes.Repeat([]byte("0123456789abcdef"), 1<<16), "noise": noise}
	pool := newPool(t, transport.Options{})
	for name, content := range contents {
		stock := &shelf{blobs: map[string][]byte{sumOf(content): content}}
		for _, offset := range []int{0, len(content) / 3, len(content)} {
			reply, err := pool.Call(t.Context(), local, blobCall(sumOf(content), len(content), offset), stock, nil)
			want := fmt.Sprint(len(content)-offset, " ", sumOf(content[offset:]))
			if err != nil || reply.Msg != want {
				t.Errorf("%s from %d: got %+v, %v", name, offset, reply, err)
			}
		}
	}
}

func TestBlobsAreVerified(t *testing.T) {
	sum := sumOf([]byte("right"))
	cases := map[string]struct {
		content transport.Content
		want    string
	}{
		"changed":  {&shelf{blobs: map[string][]byte{sum: []byte("wrong")}}, "not those of SHA-256"},
		"longer":   {&shelf{blobs: map[string][]byte{sum: []byte("right!")}}, "has 6 bytes now and had 5"},
		"missing":  {&shelf{}, "no blob"},
		"no offer": {nil, "was given no content"},
	}
	for name, c := range cases {
		pool := newPool(t, transport.Options{})
		reply, err := pool.Call(t.Context(), local, blobCall(sum, 5, 0), c.content, nil)
		if err != nil || !reply.Failed || !strings.Contains(reply.Msg, c.want) {
			t.Errorf("%s: got %+v, %v", name, reply, err)
		}
	}
}

func TestManyCallsAtOnce(t *testing.T) {
	pool := newPool(t, transport.Options{})
	var callers sync.WaitGroup
	for i := range 300 {
		callers.Go(func() {
			want := strings.Repeat(fmt.Sprint(i), 2000)
			reply, err := pool.Call(t.Context(), local, text("echo", want), nil, nil)
			if err != nil || reply.Msg != want {
				t.Errorf("call %d: %v", i, err)
			}
		})
	}
	callers.Wait()
}

func TestJournalRemembersCalls(t *testing.T) {
	pool := newPool(t, transport.Options{})
	calls := []modules.Call{text("echo", "a"), text("fail", "b"), text("die", "")}
	for i := range calls {
		calls[i].Step, calls[i].Run.ID = fmt.Sprint("step ", i), "run-1"
	}
	if err := pool.Batch(t.Context(), local, calls, transport.BatchOptions{}); transport.KindOf(err) != transport.KindLost {
		t.Fatal(err)
	}
	pool.Reset(local)
	secret := text("echo", "hush")
	secret.Step, secret.Run.ID, secret.NoLog = "step 3", "run-1", true
	if err := pool.Batch(t.Context(), local, []modules.Call{secret}, transport.BatchOptions{}); err != nil {
		t.Fatal(err)
	}
	pool.Reset(local)
	entries, err := pool.Journal(t.Context(), local, "run-1")
	if err != nil || len(entries) != 4 {
		t.Fatalf("got %+v, %v", entries, err)
	}
	if entries[0].Reply.Msg != "a" || !entries[1].Reply.Failed || entries[2].Reply != nil || entries[2].BootID == "" {
		t.Fatalf("got %+v", entries)
	}
	if e := entries[3]; !e.Withheld || e.Reply == nil || e.Reply.Msg != "" || e.Args != "" {
		t.Fatalf("of a call with no_log the host keeps %+v", e)
	}
	if none, err := pool.Journal(t.Context(), local, "../../etc/passwd"); err != nil || len(none) != 1 || !none[0].Incomplete {
		t.Fatalf("got %v, %v", none, err)
	}
	if none, err := pool.Journal(t.Context(), local, "run-2"); err != nil || none != nil {
		t.Fatalf("of a run that was never here it knows %v, %v", none, err)
	}
	if err := os.WriteFile(filepath.Join(os.Getenv("HOME"), ".cache/gdeploy/run/run-3.log"), []byte(`{"step":"a","mod`), 0o600); err != nil {
		t.Fatal(err)
	}
	if cut, err := pool.Journal(t.Context(), local, "run-3"); err != nil || len(cut) != 1 || !cut[0].Incomplete {
		t.Fatalf("of a run whose lines did not fit on the disk it knows %v, %v", cut, err)
	}
}

func TestExecNeedsNoHelper(t *testing.T) {
	pool := newPool(t, transport.Options{})
	out, err := pool.Exec(t.Context(), local, "cat; echo err >&2; exit 3", strings.NewReader("in"))
	if err != nil || string(out.Stdout) != "in" || string(out.Stderr) != "err\n" || out.RC != 3 {
		t.Fatalf("got %+v, %v", out, err)
	}
	out, err = pool.Exec(t.Context(), local, "kill -9 $$", nil)
	if err != nil || out.RC != 137 {
		t.Fatalf("got %+v, %v", out, err)
	}
}
