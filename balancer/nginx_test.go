package balancer_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/balancer"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
)

// world is a small file system with programs of its own.
type world struct{ dir string }

func newWorld(t *testing.T, files map[string]string) world {
	t.Helper()
	w := world{t.TempDir()}
	for name, content := range files {
		w.write(t, name, content)
	}
	return w
}

func (w world) write(t *testing.T, name, content string) {
	t.Helper()
	file := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	mode := os.FileMode(0o644)
	if strings.HasPrefix(name, "bin/") {
		mode = 0o755
	}
	if err := os.WriteFile(file, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func (w world) read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(w.dir, name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(content)
}

func (w world) system(t *testing.T, locks *machine.Locks) *modules.Recorder {
	t.Helper()
	sys := machine.New(machine.Options{Root: w.dir, Locks: locks})
	t.Cleanup(func() { sys.Close() })
	return modules.NewRecorder(sys, false, false, nil)
}

const upstreams = `# server n1:8080; in a comment
upstream web {
    least_conn;
    server 10.0.0.1:8080 weight=5 max_fails=3; # the first: a { and a ;
    server 10.0.0.2:8080	down ;
    server "10.0.0.3:8080" weight=2 down max_fails=1;
    server n4:8080;server 10.0.0.5;
    keepalive 16;
}
upstream api { server 10.0.0.1:8080; server 10.0.0.1:9090; }
server {
    listen 80;
    server_name ';{' a;
    location / { proxy_pass http://web; }
}
`

// quiet is an nginx that takes every configuration, and one worker of it that each
// reload replaces.
func quiet(more map[string]string) map[string]string {
	files := map[string]string{
		"etc/nginx/web.conf": upstreams,
		"proc/net/tcp":       "  sl  local_address rem_address   st\n",
		"run/nginx.pid":      "100\n",
		"proc/100/stat":      "100 (nginx) S 1 1\n",
		"proc/110/stat":      "110 (nginx: (worker)) S 100 100\n",
		"proc/110/cmdline":   "nginx: worker process\x00\x00",
		"bin/nginx": `#!/bin/sh
echo "$*" >>$ROOT/ran
[ "$1" = -t ] && exit 0
n=$(wc -l <$ROOT/ran); rm -r $ROOT/proc/1[1-9]*; mkdir $ROOT/proc/11$n
echo "11$n (nginx) S 100 100" >$ROOT/proc/11$n/stat; echo 'nginx: worker process' >$ROOT/proc/11$n/cmdline
`,
	}
	for name, content := range more {
		files[name] = content
	}
	return files
}

func nginx(server, address string, upstreams ...string) balancer.NGINX {
	return balancer.NGINX{File: "/etc/nginx/web.conf", Upstreams: upstreams, Server: server, Address: address,
		Test: "nginx -t", Reload: "nginx -s reload", PIDFile: "/run/nginx.pid"}
}

func TestNginxReadsTheFile(t *testing.T) {
	w := newWorld(t, quiet(nil))
	for name, c := range map[string]struct {
		driver balancer.NGINX
		want   balancer.Status
	}{
		"up":              {nginx("n1", "10.0.0.1:8080", "web"), balancer.Status{Known: true, State: balancer.Ready, Weight: 5}},
		"two upstreams":   {nginx("n1", "10.0.0.1:8080", "web", "api"), balancer.Status{Known: true, State: balancer.Ready, Weight: 5}},
		"down":            {nginx("n2", "10.0.0.2:8080", "web"), balancer.Status{Known: true, State: balancer.Drain, Weight: 1}},
		"quoted":          {nginx("n3", "10.0.0.3:8080", "web"), balancer.Status{Known: true, State: balancer.Drain, Weight: 2}},
		"port 80":         {nginx("n5", "10.0.0.5:80"), balancer.Status{Known: true, State: balancer.Ready, Weight: 1}},
		"unknown":         {nginx("n9", "10.0.0.9:8080", "web", "api"), balancer.Status{Line: "server 10.0.0.9:8080; (upstream web, api in /etc/nginx/web.conf)"}},
		"unknown in file": {nginx("n9", "10.0.0.9:8080"), balancer.Status{Line: "server 10.0.0.9:8080;"}},
	} {
		got, err := c.driver.Query(t.Context(), w.system(t, nil))
		got.Up, got.Check, got.InOrOut = false, "", false
		if err != nil || got != c.want {
			t.Errorf("%s: %+v, want %+v: %v", name, got, c.want, err)
		}
	}
	if _, err := nginx("n1", "10.0.0.1:8080", "wbe").Query(t.Context(), w.system(t, nil)); err == nil || !strings.Contains(err.Error(), `has no upstream "wbe"; it has web, api`) {
		t.Error(err)
	}
}

func TestNginxChangesNothingButTheMark(t *testing.T) {
	w := newWorld(t, quiet(nil))
	if err := os.Symlink("web.conf", filepath.Join(w.dir, "etc/nginx/enabled")); err != nil {
		t.Fatal(err)
	}
	d := nginx("n1", "10.0.0.1:8080", "web")
	d.File = "/etc/nginx/enabled"
	sys := w.system(t, nil)
	_, after, err := balancer.Move(t.Context(), sys, d, balancer.Drain, 5*time.Second)
	if err != nil || after.State != balancer.Drain || len(sys.Changes()) != 1 {
		t.Fatalf("%+v, %v: %v", after, sys.Changes(), err)
	}
	want := strings.Replace(upstreams, "weight=5 max_fails=3;", "weight=5 max_fails=3 down;", 1)
	if got := w.read(t, "etc/nginx/web.conf"); got != want {
		t.Errorf("the file became\n%s", got)
	}
	if ran := w.read(t, "ran"); ran != "-t\n-s reload\n" {
		t.Errorf("ran %q", ran)
	}
	for _, state := range []balancer.State{balancer.Drain, balancer.Maint} {
		if _, _, err := balancer.Move(t.Context(), sys, d, state, time.Second); err != nil || len(sys.Changes()) != 1 {
			t.Errorf("again %s: %v, %v", state, sys.Changes(), err)
		}
	}
	if err := d.Set(t.Context(), sys, balancer.Status{}, balancer.Ready); err != nil {
		t.Error(err)
	}
	if got := w.read(t, "etc/nginx/web.conf"); got != upstreams {
		t.Errorf("the file became\n%s", got)
	}
	if target, err := os.Readlink(filepath.Join(w.dir, "etc/nginx/enabled")); err != nil || target != "web.conf" {
		t.Errorf("the link is %q: %v", target, err)
	}
}

func TestNginxRefusesItsConfiguration(t *testing.T) {
	w := newWorld(t, quiet(map[string]string{"bin/nginx": "#!/bin/sh\necho \"$*\" >>$ROOT/ran\necho 'nginx: [emerg] no live upstreams' >&2; exit 1\n"}))
	_, _, err := balancer.Move(t.Context(), w.system(t, nil), nginx("n1", "10.0.0.1:8080", "web"), balancer.Drain, time.Second)
	if err == nil || !strings.Contains(err.Error(), "no live upstreams (/etc/nginx/web.conf is again what it was)") {
		t.Error(err)
	}
	if w.read(t, "etc/nginx/web.conf") != upstreams || w.read(t, "ran") != "-t\n" {
		t.Errorf("ran %q, the file is\n%s", w.read(t, "ran"), w.read(t, "etc/nginx/web.conf"))
	}
}

// TestNginxKilledBeforeTheReload leaves a file that nginx has not read: what it says must
// not be taken for what is.
func TestNginxKilledBeforeTheReload(t *testing.T) {
	w := newWorld(t, quiet(map[string]string{"bin/nginx": "#!/bin/sh\necho \"$*\" >>$ROOT/ran\n[ \"$1\" = -t ]\n"}))
	d := nginx("n1", "10.0.0.1:8080", "web")
	if _, _, err := balancer.Move(t.Context(), w.system(t, nil), d, balancer.Drain, time.Second); err == nil {
		t.Error("a reload that fails is an error")
	}
	w.write(t, "bin/nginx", quiet(nil)["bin/nginx"])
	sys := w.system(t, nil)
	if _, _, err := balancer.Move(t.Context(), sys, d, balancer.Drain, time.Second); err != nil || len(sys.Changes()) != 1 {
		t.Errorf("%v, %v", sys.Changes(), err)
	}
	w.write(t, "run/lock/gdeploy-lb-%2Fetc%2Fnginx%2Fweb.conf", "changing web/n1\n")
	if _, _, err := balancer.Move(t.Context(), sys, d, balancer.Drain, time.Second); err != nil || len(sys.Changes()) != 2 {
		t.Errorf("after a kill: %v, %v", sys.Changes(), err)
	}
	if _, _, err := balancer.Move(t.Context(), sys, d, balancer.Drain, time.Second); err != nil || len(sys.Changes()) != 2 {
		t.Errorf("and once more: %v, %v", sys.Changes(), err)
	}
}

// TestNginxWaitsForItsWorkers has one that was just forked, and has its master's title still.
func TestNginxWaitsForItsWorkers(t *testing.T) {
	w := newWorld(t, quiet(map[string]string{"proc/110/cmdline": "nginx: master process nginx\x00", "bin/nginx": `#!/bin/sh
[ "$1" = -t ] || {
	mkdir $ROOT/proc/111; echo "111 (nginx) S 100 100" >$ROOT/proc/111/stat; echo 'nginx: worker process' >$ROOT/proc/111/cmdline
	sleep 0.3; printf 'nginx: worker process is shutting down' >$ROOT/proc/110/cmdline; touch $ROOT/left
} >/dev/null 2>&1 &
`}))
	if _, _, err := balancer.Move(t.Context(), w.system(t, nil), nginx("n1", "10.0.0.1:8080", "web"), balancer.Drain, time.Second); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(w.dir, "left")); err != nil {
		t.Error("the old worker still took connections")
	}
}

func TestNginxWaitsForConnections(t *testing.T) {
	const open = "   0: 0200000A:C001 0100000A:1F90 01 0:0\n   1: 0200000A:C002 0100000A:1F90 06 0:0\n   2: 0200000A:C003 0100000A:1F91 01 0:0\n"
	const six = "   0: 0000000000000000FFFF00000200000A:C004 0000000000000000FFFF00000100000A:1F90 01 0:0\n"
	w := newWorld(t, quiet(map[string]string{"proc/net/tcp": open, "proc/net/tcp6": six}))
	d := nginx("n1", "10.0.0.1:8080", "web")
	_, after, err := balancer.Move(t.Context(), w.system(t, nil), d, balancer.Drain, 200*time.Millisecond)
	if !balancer.IsDeadline(err) || after.Sessions != 2 {
		t.Errorf("%+v: %v", after, err)
	}
	time.AfterFunc(200*time.Millisecond, func() { os.WriteFile(filepath.Join(w.dir, "proc/net/tcp"), nil, 0o644) })
	time.AfterFunc(300*time.Millisecond, func() { os.WriteFile(filepath.Join(w.dir, "proc/net/tcp6"), nil, 0o644) })
	if _, after, err = balancer.Move(t.Context(), w.system(t, nil), d, balancer.Drain, 5*time.Second); err != nil || after.Sessions != 0 {
		t.Errorf("%+v: %v", after, err)
	}
}

// TestNginxManyAtOnce has two controllers take forty servers in and out at the same time.
func TestNginxManyAtOnce(t *testing.T) {
	const count = 20
	before, after := "upstream web {\n", "upstream web {\n"
	for i := range count {
		before += fmt.Sprintf("    server 10.0.1.%d:8080 weight=%d;\n    server 10.0.2.%d:8080 down; # in\n", i, i, i)
		after += fmt.Sprintf("    server 10.0.1.%d:8080 weight=%d down;\n    server 10.0.2.%d:8080; # in\n", i, i, i)
	}
	w := newWorld(t, quiet(map[string]string{
		"etc/nginx/web.conf": before + "}\n",
		"bin/nginx": "#!/bin/sh\nmkdir $ROOT/alone || echo not alone >>$ROOT/wrong; grep -q '^}' $ROOT/etc/nginx/web.conf || echo half >>$ROOT/wrong\n" +
			strings.TrimPrefix(strings.Replace(quiet(nil)["bin/nginx"], "exit 0", "{ rmdir $ROOT/alone; exit 0; }", 1), "#!/bin/sh\n") + "rmdir $ROOT/alone\n",
	}))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all sync.WaitGroup
	for block, state := range map[int]balancer.State{1: balancer.Drain, 2: balancer.Ready} {
		locks := machine.NewLocks()
		defer locks.Close()
		for i := range count {
			all.Go(func() {
				d := nginx(fmt.Sprint("n", i), fmt.Sprintf("10.0.%d.%d:8080", block, i), "web")
				sys := w.system(t, locks)
				if err := d.Set(ctx, sys, balancer.Status{}, state); err != nil {
					t.Error(err)
				}
			})
		}
	}
	all.Wait()
	if got := w.read(t, "etc/nginx/web.conf"); got != after+"}\n" {
		t.Errorf("the file became\n%s", got)
	}
	if wrong := w.read(t, "wrong"); wrong != "" {
		t.Error(wrong)
	}
}
