//go:build lab

package lb_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/lb"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/values"
)

const (
	upstreamFile = "/etc/nginx/web.upstream"
	nginxLock    = "/run/lock/gdeploy-lb-%2Fetc%2Fnginx%2Fweb.upstream"
	upstreamText = `upstream web {
    # by hand: keep this comment
    server 127.0.0.1:8091 weight=2 max_fails=0;
    server 127.0.0.1:8092 max_fails=0;
    server 127.0.0.1:8093 max_fails=0;
    keepalive 8;
}
`
	siteText = `include /etc/nginx/web.upstream;
server { listen 8090; location / { proxy_pass http://web; proxy_http_version 1.1; proxy_set_header Connection ""; } }
`
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, argv ...string) {
	t.Helper()
	if out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%q: %v: %s", argv, err, out)
	}
}

func content(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	must(t, err)
	return string(text)
}

// application listens as one server; /slow answers when slow is closed.
func application(t *testing.T, address string, slow chan struct{}) {
	name := address[len(address)-1:]
	s := &http.Server{Addr: address, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-slow
		}
		io.WriteString(w, name)
	})}
	go s.ListenAndServe()
	t.Cleanup(func() { s.Close() })
}

// unpooled connects anew for each request. A connection that the usual client opened ahead and has not used yet may lie with a
// worker that is shutting down, and nginx serves what comes on it by its old configuration.
var unpooled = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// get asks nginx by a new connection, and gives the server that answered.
func get(path string) (string, error) { return getBy(unpooled, path) }

func getBy(client *http.Client, path string) (string, error) {
	answer, err := client.Get("http://127.0.0.1:8090" + path)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", answer.StatusCode)
	}
	return string(body), err
}

func callNginx(t *testing.T, server int, check bool, state string, more ...any) modules.Reply {
	t.Helper()
	args := append([]any{"driver", values.String("nginx"), "file", values.String(upstreamFile), "upstream", values.String("web"),
		"server", values.String(fmt.Sprint("n", server)), "address", values.String(fmt.Sprintf("127.0.0.1:809%d", server)),
		"state", values.String(state)}, more...)
	return moduletest.Perform(t, lb.Spec, check, args...)
}

// startNginx has the host's nginx listen on 8090 for three servers.
func startNginx(t *testing.T) {
	t.Helper()
	os.Remove("/etc/nginx/sites-enabled/default") // it wants HAProxy's port
	must(t, os.WriteFile(upstreamFile, []byte(upstreamText), 0o640))
	must(t, os.WriteFile("/etc/nginx/conf.d/lab.conf", []byte(siteText), 0o644))
	run(t, "systemctl", "restart", "nginx")
	t.Cleanup(func() {
		run(t, "systemctl", "stop", "nginx")
		os.Remove("/etc/nginx/conf.d/lab.conf")
		os.Remove(upstreamFile)
	})
}

