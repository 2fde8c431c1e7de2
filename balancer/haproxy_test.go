package balancer_test

import (
	"bufio"
	"fmt"
	"net"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/balancer"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
)

// server is a server of the fake HAProxy.
type server struct {
	admin, uweight, iweight int
	status                  string
	scur, qcur              int
}

// fake speaks HAProxy's runtime protocol: one line, one answer, end.
type fake struct {
	mu      sync.Mutex
	servers map[string]*server // backend/name
	told    []string
	denied  bool
	// after is called with the lock held after each question.
	after func(f *fake)
}

func (f *fake) serve(t *testing.T) string {
	t.Helper()
	return f.listen(t, "unix", filepath.Join(t.TempDir(), "admin.sock"))
}

func (f *fake) listen(t *testing.T, network, address string) string {
	t.Helper()
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			line, _ := bufio.NewReader(conn).ReadString('\n')
			fmt.Fprint(conn, f.answer(strings.TrimSpace(line)))
			conn.Close()
		}
	}()
	return l.Addr().String()
}

func (f *fake) answer(line string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.after != nil {
		defer f.after(f)
	}
	switch {
	case line == "show servers state":
		return f.states()
	case line == "show stat":
		return f.stats()
	case f.denied:
		return "Permission denied\n\n"
	}
	f.told = append(f.told, line)
	words := strings.Fields(line)
	s := f.servers[words[len(words)-2]]
	if words[1] == "server" {
		s = f.servers[words[2]]
		s.admin = map[string]int{"ready": 0, "drain": 8, "maint": 1}[words[4]]
		s.status = map[string]string{"ready": "UP", "drain": "DRAIN", "maint": "MAINT"}[words[4]]
		return "\n"
	}
	fmt.Sscan(words[3], &s.uweight)
	return "\n"
}

// states has columns in an order and with extras that other versions have.
func (f *fake) states() string {
	text := "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight srv_time_since_last_change\n"
	for _, name := range f.names() {
		backend, server, _ := strings.Cut(name, "/")
		s := f.servers[name]
		text += fmt.Sprintf("3 %s 1 %s 10.0.0.1 2 %d %d %d 77\n", backend, server, s.admin, s.uweight, s.iweight)
	}
	return text + "\n"
}

func (f *fake) stats() string {
	text := "# pxname,svname,qcur,qmax,scur,smax,status,weight,check_status,\n"
	seen := map[string]bool{}
	for _, name := range f.names() {
		backend, server, _ := strings.Cut(name, "/")
		s := f.servers[name]
		text += fmt.Sprintf("%s,%s,%d,9,%d,9,%s,%d,,\n", backend, server, s.qcur, s.scur, s.status, s.uweight)
		if !seen[backend] {
			text += fmt.Sprintf("%s,BACKEND,0,9,0,9,UP,1,,\n", backend)
		}
		seen[backend] = true
	}
	return text + "\n"
}

