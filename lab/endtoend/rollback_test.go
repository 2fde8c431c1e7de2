//go:build lab

package endtoend

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRollbackListsAndStopsThere(t *testing.T) {
	now, _ := settled(t, few)
	r := rollback(t, few, "-e", "list=yes").exits(t, 0).says(t, "one", "two", "three", "good", "current on", " by ").saysNot(t, "TASK [stock : Switch the webroot]")
	if r.changes() {
		t.Errorf("something was changed\n%s", r.out)
	}
	run(t, now, few)
}

func TestRollbackTakesATagABeginningOrTheWholeName(t *testing.T) {
	given(t, "one", few)
	long := fresh("two-more")
	deploy(t, few, source(long), "-e", "ref=fourteen", "-e", "batch=100%").exits(t, 0)
	for _, c := range []struct{ name, want string }{{"v1", "one"}, {"fourteen", long}, {"one", "one"}, {long[:len(long)-2], long}} {
		rollback(t, few, "-e", "version="+c.name, "-e", "batch=100%").exits(t, 0)
		run(t, c.want, few)
	}
	rollback(t, few, "-e", "version=t").exits(t, 2).says(t, "is the beginning of", "write more of it")
	run(t, long, few)
}

func TestRollbackTwiceWalksBackPastWhatFailed(t *testing.T) {
	first, _ := settled(t, few)
	second := fresh("second")
	for _, r := range []string{second, fresh("last")} {
		deploy(t, few, source(r), "-e", "batch=100%").exits(t, 0)
	}
	deploy(t, few, "-e", "version=three", "-e", "health_timeout=2").exits(t, 7)
	rollback(t, few, "-e", "list=yes").exits(t, 0).says(t, "three bad")
	rollback(t, few, "-e", "batch=100%").exits(t, 0)
	run(t, second, few)
	rollback(t, few, "-e", "batch=100%").exits(t, 0)
	run(t, first, few)
}

func TestARollbackOfHalfADeployGoesToWhatTheOtherHalfRuns(t *testing.T) {
	now, _ := settled(t, few)
	half := fresh("half")
	deploy(t, few[:1], source(half)).exits(t, 0)
	rollback(t, few, "-e", "batch=100%").exits(t, 0).says(t, "n1: goes from "+half+" to "+now, "n2: runs "+now+" already", "n3: runs "+now+" already")
	run(t, now, few)
}

func TestAReleaseWithoutAnArchiveIsRefusedNamingTheNodesThatLackIt(t *testing.T) {
	now, _ := settled(t, few)
	only := fresh("only")
	deploy(t, []string{"n4"}, source(only)).exits(t, 0)
	if err := os.RemoveAll(controllerFile("/deploy/tar/web-demo_" + only)); err != nil {
		t.Fatal(err)
	}
	hosts := append([]string{"n4"}, few...)
	rollback(t, hosts, "-e", "version="+only).exits(t, 2).says(t, "release "+only+" has no archive in /deploy/tar", "do not have it", "n1", "n3", "Nothing was changed").saysNot(t, "have it: n4")
	run(t, now, few)
	given(t, now, []string{"n4"})
}

func TestRollbackNowDoesTheOthersAndNamesADeadNode(t *testing.T) {
	now, _ := settled(t, withN5)
	deploy(t, withN5, source(fresh("later")), "-e", "batch=100%").exits(t, 0)
	shared.lab.Kill(t, "n5")
	up := false
	boot := func() {
		if !up {
			up = true
			shared.lab.Boot(t, "n5")
		}
	}
	t.Cleanup(boot)
	rollback(t, withN5, "-e", "mode=now", "-T", "2").exits(t, 4).says(t, "could not reach n5", "n1: "+now, "n2: "+now)
	run(t, now, []string{"n1", "n2"})
	boot()
	rollback(t, withN5, "-e", "mode=now").exits(t, 0)
	if n := nodes(t, []string{"n5"})["n5"]; n.release != now || n.answers != now {
		t.Errorf("n5: %+v", n)
	}
}

func TestEachNodeHasItsOwnFilesAndTheConfigurationComesBackWithARollback(t *testing.T) {
	given(t, "two", few)
	config := controllerFile("/deploy/config/web-demo/env/prod/app.conf")
	before := read(t, config)
	t.Cleanup(func() { replace(t, config, before) })
	replace(t, config, []byte("greeting=good morning\ncolour=blue\n"))
	blue := fresh("blue")
	deploy(t, few, source(blue), "-e", "batch=100%").exits(t, 0)
	for _, h := range few {
		for name, want := range map[string]string{"app.conf": "good morning", "node.conf": "node=" + h, "RELEASE": blue, "robots.txt": "Disallow: /healthz", "static/欢迎.txt": ""} {
			content, err := os.ReadFile(live(h, name))
			if err != nil || !strings.Contains(string(content), want) {
				t.Errorf("%s: %s is %q, %v", h, name, content, err)
			}
		}
		_, err := os.Stat(live(h, "crontab.xml"))
		if (err == nil) != (h == "n3") {
			t.Errorf("%s: crontab.xml: %v", h, err)
		}
		if !strings.Contains(page(t, h), "good morning from web-demo "+blue+" (v2, blue) on "+h) {
			t.Errorf("%s greets with %q", h, page(t, h))
		}
	}
	rollback(t, few, "-e", "batch=100%").exits(t, 0)
	run(t, "two", few)
	if got := page(t, "n2"); !strings.Contains(got, "welcome from web-demo two (v2, green) on n2") {
		t.Errorf("rolled back, n2 greets with %q", got)
	}
	// The same code with today's configuration is a release of its own.
	rollback(t, few, "-e", "version=two", "-e", "refresh_config=yes", "-e", "batch=100%").exits(t, 0)
	refreshed := linked(t, "n1")
	if !strings.HasPrefix(refreshed, "two.") {
		t.Errorf("n1 is linked to %q", refreshed)
	}
	run(t, refreshed, few)
	if got := page(t, "n3"); !strings.Contains(got, "good morning from web-demo "+refreshed+" (v2, blue) on n3") {
		t.Errorf("with today's configuration n3 greets with %q", got)
	}
}

// live is a file of the live release of a host.
func live(host, name string) string {
	link, _ := os.Readlink(hostFile(host, "/webroot/web-demo"))
	return hostFile(host, filepath.Join(link, name))
}

// page is what a host answers to who asks for /.
func page(t *testing.T, host string) string {
	t.Helper()
	return get(t, "http://"+address(host)+":8080/")
}
