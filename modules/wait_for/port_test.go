package wait_for

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/values"
)

func listen(t *testing.T, address string) (net.Listener, int) {
	t.Helper()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, l.Addr().(*net.TCPAddr).Port
}

func wait(t *testing.T, text string) modules.Reply {
	t.Helper()
	args, err := modules.ParseFreeForm(Spec, text)
	if err != nil {
		t.Fatal(err)
	}
	m := machine.New(machine.Options{})
	defer m.Close()
	return modules.Perform(context.Background(), Spec, modules.Call{Module: "wait_for", Args: values.FromMap(args)}, m)
}

func TestAPortThatIsOpen(t *testing.T) {
	_, port := listen(t, "127.0.0.1:0")
	if reply := wait(t, fmt.Sprintf("port=%d timeout=5", port)); reply.Failed || reply.Changed {
		t.Errorf("got %+v", reply)
	}
}

func TestAPortThatOpensLater(t *testing.T) {
	l, port := listen(t, "127.0.0.1:0")
	l.Close()
	opened := make(chan net.Listener, 1)
	time.AfterFunc(300*time.Millisecond, func() {
		later, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Error(err)
		}
		opened <- later
	})
	if reply := wait(t, fmt.Sprintf("port=%d timeout=10 sleep=0.1", port)); reply.Failed {
		t.Errorf("got %+v", reply)
	}
	if later := <-opened; later != nil {
		later.Close()
	}
}

func TestAPortThatStaysClosed(t *testing.T) {
	l, port := listen(t, "127.0.0.1:0")
	l.Close()
	reply := wait(t, fmt.Sprintf("port=%d timeout=0.3 sleep=0.1", port))
	if want := fmt.Sprintf("Timeout when waiting for 127.0.0.1:%d", port); !reply.Failed || reply.Msg != want {
		t.Errorf("got %+v", reply)
	}
	if reply := wait(t, fmt.Sprintf("port=%d state=stopped timeout=5", port)); reply.Failed {
		t.Errorf("stopped: got %+v", reply)
	}
}

func TestAPortThatDoesNotStop(t *testing.T) {
	_, port := listen(t, "127.0.0.1:0")
	reply := wait(t, fmt.Sprintf("port=%d state=stopped timeout=0.3 sleep=0.1", port))
	if !reply.Failed || !strings.HasSuffix(reply.Msg, "to stop.") {
		t.Errorf("got %+v", reply)
	}
}

// deaf is a host that answers no connection.
type deaf struct{ modules.System }

func (deaf) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestTheTimeoutIsNoSignOfAPortThatStopped(t *testing.T) {
	m := machine.New(machine.Options{})
	defer m.Close()
	args := values.MapOf("port", values.Int(1), "state", values.String("stopped"), "timeout", values.Float(0.05))
	reply := modules.Perform(t.Context(), Spec, modules.Call{Module: "wait_for", Args: args}, deaf{m})
	if !reply.Failed || !strings.HasSuffix(reply.Msg, "to stop.") {
		t.Errorf("got %+v", reply)
	}
}

func TestWhatAPortSends(t *testing.T) {
	l, port := listen(t, "127.0.0.1:0")
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = c.Write([]byte("SSH-2.0-Open"))
			time.Sleep(50 * time.Millisecond)
			_, _ = c.Write([]byte("SSH_9.2\r\n")) // and the connection stays open
		}
	}()
	reply := wait(t, fmt.Sprintf(`port=%d timeout=5 search_regex="OpenSSH_([0-9.]+)"`, port))
	groups, _ := reply.Data.Get("match_groups")
	if reply.Failed || values.Text(groups) != "['9.']" && values.Text(groups) != "['9.2']" {
		t.Errorf("got %+v", reply)
	}
	silent := wait(t, fmt.Sprintf(`port=%d timeout=0.5 sleep=0.1 search_regex=nothing`, port))
	if !silent.Failed || !strings.HasPrefix(silent.Msg, "Timeout when waiting for search string nothing in") {
		t.Errorf("got %+v", silent)
	}
}

func TestConnectionsAreDrained(t *testing.T) {
	for _, address := range []string{"127.0.0.1", "::1"} {
		l, port := listen(t, net.JoinHostPort(address, "0"))
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		busy := wait(t, fmt.Sprintf("host=%s port=%d state=drained timeout=0.3 sleep=0.1", address, port))
		if !busy.Failed || !strings.HasSuffix(busy.Msg, "to drain") {
			t.Errorf("busy: got %+v", busy)
		}
		excluded := wait(t, fmt.Sprintf("host=%s port=%d state=drained timeout=0.3 sleep=0.1 exclude_hosts=%s", address, port, address))
		if excluded.Failed {
			t.Errorf("excluded: got %+v", excluded)
		}
		// Closed from this side, so that the port itself has nothing left in TIME_WAIT.
		conn.Close()
		if server, err := l.Accept(); err == nil {
			server.Close()
		}
		free := wait(t, fmt.Sprintf("host=%s port=%d state=drained timeout=5 sleep=0.1 active_connection_states=ESTABLISHED", address, port))
		if free.Failed {
			t.Errorf("free: got %+v", free)
		}
	}
}