// TestNginx moves a server in and out of a real nginx under load.
func TestNginx(t *testing.T) {
	if !moduletest.Inside(t, "lb") {
		return
	}
	slow := make(chan struct{})
	for _, address := range []string{"127.0.0.1:8091", "127.0.0.1:8092", "127.0.0.1:8093"} {
		application(t, address, slow)
	}
	startNginx(t)
	expect(t, callNginx(t, 1, false, "ready"), false, "ready")
	expect(t, callNginx(t, 1, true, "drain"), true, "drain")
	expect(t, callNginx(t, 1, false, "query"), false, "ready")
	if now := content(t, upstreamFile); now != upstreamText {
		t.Errorf("check mode wrote\n%s", now)
	}

	var asked, failed atomic.Int32
	done := make(chan struct{})
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				asked.Add(1)
				if _, err := getBy(http.DefaultClient, "/"); err != nil {
					failed.Add(1)
					t.Log(err)
				}
			}
		})
	}

	for round := range 5 {
		expect(t, callNginx(t, 1, false, "drain", "timeout", values.Int(10)), true, "drain")
		for range 30 {
			if server, err := get("/"); err != nil || server == "1" {
				t.Fatalf("round %d: a drained server answered %q: %v", round, server, err)
			}
		}
		if now := content(t, upstreamFile); now != strings.Replace(upstreamText, "weight=2 max_fails=0;", "weight=2 max_fails=0 down;", 1) {
			t.Errorf("the file became\n%s", now)
		}
		expect(t, callNginx(t, 1, false, "maint"), false, "maint")
		expect(t, callNginx(t, 1, false, "ready"), true, "ready")
		if now := content(t, upstreamFile); now != upstreamText {
			t.Errorf("the file became\n%s", now)
		}
		waitFor(t, func() bool { server, err := get("/"); return err == nil && server == "1" })
	}
	close(done)
	load.Wait()
	t.Logf("%d requests, %d failed", asked.Load(), failed.Load())
	if failed.Load() > 0 || asked.Load() < 100 {
		t.Error("requests failed, or there were few")
	}

	// An open request holds the drain up.
	expect(t, callNginx(t, 2, false, "drain"), true, "drain")
	expect(t, callNginx(t, 3, false, "drain"), true, "drain")
	answered := make(chan string, 1)
	go func() { server, err := get("/slow"); answered <- fmt.Sprint(server, err) }()
	waitFor(t, func() bool {
		if len(answered) > 0 {
			t.Fatalf("the slow request got %s at once\n%s", <-answered, content(t, upstreamFile))
		}
		return text(callNginx(t, 1, false, "query"), "sessions") != "0"
	})
	expect(t, callNginx(t, 2, false, "ready"), true, "ready")
	short := callNginx(t, 1, false, "drain", "timeout", values.Float(0.5))
	if !short.Failed || !short.Changed || !strings.Contains(short.Msg, "1 sessions of web/n1 are still open after 500ms") {
		t.Errorf("short drain: %+v", short)
	}
	time.AfterFunc(300*time.Millisecond, func() { close(slow) })
	expect(t, callNginx(t, 1, false, "drain", "timeout", values.Int(10)), false, "drain")
	if got := <-answered; got != "1<nil>" {
		t.Errorf("the open request got %s", got)
	}

	// A mistake in another file has this one restored.
	before := content(t, upstreamFile)
	must(t, os.WriteFile("/etc/nginx/conf.d/wrong.conf", []byte("nonsense;\n"), 0o644))
	refused := callNginx(t, 1, false, "ready")
	must(t, os.Remove("/etc/nginx/conf.d/wrong.conf"))
	if !refused.Failed || !strings.Contains(refused.Msg, `unknown directive "nonsense"`) || content(t, upstreamFile) != before {
		t.Errorf("%s\nthe file is\n%s", refused.Msg, content(t, upstreamFile))
	}
	r := callNginx(t, 9, false, "query")
	if r.Failed || text(r, "known") != "False" || text(r, "line") != "server 127.0.0.1:8099; (upstream web in /etc/nginx/web.upstream)" {
		t.Errorf("unknown: %+v", r)
	}
	expect(t, callNginx(t, 1, false, "ready"), true, "ready")
	expect(t, callNginx(t, 3, false, "ready"), true, "ready")

	// What was written but never read by nginx counts for nothing.
	must(t, os.WriteFile(upstreamFile, []byte(strings.Replace(upstreamText, ":8092 max_fails=0", ":8092 max_fails=0 down", 1)), 0o640))
	must(t, os.WriteFile(nginxLock, []byte("changing web/n2\n"), 0o644))
	expect(t, callNginx(t, 2, false, "drain"), true, "drain")
	for range 30 {
		if server, err := get("/"); err != nil || server == "2" {
			t.Fatalf("a drained server answered %q: %v", server, err)
		}
	}
	expect(t, callNginx(t, 2, false, "drain"), false, "drain")
	expect(t, callNginx(t, 2, false, "ready", "commands", values.MapOf("reload", values.String("systemctl reload nginx"))), true, "ready")
}

