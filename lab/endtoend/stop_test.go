//go:build lab

package endtoend

import (
	"bufio"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// slowly is a -e with a smoke test that takes some seconds on the nodes for which the condition holds.
func slowly(t *testing.T, seconds int, condition string) string {
	t.Helper()
	return "-esmoke_file=" + write(t, "smoke.yml", fmt.Sprintf("- name: Look around\n  pause: {seconds: %d}\n  when: %s\n", seconds, condition))
}

// inTheMiddle starts a deploy and gives it when its second batch, n2 and n3, is switched and not yet back in the balancer: there a
// smoke test takes its time.
func inTheMiddle(t *testing.T, release string) *running {
	t.Helper()
	smoke := slowly(t, 20, "inventory_hostname != 'n1'")
	r := start(t, "", append([]string{"play", "deploy.yml", limit(few), "-e", "version=" + release, "-e", "batch=100%", smoke}, impatient...)...)
	r.reaches(t, "TASK [stock : Look around]", 2)
	return r
}

// namedOrWhole wants each node to be in the balancer with a release that it runs, or the output to name it.
func namedOrWhole(t *testing.T, r result, hosts []string) (named []string) {
	t.Helper()
	for host, n := range nodes(t, hosts) {
		if n.balancer == "ready" && n.release == n.answers {
			continue
		}
		named = append(named, host)
		if !strings.Contains(r.out, host+": ") {
			t.Errorf("%s is left as %+v and is not named\n%s", host, n, r.out)
		}
	}
	slices.Sort(named)
	return named
}

func TestCtrlCInTheMiddleOfABatchTakesAllOfItBack(t *testing.T) {
	now, next := settled(t, few)
	unharmed := clientThrough(t)
	r := inTheMiddle(t, next)
	r.signal(t, syscall.SIGINT)
	r.wait(t).exits(t, 99).says(t, "[interrupted:", "Stopped by the operator; what was done on 3 hosts was taken back")
	unharmed()
	run(t, now, few)
	deploy(t, few, "-e", "version="+next, "-e", "batch=100%").exits(t, 0)
	run(t, next, few)
}

func TestASecondCtrlCStopsAtOnceAndSaysWhatIsOpen(t *testing.T) {
	_, next := settled(t, few)
	r := inTheMiddle(t, next)
	r.signal(t, syscall.SIGINT)
	r.reaches(t, "[interrupted:", 1)
	r.signal(t, syscall.SIGINT)
	stopped := r.wait(t).exits(t, 99)
	namedOrWhole(t, stopped, few)
	after := deploy(t, few, "-e", "version="+next, "-e", "batch=100%").exits(t, 0)
	for _, h := range namedOrWhole(t, after, few) {
		after.says(t, "-e rejoin="+h)
	}
	deploy(t, few, "-e", "version="+next, "-e", "batch=100%", "-e", "rejoin=web", "-e", "redeploy=yes").exits(t, 0)
	run(t, next, few)
}

func TestAControllerThatIsKilledFreesItsLockAndTheNextDeployNamesWhatItLeft(t *testing.T) {
	for _, c := range []struct {
		moment string
		goOn   bool // to the release that was under way, or back to the one before
	}{
		{"TASK [stock : Switch the webroot]", false},
		{"TASK [stock : Test the node]", true},
	} {
		now, next := settled(t, few)
		r := start(t, "", append([]string{"play", "deploy.yml", limit(few), "-e", "version=" + next, "-e", "batch=100%"}, impatient...)...)
		r.reaches(t, c.moment, 2)
		r.signal(t, syscall.SIGKILL)
		r.wait(t)
		want := now
		if c.goOn {
			want = next
		}
		after := deploy(t, few, "-e", "version="+want, "-e", "batch=100%").exits(t, 0)
		for host, n := range nodes(t, few) {
			if n.release != want || n.answers != want {
				t.Errorf("%s: %+v, want %s", host, n, want)
			}
		}
		for _, h := range namedOrWhole(t, after, few) {
			after.says(t, "-e rejoin="+h)
		}
		deploy(t, few, "-e", "version="+want, "-e", "batch=100%", "-e", "rejoin=web", "-e", "redeploy=yes").exits(t, 0)
		run(t, want, few)
	}
}

func TestARunGoesOnWhenNobodyReadsItsOutput(t *testing.T) {
	_, next := settled(t, few)
	reads, writes, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := onController(t.Context(), append([]string{"gdeploy", "play", "deploy.yml", limit(few), "-e", "version=" + next, "-e", "batch=100%"}, impatient...)...)
	cmd.Stdout, cmd.Stderr = writes, writes
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	writes.Close()
	for seen := bufio.NewScanner(reads); seen.Scan() && !strings.Contains(seen.Text(), "TASK [stock : Switch the webroot]"); {
	}
	reads.Close() // as `gdeploy ... | head` does
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	run(t, next, few)
}
