//go:build lab

package endtoend

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// golden is what a whole release of v2 looks like on each node, with its name taken out.
var golden = map[string]string{}

// goldenTrees learns from a deploy that nothing disturbed.
func goldenTrees(t *testing.T) {
	t.Helper()
	release := fresh("f")
	deploy(t, few, faultSource(release), "-e", "batch=100%").exits(t, 0)
	run(t, release, few)
	for _, h := range few {
		golden[h] = tree(t, h, release)
	}
}

// tree names and sums up every file of a release on a node.
func tree(t *testing.T, host, release string) string {
	t.Helper()
	root := hostFile(host, "/opt/webroot/web-demo_"+release)
	var b strings.Builder
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s %s", strings.TrimPrefix(name, root), info.Mode())
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, " %x", sha256.Sum256([]byte(strings.ReplaceAll(string(content), release, "RELEASE"))))
		}
		b.WriteString("\n")
		return nil
	})
	if err != nil {
		return err.Error()
	}
	return b.String()
}

// incomplete gives the nodes whose webroot does not lead to a whole release.
func incomplete(t *testing.T) (broken []string) {
	t.Helper()
	for _, h := range few {
		release := linked(t, h)
		if have := tree(t, h, release); !strings.HasPrefix(release, "f-") || have != golden[h] {
			broken = append(broken, fmt.Sprintf("%s: the webroot leads to %q, which is not whole:\n%s", h, release, have))
		}
	}
	return broken
}

// recovery is what an operator types after a fault.
type recovery struct {
	name string
	args []string
	// assume is typed after it where it stopped before a command of which nobody knows whether it was run.
	assume []string
}

// bring runs the recovery, and gives what is still not as it should be: all nodes on one release, in service, and no
// node that was out of the balancer unnamed.
func (c recovery) bring(t *testing.T, ended result) (broken []string) {
	t.Helper()
	out := outOfTheBalancer(t)
	args := slices.Clone(c.args)
	for i := range args {
		args[i] = strings.ReplaceAll(args[i], "RELEASE", fresh("f"))
	}
	after := gdeploy(t, args...)
	told := ended.out + after.out
	if c.assume != nil && strings.Contains(after.out, "--assume again") {
		after = gdeploy(t, c.assume...)
	}
	for _, h := range out {
		if !strings.Contains(told, h) {
			broken = append(broken, h+" was out of the balancer, and nobody named it")
		}
	}
	if after.code != 0 && after.code != 7 {
		broken = append(broken, fmt.Sprintf("%s: exit code %d\n%s", c.name, after.code, after.out))
	}
	return append(broken, unsettled(t, c.name, after)...)
}

// unsettled gives what keeps the cluster from being in a good state: one release on all nodes, answered by their
// services, all of them in the balancer. The balancer gets a moment to see it.
func unsettled(t *testing.T, name string, after result) (broken []string) {
	t.Helper()
	for end := time.Now().Add(3 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		all := nodes(t, few)
		want := node{release: all[few[0]].release, answers: all[few[0]].release, balancer: "ready"}
		broken = nil
		for _, h := range few {
			if all[h] != want {
				broken = append(broken, fmt.Sprintf("after %s, %s is %+v and not %+v\n%s", name, h, all[h], want, after.out))
			}
		}
		if len(broken) == 0 || time.Now().After(end) {
			return append(broken, incomplete(t)...)
		}
	}
}

func outOfTheBalancer(t *testing.T) (out []string) {
	t.Helper()
	states := balancer(t)
	for _, h := range few {
		if states[h] != "ready" {
			out = append(out, h)
		}
	}
	return out
}

// recoveries are the ways out of a fault, of which each try takes the next: where the controller died, also those that
// take up its run. A node that was cut off keeps its lock until its helper misses the controller, which a new deploy
// waits for by itself.
func recoveries(f fault) []recovery {
	anew := recovery{name: "a new deploy", args: []string{"play", "deploy.yml", limit(few), faultSource("RELEASE"), "-e", "batch=100%", "-e", "rejoin=web", "-e", "health_timeout=6"}}
	if !f.killed {
		return []recovery{anew}
	}
	onward := recovery{name: "resume", args: []string{"resume"}, assume: []string{"resume", "--assume", "again"}}
	back := recovery{name: "resume --undo", args: []string{"resume", "--undo"}, assume: []string{"resume", "--undo", "--assume", "again"}}
	return []recovery{onward, back, anew}
}