// TestNginxManyAtOnce has three servers moved at once, again and again, while another
// process holds the lock now and then.
func TestNginxManyAtOnce(t *testing.T) {
	if !moduletest.Inside(t, "lb") {
		return
	}
	for _, address := range []string{"127.0.0.1:8091", "127.0.0.1:8092", "127.0.0.1:8093"} {
		application(t, address, nil)
	}
	startNginx(t)
	must(t, os.WriteFile(nginxLock, nil, 0o644))
	free := filepath.Join(t.TempDir(), "free")
	other := exec.Command("flock", nginxLock, "sh", "-c", `echo held; sleep 1; echo >"$0"`, free)
	said, err := other.StdoutPipe()
	must(t, err)
	must(t, other.Start())
	_, err = io.ReadFull(said, make([]byte, len("held")))
	must(t, err)
	expect(t, callNginx(t, 1, false, "drain"), true, "drain")
	if _, err := os.Stat(free); err != nil {
		t.Errorf("it did not wait for somebody else's lock: %v", err)
	}
	must(t, other.Wait())
	expect(t, callNginx(t, 1, false, "ready"), true, "ready")

	for _, state := range []string{"drain", "ready", "maint", "ready"} {
		var all sync.WaitGroup
		for server := 1; server <= 3; server++ {
			all.Go(func() { expect(t, callNginx(t, server, false, state, "timeout", values.Int(20)), true, state) })
		}
		all.Wait()
		marks := strings.Count(content(t, upstreamFile), " down;")
		if want := map[bool]int{true: 0, false: 3}[state == "ready"]; marks != want {
			t.Errorf("%s: %d marks, want %d\n%s", state, marks, want, content(t, upstreamFile))
		}
	}
	if now := content(t, upstreamFile); now != upstreamText {
		t.Errorf("the file became\n%s", now)
	}
}

// TestHAProxyProcesses drives two real HAProxies as one, the second over TCP.
func TestHAProxyProcesses(t *testing.T) {
	if !moduletest.Inside(t, "lb") {
		return
	}
	application(t, "127.0.0.1:8091", nil)
	tell(t, "set server web/n1 addr 127.0.0.1 port 8091")
	defer tell(t, "set server web/n1 addr 192.168.56.11 port 8080")
	tell(t, "set server web/n1 state ready")
	tell(t, "set weight web/n1 3")
	defer tell(t, "set weight web/n1 100%")
	const config = `global
    stats socket ipv4@127.0.0.1:9999 level admin
defaults
    mode http
    timeout connect 1s
    timeout client 9s
    timeout server 9s
frontend f
    bind 127.0.0.1:8095
    default_backend web
backend web
    server n1 127.0.0.1:8091 check inter 200ms weight 40
backend api
    server n1 127.0.0.1:8091 weight 7
`
	must(t, os.WriteFile("/tmp/second.cfg", []byte(config), 0o644))
	second := exec.Command("haproxy", "-db", "-f", "/tmp/second.cfg")
	must(t, second.Start())
	defer func() { second.Process.Kill(); second.Wait() }()
	both := []any{"socket", values.ListOf(values.String(socket), values.String("127.0.0.1:9999"))}
	waitFor(t, func() bool { return text(call(t, false, "query", both...), "up") == "True" })
	weight := text(call(t, false, "query"), "weight")

	expect(t, call(t, true, "drain", both...), true, "drain")
	expect(t, call(t, false, "drain", both...), true, "drain")
	for _, one := range []string{socket, "127.0.0.1:9999"} {
		expect(t, call(t, false, "query", "socket", values.String(one)), false, "drain")
	}
	expect(t, call(t, false, "drain", both...), false, "drain")
	expect(t, call(t, false, "ready", "socket", values.String("127.0.0.1:9999")), true, "ready")
	expect(t, call(t, false, "query", both...), false, "drain")
	expect(t, call(t, false, "ready", both...), true, "ready")
	if now := text(call(t, false, "query"), "weight"); now != weight || weight == "0" {
		t.Errorf("the weight was %s and is %s", weight, now)
	}
	tcp := []any{"socket", values.String("127.0.0.1:9999"), "backend", values.String("web,api")}
	expect(t, call(t, false, "maint", tcp...), true, "maint")
	expect(t, call(t, false, "ready", tcp...), true, "ready")
	// Only when it has been reaped is its socket gone: until then connections are still accepted, and reset.
	must(t, second.Process.Kill())
	second.Wait()
	if r := call(t, false, "drain", both...); !r.Failed || !strings.Contains(r.Msg, "HAProxy's socket 127.0.0.1:9999 cannot be reached") {
		t.Errorf("%+v", r)
	}
}
