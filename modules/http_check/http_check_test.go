package http_check_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/http_check"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/values"
)

func check(t *testing.T, pairs ...any) modules.Reply {
	t.Helper()
	sys := machine.New(machine.Options{})
	defer sys.Close()
	pairs = append([]any{"timeout", values.Int(0), "interval", values.Float(0.02)}, pairs...)
	return modules.Perform(t.Context(), http_check.Spec, modules.Call{Module: "http_check", Args: values.MapOf(pairs...)}, sys)
}

func str(s string) values.Value { return values.String(s) }

func serve(t *testing.T, handler http.HandlerFunc) values.Value {
	t.Helper()
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return str(s.URL)
}

func say(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status); io.WriteString(w, body) }
}

func passes(t *testing.T, r modules.Reply) {
	t.Helper()
	if r.Failed || r.Changed {
		t.Errorf("failed %v, changed %v: %s", r.Failed, r.Changed, r.Msg)
	}
}

func fails(t *testing.T, r modules.Reply, want string) {
	t.Helper()
	if !r.Failed || !strings.Contains(r.Msg, want) {
		t.Errorf("failed %v: %s\nwant %s", r.Failed, r.Msg, want)
	}
}

func TestWhatIsWanted(t *testing.T) {
	url := serve(t, say(200, "version 1a2b3c of n1\n"))
	passes(t, check(t, "url", url))
	passes(t, check(t, "url", url, "contains", str("1a2b3c"), "status", values.ListOf(values.Int(200), values.Int(204))))
	passes(t, check(t, "url", url, "contains", str("")))
	fails(t, check(t, "url", url, "contains", str("ffffff")), `the body must contain "ffffff"; the last answer was 200: "version 1a2b3c of n1\n" (asked 1 times in 0s)`)
	fails(t, check(t, "url", url, "not_contains", str("1a2b3c")), `the body must not contain "1a2b3c"`)
	fails(t, check(t, "url", url, "status", str("204")), "status must be 204")
	fails(t, check(t, "url", url, "status", str("204,301")), "status must be 204 or 301; the last answer was 200")
	fails(t, check(t, "url", serve(t, say(500, strings.Repeat("long ", 1000)))), "...")
}

func TestAsksUntilItIsRight(t *testing.T) {
	var asked atomic.Int32
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) < 4 {
			http.Error(w, "starting", http.StatusServiceUnavailable)
			return
		}
		io.WriteString(w, "here")
	})
	r := check(t, "url", url, "timeout", values.Int(10))
	passes(t, r)
	if attempts, _ := r.Data.Get("attempts"); values.Text(attempts) != "4" {
		t.Errorf("result: %s", values.JSON(r.Data))
	}
}

func TestWaitsForAServiceThatIsNotThereYet(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	fails(t, check(t, "url", str("http://"+address), "timeout", values.Float(0.1)), "no answer: dial tcp "+address+": connect: connection refused (asked ")
	time.AfterFunc(100*time.Millisecond, func() {
		if l, err := net.Listen("tcp", address); err == nil {
			go http.Serve(l, say(200, "here"))
		}
	})
	// Long pauses are for wrong answers: that nobody listens yet is asked for again soon.
	passes(t, check(t, "url", str("http://"+address), "timeout", values.Int(10), "interval", values.Int(3600)))
}

func TestServiceThatHangs(t *testing.T) {
	stop := make(chan struct{})
	var asked atomic.Int32
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			http.Error(w, "starting", http.StatusServiceUnavailable)
			return
		}
		<-stop
	})
	defer close(stop)
	fails(t, check(t, "url", url, "timeout", values.Float(0.3)), `status must be 200; the last answer was 503: "starting\n"`)
	fails(t, check(t, "url", url, "answer_timeout", values.Float(0.1)), "no answer: it took longer than 100ms")
}

func TestHeadersAndHost(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.Method, " ", r.Host, " ", r.Header.Get("X-Probe"))
	})
	passes(t, check(t, "url", url, "method", str("POST"), "host", str("shop.example.com"), "headers", values.MapOf("X-Probe", str("yes")),
		"contains", str("POST shop.example.com yes")))
}

func TestRedirectsAreAnswers(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) })
	passes(t, check(t, "url", url, "status", values.Int(302)))
	fails(t, check(t, "url", url), "the last answer was 302")
}

func TestCertificates(t *testing.T) {
	s := httptest.NewTLSServer(say(200, "here"))
	defer s.Close()
	fails(t, check(t, "url", str(s.URL)), "certificate")
	passes(t, check(t, "url", str(s.URL), "validate_certs", values.False))
}
