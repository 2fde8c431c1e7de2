package balancer_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/balancer"
)

// app is an application that can leave by itself.
type app struct {
	mu   sync.Mutex
	out  bool
	open int
	told []string
}

func (a *app) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch r.URL.Path {
	case "/drain", "/ready":
		a.told = append(a.told, r.Method+" "+r.URL.RequestURI())
		a.out = r.URL.Path == "/drain"
	case "/state":
		if !a.out {
			fmt.Fprintln(w, "all is well")
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintf(w, "drain %d\n", a.open)
		a.open = max(0, a.open-1)
	default:
		http.Error(w, "no such page", http.StatusNotFound)
	}
}

func TestHTTPAsksTheApplication(t *testing.T) {
	a := &app{open: 3}
	s := httptest.NewServer(a)
	defer s.Close()
	w := newWorld(t, nil)
	d := balancer.HTTP{Server: "n1", Drain: s.URL + "/drain?slow=1", Ready: s.URL + "/ready", State: s.URL + "/state", Method: "PUT", StateDir: "/state"}
	sys := w.system(t, nil)
	before, after, err := balancer.Move(t.Context(), sys, d, balancer.Drain, 5*time.Second)
	if err != nil || before.State != balancer.Ready || after.State != balancer.Drain || after.Sessions != 0 || len(sys.Changes()) != 1 {
		t.Errorf("%+v -> %+v, %v: %v", before, after, sys.Changes(), err)
	}
	if _, _, err = balancer.Move(t.Context(), sys, d, balancer.Drain, time.Second); err != nil || len(sys.Changes()) != 1 {
		t.Errorf("again: %v, %v", sys.Changes(), err)
	}
	if _, after, err = balancer.Move(t.Context(), sys, d, balancer.Ready, time.Second); err != nil || !after.Up {
		t.Errorf("%+v: %v", after, err)
	}
	if got := strings.Join(a.told, ", "); got != "PUT /drain?slow=1, PUT /ready" {
		t.Error(got)
	}
	d.Drain = s.URL + "/dran"
	if _, _, err = balancer.Move(t.Context(), sys, d, balancer.Drain, time.Second); err == nil || !strings.Contains(err.Error(), `/dran answers 404: "no such page"`) {
		t.Error(err)
	}
}

func TestHTTPRemembersWhereItCannotAsk(t *testing.T) {
	s := httptest.NewServer(&app{})
	defer s.Close()
	w := newWorld(t, nil)
	d := balancer.HTTP{Server: "n1", Drain: s.URL + "/drain", Ready: s.URL + "/ready", Method: "POST", StateDir: "/state"}
	for _, c := range []struct{ set, was balancer.State }{{balancer.Maint, ""}, {balancer.Ready, balancer.Maint}, {balancer.Ready, balancer.Ready}} {
		sys := w.system(t, nil)
		before, _, err := balancer.Move(t.Context(), sys, d, c.set, time.Second)
		if err != nil || before.State != c.was || len(sys.Changes()) != 1 {
			t.Errorf("%s: before %q, %v, %v", c.set, before.State, sys.Changes(), err)
		}
	}
}

func TestHTTPOfAnApplicationThatIsDown(t *testing.T) {
	s := httptest.NewServer(&app{})
	s.Close()
	d := balancer.HTTP{Server: "n1", Drain: s.URL + "/drain", Ready: s.URL + "/ready", State: s.URL + "/state", Method: "POST"}
	w := newWorld(t, nil)
	if _, _, err := balancer.Move(t.Context(), w.system(t, nil), d, balancer.Drain, time.Second); err != nil {
		t.Errorf("who serves nobody is drained: %v", err)
	}
	if _, _, err := balancer.Move(t.Context(), w.system(t, nil), d, balancer.Ready, time.Second); err == nil || !strings.Contains(err.Error(), "does not listen") {
		t.Error(err)
	}
}
