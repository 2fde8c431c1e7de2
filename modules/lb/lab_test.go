//go:build lab

package lb_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/lb"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/values"
)

const socket = "/run/haproxy/admin.sock"

// tell speaks with the real HAProxy.
func tell(t *testing.T, line string) string {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintln(conn, line)
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

func call(t *testing.T, check bool, state string, more ...any) modules.Reply {
	t.Helper()
	args := append([]any{"backend", values.String("web"), "server", values.String("n1"), "state", values.String(state)}, more...)
	return moduletest.Perform(t, lb.Spec, check, args...)
}

func text(r modules.Reply, name string) string {
	v, _ := r.Data.Get(name)
	return values.Text(v)
}

func expect(t *testing.T, r modules.Reply, changed bool, state string) {
	t.Helper()
	if r.Failed || r.Changed != changed || text(r, "state") != state {
		t.Errorf("failed %v, changed %v, state %s; want changed %v, %s: %s", r.Failed, r.Changed, text(r, "state"), changed, state, r.Msg)
	}
}

// TestHAProxy moves a server in and out of a real HAProxy, which sends to a service of
// this test in n1's place.
func TestHAProxy(t *testing.T) {
	if !moduletest.Inside(t, "lb") {
		return
	}
	slow := make(chan struct{})
	service := &http.Server{Addr: "127.0.0.1:8099", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-slow
		}
		io.WriteString(w, "here I am\n")
	})}
	go service.ListenAndServe()
	defer service.Close()
	tell(t, "set server web/n1 addr 127.0.0.1 port 8099")
	defer tell(t, "set server web/n1 addr 192.168.56.11 port 8080")
	defer tell(t, "set server web/n1 state ready")
	tell(t, "set server web/n1 state ready")

	expect(t, call(t, false, "ready"), false, "ready")
	expect(t, call(t, true, "drain"), true, "drain")
	expect(t, call(t, false, "query"), false, "ready")

	asked := make(chan string, 1)
	go func() {
		answer, err := http.Get("http://127.0.0.1:80/slow")
		if err != nil {
			asked <- err.Error()
			return
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		asked <- string(body)
	}()
	waitFor(t, func() bool { return text(call(t, false, "query"), "sessions") == "1" })

	short := call(t, false, "drain", "timeout", values.Float(0.3))
	if !short.Failed || !short.Changed || !strings.Contains(short.Msg, "1 sessions of web/n1 are still open after 300ms; it stays in state drain") {
		t.Errorf("short drain: %+v", short)
	}
	goOn := call(t, false, "drain", "timeout", values.Float(0.3), "at_deadline", values.String("go_on"))
	if goOn.Failed || goOn.Changed || len(goOn.Warnings) != 1 {
		t.Errorf("at_deadline: go_on: %+v", goOn)
	}
	time.AfterFunc(300*time.Millisecond, func() { close(slow) })
	expect(t, call(t, false, "drain", "timeout", values.Int(10)), false, "drain")
	if answer := <-asked; answer != "here I am\n" {
		t.Errorf("the open session got %q", answer)
	}
	expect(t, call(t, false, "drain"), false, "drain")

	expect(t, call(t, false, "maint"), true, "maint")
	expect(t, call(t, false, "maint"), false, "maint")
	expect(t, call(t, false, "ready"), true, "ready")
	if up := text(call(t, false, "query"), "up"); up != "True" {
		t.Errorf("ready did not wait until HAProxy sees it up: %s", up)
	}
	expect(t, call(t, false, "ready"), false, "ready")

	tell(t, "set server web/n1 weight 0")
	tell(t, "set weight web/n1 0")
	expect(t, call(t, false, "query"), false, "drain")
	expect(t, call(t, false, "ready"), true, "ready")
	if weight := text(call(t, false, "query"), "weight"); weight == "0" {
		t.Error("the weight was not given back")
	}

	service.Close()
	waitFor(t, func() bool { return text(call(t, false, "query"), "up") == "False" })
	down := call(t, false, "ready", "timeout", values.Float(0.5))
	if !down.Failed || !strings.Contains(down.Msg, "web/n1 is ready, but the balancer has not seen it up within 500ms (it says DOWN L4CON)") {
		t.Errorf("down: %+v", down)
	}
	expect(t, call(t, false, "maint"), true, "maint")
}

func TestHAProxyUnknown(t *testing.T) {
	if !moduletest.Inside(t, "lb") {
		return
	}
	unknown := []any{"backend", values.String("web"), "server", values.String("n99"), "address", values.String("192.168.56.99:8080")}
	r := moduletest.Perform(t, lb.Spec, false, append(unknown, "state", values.String("query"))...)
	if r.Failed || text(r, "known") != "False" || text(r, "line") != "server n99 192.168.56.99:8080 check" {
		t.Errorf("query: %+v", r)
	}
	r = moduletest.Perform(t, lb.Spec, false, append(unknown, "state", values.String("drain"))...)
	if !r.Failed || r.Changed || !strings.Contains(r.Msg, "the balancer does not know web/n99; add to its configuration: server n99 192.168.56.99:8080 check") {
		t.Errorf("drain: %+v", r)
	}
	r = moduletest.Perform(t, lb.Spec, false, "backend", values.String("wbe"), "server", values.String("n1"), "state", values.String("query"))
	if !r.Failed || !strings.Contains(r.Msg, `has no backend "wbe"; it has web`) {
		t.Errorf("backend: %+v", r)
	}
	r = moduletest.Perform(t, lb.Spec, false, "backend", values.String("web"), "server", values.String("n1"), "state", values.String("query"), "socket", values.String("/run/nope.sock"))
	if !r.Failed || !strings.Contains(r.Msg, `is HAProxy running, and does haproxy.cfg have the line "stats socket /run/nope.sock level admin"?`) {
		t.Errorf("socket: %+v", r)
	}
}

func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	for range 100 {
		if holds() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("waited in vain")
}