func (f *fake) names() []string {
	var names []string
	for name := range f.servers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func up() *server { return &server{uweight: 1, iweight: 1, status: "UP"} }

func recorder(t *testing.T, check bool) *modules.Recorder {
	t.Helper()
	sys := machine.New(machine.Options{})
	t.Cleanup(func() { sys.Close() })
	return modules.NewRecorder(sys, check, false, nil)
}

func TestDrainWaitsForSessionsAndQueue(t *testing.T) {
	f := &fake{servers: map[string]*server{"web/n1": up(), "api/n1": up(), "web/n2": up()}}
	f.servers["web/n1"].scur, f.servers["api/n1"].qcur = 2, 1
	f.after = func(f *fake) {
		if s := f.servers["web/n1"]; len(f.told) == 2 && s.scur > 0 {
			s.scur--
		} else if len(f.told) == 2 {
			f.servers["api/n1"].qcur = 0
		}
	}
	h := balancer.HAProxy{Sockets: []string{f.serve(t)}, Backends: []string{"web", "api"}, Server: "n1"}
	sys := recorder(t, false)
	before, after, err := balancer.Move(t.Context(), sys, h, balancer.Drain, 10*time.Second)
	if err != nil || before.State != balancer.Ready || after.State != balancer.Drain || after.Sessions != 0 {
		t.Errorf("%+v -> %+v: %v", before, after, err)
	}
	if want := []string{"set server web/n1 state drain", "set server api/n1 state drain"}; !slices.Equal(f.told, want) {
		t.Errorf("told %q", f.told)
	}
	want := []modules.Change{{Action: "set", Path: "balancer web,api/n1", Before: "ready", After: "drain"}}
	if !reflect.DeepEqual(sys.Changes(), want) {
		t.Errorf("changes %+v", sys.Changes())
	}
	if _, _, err = balancer.Move(t.Context(), sys, h, balancer.Drain, time.Second); err != nil || len(sys.Changes()) != 1 || len(f.told) != 2 {
		t.Errorf("again: %v, %v, %q", err, sys.Changes(), f.told)
	}
}

func TestCheckModeTellsAndDoesNot(t *testing.T) {
	f := &fake{servers: map[string]*server{"web/n1": up()}}
	f.servers["web/n1"].scur = 5
	h := balancer.HAProxy{Sockets: []string{f.serve(t)}, Backends: []string{"web"}, Server: "n1"}
	sys := recorder(t, true)
	_, after, err := balancer.Move(t.Context(), sys, h, balancer.Maint, time.Second)
	if err != nil || after.State != balancer.Maint || len(sys.Changes()) != 1 || f.told != nil {
		t.Errorf("%+v, %v, %v, %q", after, err, sys.Changes(), f.told)
	}
}

func TestStates(t *testing.T) {
	for name, c := range map[string]struct {
		server server
		want   balancer.Status
	}{
		"up":                {*up(), balancer.Status{State: balancer.Ready, Up: true, Check: "UP"}},
		"going down":        {server{status: "UP 1/2", uweight: 1, iweight: 1}, balancer.Status{State: balancer.Ready, Up: true, Check: "UP 1/2"}},
		"down":              {server{status: "DOWN", uweight: 1, iweight: 1}, balancer.Status{State: balancer.Ready, Check: "DOWN"}},
		"no check":          {server{status: "no check", uweight: 1, iweight: 1}, balancer.Status{State: balancer.Ready, Up: true, Check: "no check"}},
		"drained":           {server{status: "DRAIN", admin: 8, uweight: 1, iweight: 1}, balancer.Status{State: balancer.Drain, Up: true, Check: "DRAIN"}},
		"drained by weight": {server{status: "DRAIN", iweight: 5}, balancer.Status{State: balancer.Drain, Up: true, Check: "DRAIN"}},
		"weight of file":    {server{status: "DRAIN"}, balancer.Status{State: balancer.Ready, Up: true, Check: "DRAIN"}},
		"disabled in file":  {server{status: "MAINT", admin: 4, uweight: 1, iweight: 1}, balancer.Status{State: balancer.Maint, Check: "MAINT"}},
		"name not resolved": {server{status: "MAINT (resolution)", admin: 32, uweight: 1, iweight: 1}, balancer.Status{State: balancer.Maint, Check: "MAINT (resolution)"}},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fake{servers: map[string]*server{"web/n1": &c.server}}
			h := balancer.HAProxy{Sockets: []string{f.serve(t)}, Backends: []string{"web"}, Server: "n1"}
			got, err := h.Query(t.Context(), recorder(t, false))
			c.want.Known, c.want.Weight = true, c.server.uweight
			if err != nil || got != c.want {
				t.Errorf("got %+v, want %+v: %v", got, c.want, err)
			}
		})
	}
}

