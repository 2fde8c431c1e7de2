package git_test

import (
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/values"
)

// served is the origin on a web server that wants a user and password.
func served(t *testing.T, o origin, user, password string) string {
	t.Helper()
	dir, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	git := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(dir)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + filepath.Dir(o.dir), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*"},
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, _ := r.BasicAuth(); u != user || p != password {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		git.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/origin"
}

func TestUserAndPassword(t *testing.T) {
	o := newOrigin(t)
	const password = "p@ss: w/ord%'"
	url, dest := served(t, o, "deploy@example.com", password), filepath.Join(t.TempDir(), "code")
	program := watched(t)
	clone := func(secret string) string {
		reply := perform(t, false, "repo", values.String(url), "dest", values.String(dest), "executable", values.String(program),
			"username", values.String("deploy@example.com"), "password", values.String(secret))
		return reply.Msg
	}
	if msg := clone("wrong"); !strings.Contains(msg, "The server wants a user and password") || strings.Contains(msg, "wrong") {
		t.Errorf("a wrong password was answered with %q", msg)
	}
	if msg := clone(password); msg != "" || read(t, filepath.Join(dest, "file")) != "two" {
		t.Fatalf("no clone: %s", msg)
	}
	o.commit("three")
	if msg := clone(password); msg != "" || read(t, filepath.Join(dest, "file")) != "three" {
		t.Errorf("no update: %s", msg)
	}
	for _, file := range []string{program + ".log", filepath.Join(dest, ".git", "config")} {
		if text := read(t, file); strings.Contains(text, "p@ss") || strings.Contains(text, "p%40ss") {
			t.Errorf("%s has the password:\n%s", file, text)
		}
	}
}

// watched is a git that writes down its arguments and environment.
func watched(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "git")
	script := "#!/bin/sh\n{ printf '%s\\n' \"$@\"; env; } >>" + program + ".log\nexec git \"$@\"\n"
	if err := os.WriteFile(program, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return program
}

func TestAPasswordIsForHTTPS(t *testing.T) {
	reply := perform(t, false, "repo", values.String("git@git.example.com:shop.git"), "dest", values.String(t.TempDir()), "password", values.String("x"))
	if !strings.Contains(reply.Msg, "use key_file for SSH") {
		t.Errorf("it was answered with %q", reply.Msg)
	}
}
