//go:build lab

// Package servers deploys to each of the usual servers in the lab, and takes it back.
package servers

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/lab"
)

// cluster is a lab whose hosts have the servers, and what gdeploy remembers of it.
type cluster struct {
	t    *testing.T
	lab  *lab.Lab
	home string
}

var up *lab.Lab

func newCluster(t *testing.T) *cluster {
	if up == nil {
		name := os.Getenv("GDEPLOY_TEST_LAB")
		if name == "" {
			name = "servers"
		}
		up = lab.Up(t, lab.Options{Name: name, Hosts: 3, Servers: true, Fresh: true})
	}
	return &cluster{t: t, lab: up, home: t.TempDir()}
}

func TestMain(m *testing.M) {
	code := m.Run()
	if up != nil && os.Getenv("GDEPLOY_TEST_LAB") == "" {
		_ = exec.Command("../../lab/lab", "--name", up.Name, "down").Run()
	}
	os.Exit(code)
}

// controller runs a command on the controller.
func (c *cluster) controller(command ...string) (string, error) {
	cmd := c.lab.Command(context.Background(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+c.home+"/state", "XDG_CACHE_HOME="+c.home+"/cache", "NO_COLOR=1")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (c *cluster) play(book, group string, more ...string) string {
	c.t.Helper()
	out, err := c.tryPlay(book, group, more...)
	if err != nil {
		c.t.Fatalf("%s on %s: %v\n%s", book, group, err, out)
	}
	return out
}

func (c *cluster) tryPlay(book, group string, more ...string) (string, error) {
	return c.controller(append([]string{"gdeploy", "play", book, "-i", "inventory", "-l", group}, more...)...)
}

// pack makes an archive of an application in which "one" became the word; files are written
// over what it has.
func (c *cluster) pack(app, word, archive string, files ...string) {
	c.t.Helper()
	dir := c.t.TempDir()
	err := fs.WalkDir(os.DirFS(filepath.Join("apps", app)), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(dir, name), 0o755))
		}
		text, err := os.ReadFile(filepath.Join("apps", app, name))
		return errors.Join(err, os.WriteFile(filepath.Join(dir, name), bytes.ReplaceAll(text, []byte("one"), []byte(word)), 0o644))
	})
	for i := 0; i+1 < len(files) && err == nil; i += 2 {
		err = os.WriteFile(filepath.Join(dir, files[i]), []byte(files[i+1]), 0o644)
	}
	var packed bytes.Buffer
	if strings.HasSuffix(archive, ".war") {
		w := zip.NewWriter(&packed)
		err = errors.Join(err, w.AddFS(os.DirFS(dir)), w.Close())
	} else {
		w := tar.NewWriter(&packed)
		err = errors.Join(err, w.AddFS(os.DirFS(dir)), w.Close())
	}
	file := filepath.Join(c.t.TempDir(), "archive")
	if err = errors.Join(err, os.WriteFile(file, packed.Bytes(), 0o644)); err != nil {
		c.t.Fatal(err)
	}
	if out, err := c.controller("install", "-D", "-m", "0644", file, archive); err != nil {
		c.t.Fatalf("%v: %s", err, out)
	}
}