func TestReadyGivesTheWeightBack(t *testing.T) {
	f := &fake{servers: map[string]*server{"web/n1": {iweight: 7, status: "DRAIN"}}}
	h := balancer.HAProxy{Sockets: []string{f.serve(t)}, Backends: []string{"web"}, Server: "n1"}
	_, after, err := balancer.Move(t.Context(), recorder(t, false), h, balancer.Ready, time.Second)
	if err != nil || after.Weight != 7 || !slices.Contains(f.told, "set weight web/n1 7") {
		t.Errorf("%+v, %v, %q", after, err, f.told)
	}
}

func TestSocketWithoutLevelAdmin(t *testing.T) {
	f := &fake{servers: map[string]*server{"web/n1": up()}, denied: true}
	h := balancer.HAProxy{Sockets: []string{f.serve(t)}, Backends: []string{"web"}, Server: "n1"}
	_, _, err := balancer.Move(t.Context(), recorder(t, false), h, balancer.Drain, time.Second)
	if err == nil || !strings.Contains(err.Error(), `needs "level admin" in the line "stats socket" of haproxy.cfg`) {
		t.Error(err)
	}
}

func TestDeadline(t *testing.T) {
	f := &fake{servers: map[string]*server{"web/n1": up()}}
	f.servers["web/n1"].scur = 3
	h := balancer.HAProxy{Sockets: []string{f.serve(t)}, Backends: []string{"web"}, Server: "n1"}
	_, after, err := balancer.Move(t.Context(), recorder(t, false), h, balancer.Drain, 100*time.Millisecond)
	if !balancer.IsDeadline(err) || after.Sessions != 3 || !strings.Contains(err.Error(), "3 sessions of web/n1 are still open after 100ms; it stays in state drain") {
		t.Errorf("%+v, %v", after, err)
	}
}

func TestSeveralProcessesAlsoOverTCP(t *testing.T) {
	one, two := &fake{servers: map[string]*server{"web/n1": up(), "api/n1": up()}}, &fake{servers: map[string]*server{"web/n1": up(), "api/n1": up()}}
	one.servers["web/n1"].scur, two.servers["api/n1"].scur = 2, 3
	one.servers["web/n1"].uweight, one.servers["web/n1"].iweight = 3, 5
	h := balancer.HAProxy{Sockets: []string{one.serve(t), two.listen(t, "tcp", "127.0.0.1:0")}, Backends: []string{"web", "api"}, Server: "n1"}
	before, after, err := balancer.Move(t.Context(), recorder(t, false), h, balancer.Drain, 100*time.Millisecond)
	if !balancer.IsDeadline(err) || before.State != balancer.Ready || after.Sessions != 5 {
		t.Errorf("%+v -> %+v: %v", before, after, err)
	}
	want := []string{"set server web/n1 state drain", "set server api/n1 state drain"}
	if !slices.Equal(one.told, want) || !slices.Equal(two.told, want) {
		t.Errorf("told %q and %q", one.told, two.told)
	}
	if _, after, err = balancer.Move(t.Context(), recorder(t, false), h, balancer.Ready, time.Second); err != nil || after.State != balancer.Ready {
		t.Errorf("%+v: %v", after, err)
	}
	if s := one.servers["web/n1"]; s.uweight != 3 {
		t.Errorf("the weight that somebody set became %d", s.uweight)
	}
	two.servers["web/n1"].admin = 1
	if now, err := h.Query(t.Context(), recorder(t, false)); err != nil || now.State != balancer.Maint {
		t.Errorf("one process has it in maintenance: %+v, %v", now, err)
	}
	delete(two.servers, "web/n1")
	two.servers["web/n2"] = up()
	if now, err := h.Query(t.Context(), recorder(t, false)); err != nil || now.Known || !strings.Contains(now.Line, "(backend web) (HAProxy at 127.0.0.1:") {
		t.Errorf("one process does not know it: %+v, %v", now, err)
	}
}
