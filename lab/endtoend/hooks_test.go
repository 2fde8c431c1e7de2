//go:build lab

package endtoend

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// receiver is a web hook on the controller that keeps the events that runs tell it, and forgets them when they are asked for.
func receiver(t *testing.T) (url string, told func() string) {
	t.Helper()
	var mu sync.Mutex
	var events []string
	l := listenInLab(t)
	server := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var message struct{ Event, App, Run, Text string }
		if err := json.NewDecoder(r.Body).Decode(&message); err != nil || message.App != "web-demo" || message.Run == "" || message.Text == "" {
			t.Errorf("told %+v, %v", message, err)
		}
		mu.Lock()
		defer mu.Unlock()
		events = append(events, message.Event)
	})}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(func() { server.Close() })
	return "http://" + l.Addr().String() + "/", func() string {
		mu.Lock()
		defer mu.Unlock()
		all := strings.Join(events, " ")
		events = nil
		return all
	}
}

// hooks writes task files and gives the -e that has them run.
func hooks(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, tasks := range files {
		if err := os.WriteFile(filepath.Join(dir, name+".yml"), []byte(tasks), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return "-ehooks_dir=" + dir
}

// linksTo is a hook that fails unless the webroot of its node leads to a release.
func linksTo(name string) string {
	return "- name: See what is live\n  shell: echo {{ inventory_hostname }} runs " + name + "; readlink /webroot/web-demo | grep -F '_" + name + "'\n"
}

func TestHooksRunInTheirPlacesAndOneThatFailsTakesTheRunBack(t *testing.T) {
	now, next := settled(t, few)
	good := map[string]string{
		"before_switch": linksTo("{{ release_before }}"), "before_node": linksTo("{{ release_before }}"),
		"after_switch": linksTo("{{ release_version }}"), "after_deploy": linksTo("{{ release_version }}"),
	}
	r := deploy(t, few, "-e", "version="+next, hooks(t, good), "-e", "batch=100%").exits(t, 0)
	var ran []string
	for _, hook := range []string{"before_switch", "before_node", "after_switch", "after_deploy"} {
		if n := strings.Count(r.out, "/"+hook+".yml for n"); n > 0 {
			ran = append(ran, hook)
		}
	}
	if !slices.Equal(ran, []string{"before_switch", "before_node", "after_switch", "after_deploy"}) {
		t.Errorf("only these hooks ran: %v\n%s", ran, r.out)
	}
	run(t, next, few)
	unharmed := clientThrough(t)
	bad := map[string]string{"after_switch": "- name: Warm the cache\n  command: test {{ inventory_hostname }} != n2\n"}
	deploy(t, few, "-e", "version="+now, hooks(t, bad), "-e", "batch=100%").exits(t, 7).says(t, `"stock : Warm the cache" failed on n2`, "TAKING BACK", "n1: "+next+", takes traffic")
	run(t, next, few)
	bad = map[string]string{"before_switch": "- name: Change the database\n  command: 'false'\n  run_once: true\n"}
	deploy(t, few, "-e", "version="+now, hooks(t, bad)).exits(t, 2).says(t, `"stock : Change the database" failed on n1`).saysNot(t, "TASK [stock : Switch the webroot]")
	run(t, next, few)
	unharmed()
}

func TestPeopleAreToldOfARun(t *testing.T) {
	now, next := settled(t, few)
	url, told := receiver(t)
	tell := `-e={"notify_to": [{"url": "` + url + `"}, {"url": "http://127.0.0.1:1/dead"}]}`
	wants := func(want string) {
		t.Helper()
		if got := told(); got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	deploy(t, few, tell, "-e", "version="+next, "-e", "batch=100%").exits(t, 0).says(t, "127.0.0.1:1 could not be told of the success")
	wants("start success")
	deploy(t, few, tell, "-e", "version=three", "-e", "health_timeout=2").exits(t, 7)
	wants("start failure rollback")
	deploy(t, few, tell, "-e", "version="+now, "-e", "hold=preprod").exits(t, 0)
	wants("start hold")
	rollback(t, few, tell, "-e", "version="+next, "-e", "rejoin=preprod", "-e", "batch=100%").exits(t, 0)
	wants("start rollback")
	run(t, next, few)
}
