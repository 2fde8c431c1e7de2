//go:build lab

package endtoend

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A rollback of this instant makes two calls on each node before the switch: the lock and the ledger. How long it takes
// is printed here and measured by make bench.
func TestRollbackNowAsksEachNodeTwiceBeforeTheSwitch(t *testing.T) {
	settled(t, allNodes)
	deploy(t, allNodes, source(fresh("quick")), "-e", "batch=100%").exits(t, 0)
	began := time.Now()
	rollback(t, allNodes, "-e", "mode=now").exits(t, 0)
	calls := callsBeforeTheSwitch(t, newestRun(t))
	for _, host := range allNodes {
		if got := calls[host]; !slices.Equal(got, []string{"release_facts"}) {
			t.Errorf("%s was asked for %v between lock and switch", host, got)
		}
	}
	t.Logf("from the command until the last of ten nodes had switched: %.2f s", lastSwitch(t).Sub(began).Seconds())
}

// lastSwitch is when the last node switched, by the ledgers; the hosts have this machine's clock.
func lastSwitch(t *testing.T) (last time.Time) {
	t.Helper()
	for _, host := range allNodes {
		lines := strings.Split(strings.TrimSpace(string(read(t, hostFile(host, "/var/lib/gdeploy/releases/web-demo/ledger.jsonl")))), "\n")
		for _, line := range slices.Backward(lines) {
			var e struct {
				Event string
				Time  time.Time
			}
			if err := json.Unmarshal([]byte(line), &e); err != nil {
				t.Fatal(err)
			}
			if e.Event == "switched" {
				if e.Time.After(last) {
					last = e.Time
				}
				break
			}
		}
	}
	return last
}

// newestRun is the directory of the last run.
func newestRun(t *testing.T) string {
	t.Helper()
	runs, err := filepath.Glob(filepath.Join(shared.home, "state", "gdeploy", "runs", "*"))
	if err != nil || len(runs) == 0 {
		t.Fatalf("there is no run (%v)", err)
	}
	return slices.MaxFunc(runs, func(a, b string) int { return modified(t, a).Compare(modified(t, b)) })
}

func modified(t *testing.T, name string) time.Time {
	t.Helper()
	info, err := os.Stat(filepath.Join(name, "events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}

// callsBeforeTheSwitch lists for each node the modules that ran on it before it switched.
func callsBeforeTheSwitch(t *testing.T, run string) map[string][]string {
	t.Helper()
	f, err := os.Open(filepath.Join(run, "events.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	onController := strings.Fields("debug set_fact fail assert meta include_tasks include_role import_tasks import_role release_choose")
	calls, switched := map[string][]string{}, map[string]bool{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var line struct {
			Type  string
			Event struct {
				Host, Status string
				Task         struct{ Action string }
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		host, action := line.Event.Host, line.Event.Task.Action
		switch {
		case line.Type != "host_result" || line.Event.Status == "skipped":
		case action == "release_switch":
			switched[host] = true
		case !switched[host] && !slices.Contains(onController, action):
			calls[host] = append(calls[host], action)
		}
	}
	if len(switched) == 0 {
		t.Fatalf("%s tells of no switch", f.Name())
	}
	return calls
}
