//go:build lab

package endtoend

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestTheLogTellsWhoDeployedWhatWhereAndHowItEnded(t *testing.T) {
	now, next := settled(t, few)
	t.Setenv("SUDO_USER", "operator")
	deploy(t, few, "-e", "version="+next, "-e", "batch=100%").exits(t, 0)
	deploy(t, few, "-e", "version=three", "-e", "health_timeout=2").exits(t, 7)
	rollback(t, few, "-e", "version="+now, "-e", "batch=100%").exits(t, 0)
	const when = `\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ run=\d{8}-\d{6}-[0-9a-f]+ who=operator@\S+ `
	const end = `duration=[0-9.]+m?s`
	history := gdeploy(t, "history", "-n", "3").exits(t, 0)
	for _, line := range []string{
		when + `deploy app=web-demo ` + now + ` -> ` + next + ` revision=[0-9a-f]{12} hosts=n1,n2,n3 result="ok" ` + end,
		when + `deploy app=web-demo ` + next + ` -> three revision=[0-9a-f]{12} hosts=n1 result="failed and taken back" ` + end,
		when + `rollback app=web-demo ` + next + ` -> ` + now + ` revision=[0-9a-f]{12} hosts=n1,n2,n3 result="ok" ` + end,
	} {
		history.find(t, `(`+line+`)`)
	}
	log := result{command: "gdeploy.log", out: string(read(t, controllerFile("/deploy/log/gdeploy.log")))}
	log.find(t, `(`+when+`switch app=web-demo `+now+` -> `+next+` revision=[0-9a-f]{12} host=n3)`)
	log.find(t, `(`+when+`switch-back app=web-demo three -> `+next+` revision=\S+ host=n1)`)
	releases := gdeploy(t, "releases", limit(few)).exits(t, 0)
	for _, h := range few {
		releases.find(t, h+` +(`+now+`) +\S+ +good +2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d +operator@`)
	}
	if hosts := regexp.MustCompile(`(?m)^n\d+`).FindAllString(releases.out, -1); !slices.IsSorted(hosts) {
		t.Errorf("the hosts are not in order: %s", hosts)
	}
}

func TestNoSecretGetsIntoOutputLogOrTheRunsFiles(t *testing.T) {
	settled(t, few)
	const password, sudo = "tr0ub4dor-and-3", "lab-sudo"
	svn := []string{"-e", "source=svn", "-e", "repo=file:///deploy/src/web-demo/web-demo.svn/tags/v2", "-e", "ref=", "-e", "code_dir=/deploy/code/web-demo-svn", "-e", "svn_username=web-demo", quickBuild}
	for _, given := range [][]string{
		{"-e", "svn_password=" + password},
		{"-esvn_password=" + password},
		{"--extra-vars=svn_password=" + password},
		{"-e", `{"svn_password": "` + password + `"}`},
		{"-e", "@" + write(t, "secret.yml", "svn_password: "+password+"\n")},
	} {
		args := append([]string{"play", "deploy.yml", "-ln2", "-K", "-vvvv", "-C", "-D", "-e", "ansible_user=sudopw"}, append(append(given, svn...), impatient...)...)
		typing(t, sudo+"\n", args...).exits(t, 0).saysNot(t, password, sudo)
	}
	args := append([]string{"play", "deploy.yml", "-ln2", "-K", "-vvv", "-D", "-e", "ansible_user=sudopw", "-e", "svn_password=" + password, "-e", "redeploy=yes"}, append(svn, impatient...)...)
	typing(t, sudo+"\n", args...).exits(t, 0).saysNot(t, password, sudo)
	if contains(t, shared.home, "svn_password") == "" || contains(t, controllerFile("/deploy/log"), "web-demo") == "" {
		t.Error("the runs are not kept where this test looks")
	}
	for _, root := range []string{shared.home, controllerFile("/deploy/log"), hostFile("n2", "/var/lib/gdeploy/releases"), controllerFile("/deploy/code/web-demo-svn/.svn")} {
		if file := contains(t, root, password, sudo); file != "" {
			t.Errorf("%s has a password", file)
		}
	}
	run(t, linked(t, "n2"), []string{"n2"})
}

// contains gives a file below root that has one of the words.
func contains(t *testing.T, root string, words ...string) (found string) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(name)
		for _, w := range words {
			if strings.Contains(string(content), w) {
				found = name
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
