package runlog_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/runlog"
	"github.com/gdeploy/gdeploy/values"
)

func ended(t *testing.T, shared string, hosts ...string) *runlog.Run {
	t.Helper()
	r, err := runlog.Start(t.TempDir(), shared, runlog.Meta{ID: "1", Who: "ada@ops1", Playbooks: []string{"deploy.yml"}})
	if err != nil {
		t.Fatal(err)
	}
	tell := func(e executor.Event) { r.Record(executor.Record{Time: time.Unix(0, 0), Event: e}) }
	tell(executor.PlayStarted{Hosts: hosts})
	for _, h := range hosts {
		for _, to := range []string{"v1", ""} {
			kind := executor.Ordinary
			if to == "" {
				kind = executor.Undoing
			}
			tell(executor.HostResult{
				Task: executor.Place{Action: "release_switch", Kind: kind}, Host: h, Status: executor.Changed,
				Result: values.MapOf("app", values.String("shop"), "from", values.String(map[string]string{"": "v1"}[to]), "to", values.String(to)),
			})
		}
	}
	tell(executor.RunEnded{})
	return r
}

func TestAllDeployersOfTheGroupCanWriteTheLog(t *testing.T) {
	log := filepath.Join(t.TempDir(), "gdeploy.log")
	if err := ended(t, log, "n1").Close(); err != nil {
		t.Fatal(err)
	}
	st, err := os.Stat(log)
	if err != nil || st.Mode().Perm() != 0o664 {
		t.Errorf("the log is %v (%v), and its group must be able to write", st.Mode(), err)
	}
	lines, err := runlog.History(log, runlog.Wanted{Hosts: true, Lines: 9})
	want := []string{"switch app=shop nothing -> v1 ", "switch-back app=shop v1 -> nothing ", "deploy app=shop nothing -> v1 "}
	for i, part := range want {
		if err != nil || len(lines) != len(want) || !strings.Contains(lines[i], part) {
			t.Fatalf("%q (%v), want %q", lines, err, want)
		}
	}
}

func TestALogThatCannotBeWrittenFailsNoRun(t *testing.T) {
	r := ended(t, t.TempDir(), "n1") // a directory is in its place
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if r.Unshared() == nil {
		t.Error("nothing is told of it")
	}
}

func TestTheHistoryOfAHugeClusterCanBeRead(t *testing.T) {
	log := filepath.Join(t.TempDir(), "gdeploy.log")
	hosts := make([]string, 4000)
	for i := range hosts {
		hosts[i] = strings.Repeat("n", 20) + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26)
	}
	if err := ended(t, log, hosts[:1500]...).Close(); err != nil {
		t.Fatal(err)
	}
	if lines, err := runlog.History(log, runlog.Wanted{Lines: 1}); err != nil || len(lines) != 1 {
		t.Errorf("%d lines: %v", len(lines), err)
	}
}

func TestARunIsOverWhenItsProgramIsGone(t *testing.T) {
	dir, log := t.TempDir(), filepath.Join(t.TempDir(), "gdeploy.log")
	over := func(id string, want bool) {
		t.Helper()
		if runlog.Over(dir, log, id) != want {
			t.Errorf("%s is said to be over: %t", id, !want)
		}
	}
	r, err := runlog.Start(dir, log, runlog.Meta{ID: "mine"})
	if err != nil {
		t.Fatal(err)
	}
	over("mine", false)
	if err := r.Close(); err != nil { // as its death does
		t.Fatal(err)
	}
	over("mine", true)
	over("nobody's", false)
	lines := "2026-11-28T10:00:00Z run=theirs who=bob@ops1 deploy app=shop result=\"interrupted\" duration=1s\n"
	for _, more := range []struct {
		line string
		over bool
	}{{"", true}, {"2026-11-28T10:01:00Z run=theirs who=bob@ops1 switch app=shop a -> b revision=- host=n1\n", false}} {
		lines += more.line
		if err := os.WriteFile(log, []byte(lines), 0o644); err != nil {
			t.Fatal(err)
		}
		over("theirs", more.over)
	}
}

func TestTheLogTellsADryRunAndTheApplicationOfARunThatSwitchedNothing(t *testing.T) {
	log := filepath.Join(t.TempDir(), "gdeploy.log")
	r, err := runlog.Start(t.TempDir(), log, runlog.Meta{ID: "1", Who: "ada@ops1", Playbooks: []string{"deploy.yml"}, Check: true})
	if err != nil {
		t.Fatal(err)
	}
	r.Record(executor.Record{Time: time.Unix(0, 0), Event: executor.LockTaken{Name: "shop"}})
	r.Record(executor.Record{Time: time.Unix(0, 0), Event: executor.RunEnded{}})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	lines, err := runlog.History(log, runlog.Wanted{Lines: 9})
	if err != nil || len(lines) != 1 || !strings.Contains(lines[0], " deploy(dry-run) app=shop - -> - ") {
		t.Errorf("%q, %v", lines, err)
	}
}
