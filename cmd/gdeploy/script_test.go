package main

import (
	"errors"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what scripts compare with")

func TestMain(m *testing.M) {
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0") // with -race each command would take a second to end
	journalOf = dying
	testscript.Main(m, map[string]func(){"gdeploy": main})
}

// TestScripts tries gdeploy as an operator types it. Each script has a directory of its
// own, $WORK, which is also the home.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               atHome,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits":    exitsWith,
			"soon":     soon,
			"tidy":     tidy,
			"receiver": receiver,
		},
	})
}

func atHome(env *testscript.Env) error {
	env.Setenv("HOME", env.WorkDir)
	for name, dir := range map[string]string{"XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache", "XDG_CONFIG_HOME": "config"} {
		env.Setenv(name, filepath.Join(env.WorkDir, dir))
	}
	env.Setenv("GDEPLOY_LOG_FILE", filepath.Join(env.WorkDir, "log", "gdeploy.log"))
	env.Setenv("LC_ALL", "C.UTF-8")
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		return err
	}
	env.Setenv("EXAMPLES", examples)
	env.Setenv("GORACE", os.Getenv("GORACE"))
	return nil
}

// receiver starts a web server that writes what it is sent to a file, a line each, and answers
// as web hooks do; its URL is in $RECEIVER: "receiver FILE".
func receiver(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: receiver FILE")
	}
	file := ts.MkAbs(args[0])
	var mu sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		text, _ := io.ReadAll(r.Body)
		f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err == nil {
			_, _ = f.Write(append(text, '\n'))
			_ = f.Close()
		}
		_, _ = io.WriteString(w, `{"errcode":0,"errmsg":"ok"}`)
	}))
	ts.Defer(server.Close)
	ts.Setenv("RECEIVER", server.URL)
}

// exitsWith runs a command that must end with an exit code: "exits 2 gdeploy play site.yml".
func exitsWith(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var failed *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &failed) {
		got = failed.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("%s ended with exit code %d, want %d", args[1], got, want)
	}
}

// soon runs a command again and again until it succeeds: "soon test -e held". What runs in the
// background is given time so, and not for ever.
func soon(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: soon program args...")
	}
	const tries, pause = 600, 50 * time.Millisecond
	for range tries {
		if ts.Exec(args[0], args[1:]...) == nil {
			return
		}
		time.Sleep(pause)
	}
	ts.Fatalf("%s did not succeed in %s", strings.Join(args, " "), tries*pause)
}

// varying is what differs from run to run.
var varying = []struct {
	find *regexp.Regexp
	put  string
}{
	{regexp.MustCompile(`\*{4,}`), "***"},
	{regexp.MustCompile(`\d+\.\d s\b`), "0.0 s"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?`), "2000-01-01 00:00:00"},
	{regexp.MustCompile(`\b\d:\d\d:\d\d\.\d{6}`), "0:00:00.000000"},
	{regexp.MustCompile(` +\n`), "\n"},
}

// tidy writes the stdout (or stderr) of the last command to the files named shown-out
// (shown-err), without what differs from run to run: "tidy stdout", "cmp shown-out want".
func tidy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || !strings.HasPrefix(args[0], "std") {
		ts.Fatalf("usage: tidy stdout|stderr")
	}
	text := strings.ReplaceAll(ts.ReadFile(args[0]), ts.Getenv("WORK"), "$WORK")
	for _, v := range varying {
		text = v.find.ReplaceAllString(text, v.put)
	}
	ts.Check(os.WriteFile(ts.MkAbs("shown-"+strings.TrimPrefix(args[0], "std")), []byte(text), 0o666))
}