// What README.md shows works as it stands there.
func TestReadme(t *testing.T) {
	c := newCluster(t)
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := 0
	for line := range strings.Lines(string(text)) {
		command, ok := strings.CutPrefix(line, "    ")
		if !ok {
			continue
		}
		commands++
		if out, err := c.controller("sh", "-c", command); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
	if commands < 5 {
		t.Errorf("there are %d commands", commands)
	}
}

func address(host string) string {
	return map[string]string{"n1": "192.168.56.11", "n2": "192.168.56.12", "n3": "192.168.56.13"}[host]
}

// get asks a host for a page, and gives header and body.
func (c *cluster) get(host, path string, headers ...string) string {
	c.t.Helper()
	args := []string{"curl", "-sSi", "--max-time", "10", "http://" + address(host) + ":8080" + path}
	for _, h := range headers {
		args = append(args, "-H", h)
	}
	out, err := c.controller(args...)
	if err != nil {
		c.t.Fatalf("%s%s: %v\n%s", host, path, err, out)
	}
	return out
}

func (c *cluster) wants(host, path, word string) {
	c.t.Helper()
	if got := c.get(host, path); !strings.Contains(got, word) {
		c.t.Errorf("%s%s answers\n%s\nwant %q", host, path, got, word)
	}
}

func (c *cluster) onHost(host, script string) string {
	c.t.Helper()
	out, err := c.lab.Exec(context.Background(), host, "sh", "-ec", script)
	if err != nil {
		c.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func TestTomcat(t *testing.T) {
	c := newCluster(t)
	c.play("bootstrap.yml", "java")
	if out := c.play("bootstrap.yml", "java"); strings.Contains(out, "changed: [n1]") {
		t.Errorf("a second bootstrap changed something\n%s", out)
	}
	c.pack("java", "one", "/deploy/src/java.war")
	c.play("deploy.yml", "java", "-e", "release_name=one")
	c.wants("n1", "/", "release one")
	jvm := c.onHost("n1", "systemctl show -p MainPID --value tomcat10")
	c.pack("java", "two", "/deploy/src/java.war")
	c.play("deploy.yml", "java", "-e", "release_name=two")
	c.wants("n1", "/", "release two")
	c.onHost("n1", "test ! -d /proc/"+jvm)
	c.pack("java", "three", "/deploy/src/java.war", "WEB-INF/web.xml", "<web-app><nonsense")
	if out, err := c.tryPlay("deploy.yml", "java", "-e", "release_name=three", "-e", "health_timeout=15"); err == nil {
		t.Errorf("a context that does not start was taken for good\n%s", out)
	}
	c.wants("n1", "/", "release two")
	c.play("rollback.yml", "java")
	c.wants("n1", "/", "release one")
	c.wants("n1", "/RELEASE", "one")
}

func TestStaticFiles(t *testing.T) {
	c := newCluster(t)
	c.play("bootstrap.yml", "site")
	if out := c.play("bootstrap.yml", "site"); strings.Contains(out, "changed: [n2]") {
		t.Errorf("a second bootstrap changed something\n%s", out)
	}
	c.pack("site", "one", "/deploy/src/site.tar")
	c.play("deploy.yml", "site", "-e", "release_name=one")
	c.wants("n2", "/", "<title>one")
	page, style := c.etag("/"), c.etag("/assets/style.4f1c.css")
	c.pack("site", "two", "/deploy/src/site.tar") // as long as before
	c.play("deploy.yml", "site", "-e", "release_name=two")
	if got := c.get("n2", "/", "If-None-Match: "+page); !strings.Contains(got, "<title>two") {
		t.Errorf("who had the old page is told\n%s", got)
	}
	if got := c.get("n2", "/assets/style.4f1c.css", "If-None-Match: "+style); !strings.Contains(got, "304") || !strings.Contains(got, "immutable") {
		t.Errorf("who has the style sheet, which did not change, is told\n%s", got)
	}
	// Files that a smoke test refuses: the old ones are back, and nobody who asked meanwhile was turned away.
	c.pack("site", "three", "/deploy/src/site.tar")
	smoke := filepath.Join(t.TempDir(), "smoke.yml")
	if err := os.WriteFile(smoke, []byte("- http_check: {url: 'http://127.0.0.1:8080/', word: '<title>four', timeout: 1}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.goesBack("site", "n2", "-e", "smoke_file="+smoke)
	c.wants("n2", "/", "<title>two")
	c.wants("n2", "/RELEASE", "two")
	c.play("rollback.yml", "site")
	if got := c.etag("/"); got != page {
		t.Errorf("after the rollback the page's ETag is %s, and was %s", got, page)
	}
}

// goesBack deploys a release "three" that must fail its test, and wants it taken back while all who ask get a page.
func (c *cluster) goesBack(group, host string, more ...string) {
	c.t.Helper()
	stop, asked := filepath.Join(c.t.TempDir(), "stop"), make(chan string)
	go func() {
		const script = `while test ! -e "$2"; do curl -sS -o /dev/null --max-time 5 -w '%{http_code}\n' "$1" 2>&1; done`
		answers, _ := c.controller("sh", "-c", script, "sh", "http://"+address(host)+":8080/", stop)
		asked <- answers
	}()
	out, err := c.tryPlay("deploy.yml", group, append([]string{"-e", "release_name=three"}, more...)...)
	if err := os.WriteFile(stop, nil, 0o644); err != nil {
		c.t.Fatal(err)
	}
	answers := strings.Fields(<-asked)
	bad := slices.DeleteFunc(slices.Clone(answers), func(code string) bool { return code == "200" })
	if len(bad) > 0 || len(answers) < 20 {
		c.t.Errorf("of %d requests these failed while a release of %s was taken back: %v", len(answers), group, bad)
	}
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.ExitCode() != 7 {
		c.t.Errorf("a release of %s that fails its test: %v\n%s", group, err, out)
	}
}

func (c *cluster) etag(path string) string {
	c.t.Helper()
	found := regexp.MustCompile(`ETag: (\S+)`).FindStringSubmatch(c.get("n2", path))
	if found == nil {
		c.t.Fatalf("%s has no ETag", path)
	}
	return found[1]
}

func TestPHP(t *testing.T) {
	c := newCluster(t)
	// The worst for a deploy: an opcache that never looks at the files again.
	c.onHost("n3", "printf 'opcache.validate_timestamps=0\n' >/etc/php/8.2/fpm/conf.d/99-lab.ini")
	c.play("bootstrap.yml", "php")
	if out := c.play("bootstrap.yml", "php"); strings.Contains(out, "changed: [n3]") {
		t.Errorf("a second bootstrap changed something\n%s", out)
	}
	for _, word := range []string{"one", "two"} {
		c.pack("php", word, "/deploy/src/php.tar", "slow.php", "<?php touch('/tmp/at-work'); sleep(3); echo 'all of it';")
		c.play("deploy.yml", "php", "-e", "release_name="+word)
		c.wants("n3", "/", "release "+word)
	}
	c.pack("php", "three", "/deploy/src/php.tar", "healthz.php", "<?php this is no php")
	c.goesBack("php", "n3", "-e", "health_timeout=2")
	c.wants("n3", "/", "release two")
	c.play("rollback.yml", "php")
	c.wants("n3", "/", "release one")
	slow := make(chan string)
	go func() {
		answer, _ := c.controller("curl", "-sS", "--max-time", "20", "http://"+address("n3")+":8080/slow.php")
		slow <- answer
	}()
	c.onHost("n3", "for try in $(seq 200); do test ! -e /tmp/at-work || exit 0; sleep 0.02; done; exit 1")
	c.play("rollback.yml", "php", "-e", "version=two", "-e", "mode=now")
	c.wants("n3", "/", "release two")
	if got := <-slow; got != "all of it" {
		t.Errorf("the page that PHP was at work on while it was reloaded is %q", got)
	}
}
