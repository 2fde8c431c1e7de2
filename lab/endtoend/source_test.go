//go:build lab

package endtoend

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// quickBuild is a -e with which a build copies a program that was compiled before, and the sources go along: they tell which they are.
const quickBuild = `-e={"build_command": "cp /deploy/src/program web-demo", "pack_exclude": []}`

func TestGitAndSvnByBranchTagAndRevision(t *testing.T) {
	settled(t, few)
	n2 := []string{"n2"}
	commit := strings.TrimSpace(inLab(t, "", "git", "-c", "safe.directory=*", "-C", "/deploy/src/web-demo/web-demo.git", "rev-parse", "v2"))
	const svn = "file:///deploy/src/web-demo/web-demo.svn"
	for _, c := range []struct {
		name, source, repo, ref string
		code, version           string // what the source calls itself, and how the release's name begins
	}{
		{name: "git branch", ref: "feature", code: "feature"},
		{name: "git tag", ref: "v1", code: "v1"},
		{name: "git revision", ref: commit, code: "v2", version: commit[:6] + "_20"},
		{name: "svn branch", source: "svn", repo: svn + "/branches/feature", code: "feature", version: "r"},
		{name: "svn tag", source: "svn", repo: svn + "/tags/v1", code: "v1", version: "r"},
		{name: "svn revision", source: "svn", repo: svn + "/trunk", ref: "1", code: "v1", version: "r1_20"},
	} {
		t.Run(c.name, func(t *testing.T) {
			args := []string{quickBuild, "-e", "ref=" + c.ref, "-e", "redeploy=yes"}
			if c.source != "" {
				args = append(args, "-e", "source="+c.source, "-e", "repo="+c.repo, "-e", "code_dir=/deploy/code/web-demo-svn")
			}
			deploy(t, n2, args...).exits(t, 0)
			release := linked(t, "n2")
			run(t, release, n2)
			if code := string(read(t, live("n2", "version.go"))); !strings.Contains(code, fmt.Sprintf("%q", c.code)) || !strings.HasPrefix(release, c.version) {
				t.Errorf("release %s is made of\n%s", release, code)
			}
			if _, err := os.Stat(live("n2", ".git")); err == nil {
				t.Error(".git went along")
			}
		})
	}
}

func TestWhatIsLiveAlreadyIsNotTouchedUnlessAsked(t *testing.T) {
	settled(t, few)
	// n4's first of this source; the archive's checksum is its revision.
	same := []string{"-e={source: archive, repo: /deploy/src/web-demo-v4.tar.gz, ref: v4}", "-e", "batch=100%"}
	deploy(t, few, same...).exits(t, 0)
	release, before := linked(t, "n2"), started(t, "n2")
	r := deploy(t, few, same...).exits(t, 0).says(t, "n2: has "+release+" already, with the same code and configuration; nothing to do (-e redeploy=yes forces)", "nothing was changed")
	if r.changes() || started(t, "n2") != before {
		t.Errorf("something was changed\n%s", r.out)
	}
	deploy(t, few, append(same, "-e", "redeploy=yes")...).exits(t, 0)
	if again := linked(t, "n2"); again == release || started(t, "n2") == before {
		t.Errorf("with redeploy=yes n2 still runs %s", again)
	}
	run(t, linked(t, "n2"), few)
}

func TestHoldStopsBeforeTheOthersAndItsPrintedCommandsGoOnAndBack(t *testing.T) {
	now, next := settled(t, few)
	held := node{release: next, answers: next, balancer: "drain"}
	for _, way := range []struct{ printed, want string }{{"go back with: ", now}, {"Go on with: ", next}} {
		r := deploy(t, few, "-e", "version="+next, "-e", "hold=preprod").exits(t, 0)
		r.says(t, "n1 runs "+next+" and stays out of the balancer", "http://192.168.56.11:8080/")
		if n := nodes(t, few[:1])["n1"]; n != held {
			t.Errorf("n1: %+v, want %+v", n, held)
		}
		run(t, now, few[1:])
		command := strings.ReplaceAll(r.find(t, way.printed+`gdeploy (?:(play [a-z]+\.yml(?: -[el] '?[A-Za-z0-9_=.,-]+'?)+))`), "'", "")
		gdeploy(t, append(strings.Fields(command), append(impatient, "-e", "batch=100%")...)...).exits(t, 0)
		run(t, way.want, few)
	}
}

func TestPruneKeepsTheLiveThePreviousAndThePinnedRelease(t *testing.T) {
	labUp(t)
	n2 := []string{"n2"}
	t.Cleanup(func() {
		onHost(t, "n2", "rm -rf /webroot/prune /opt/webroot/prune_* /var/lib/gdeploy/releases/prune")
		inLab(t, "", "sh", "-c", "rm -rf /deploy/tar/prune_*")
	})
	name := fresh("p")
	for i := range 5 {
		from := fmt.Sprintf("-e={app: prune, source: archive, repo: /deploy/src/web-demo-v2.tar.gz, release_name: %s-%d, keep: 2, lb_driver: none, restart: none, health_shows_version: false}", name, i)
		gdeploy(t, "play", "deploy.yml", limit(n2), from).exits(t, 0)
		if i == 1 {
			gdeploy(t, "run", "n2", "-b", "-m", "release_mark", "-a", fmt.Sprintf("app=prune releases_dir=/opt/webroot webroot=/webroot/prune state_dir=/var/lib/gdeploy/releases/prune version=%s-0 state=pinned", name)).exits(t, 0)
		}
	}
	for place, pattern := range map[string]string{"n2": hostFile("n2", "/opt/webroot/prune_*"), "the controller": controllerFile("/deploy/tar/prune_*")} {
		found, _ := filepath.Glob(pattern)
		var kept []string
		for _, f := range found {
			kept = append(kept, f[len(f)-1:])
		}
		// The controller may keep one more, which the node had when the run began.
		if got := strings.ReplaceAll(strings.Join(kept, " "), "2 ", ""); got != "0 3 4" {
			t.Errorf("%s kept %s of releases 0 to 4, want 0 (pinned), 3 and 4", place, got)
		}
	}
}

func TestAnArchiveThatIsMissingOrCannotBeReadIsNamed(t *testing.T) {
	now, _ := settled(t, few)
	inLab(t, "", "install", "-m", "0600", "/dev/null", "/deploy/tmp/secret.tar")
	t.Cleanup(func() { inLab(t, "", "rm", "/deploy/tmp/secret.tar") })
	for _, repo := range []string{"/deploy/tmp/nosuch.tar", "/deploy/tmp/secret.tar"} {
		deploy(t, few, "-e", "source=archive", "-e", "repo="+repo).exits(t, 2).says(t, "there is no archive "+repo+" (repo) on this machine, or none that www may read")
	}
	run(t, now, few)
}
