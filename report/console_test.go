package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/report"
	"github.com/gdeploy/gdeploy/values"
)

var update = flag.Bool("update", false, "write the golden files again")

// a run with one of everything.
func everything() []executor.Event {
	command := executor.Place{Path: "0.0/tasks/0", Name: "web : run it", Action: "command", Written: "site.yml:4:7"}
	debug := executor.Place{Path: "0.0/tasks/1", Name: "debug", Action: "debug", Written: "site.yml:6:7"}
	handler := executor.Place{Path: "0.0/handlers/0", Name: "restart", Action: "service", Kind: executor.Handling}
	undo := executor.Place{Path: "0.0/tasks/0/undo/0", Name: "put back", Action: "lb", Kind: executor.Undoing}
	rc := values.MapOf("changed", values.True, "rc", values.Int(0), "stdout", values.String("中\n"), "invocation", values.MapOf("x", values.Null))
	diffed := values.MapOf("changed", values.True, "dest", values.String("/etc/x"), "diff", values.ListOf(values.MapOf(
		"before", values.String("a\nb\n"), "after", values.String("a\nc\n"), "before_header", values.String("/etc/x"), "after_header", values.String("/etc/x"))))
	failed := values.MapOf("changed", values.False, "msg", values.String("it \"broke\""))
	return []executor.Event{
		executor.RunStarted{ID: "r1"},
		executor.PlayStarted{Name: "网站", Strategy: "linear", Hosts: []string{"h1", "h2"}},
		executor.TaskStarted{Task: command, Hosts: []string{"h1", "h2"}},
		executor.HostResult{Task: command, Host: "h1", Status: executor.Changed, Changed: true, Result: rc},
		executor.HostResult{Task: command, Host: "h2", Delegate: "lb", DelegateAddress: "10.0.0.10", Status: executor.OK, Result: failed, Warnings: []string{"careful"}},
		executor.Retry{Task: command, Host: "h2", Attempt: 1, Left: 2, Result: failed},
		executor.Progress{Task: command, Host: "h2", Line: "halfway"},
		executor.HostResult{Task: command, Host: "h2", Status: executor.Failed, Ignored: true, Result: failed},
		executor.HostResult{Task: command, Host: "h3", Status: executor.Skipped, Result: values.MapOf("changed", values.False, "skip_reason", values.String("Conditional result was False"))},
		executor.TaskStarted{Task: debug, Hosts: []string{"h1"}},
		executor.HostResult{Task: debug, Host: "h1", Status: executor.OK, Result: values.MapOf("msg", values.ListOf(values.Int(1), values.Float(2)), "changed", values.False)},
		executor.ItemResult{Task: debug, Host: "h1", Label: "a", Status: executor.OK, Result: values.MapOf("msg", values.String("x"))},
		executor.ItemResult{Task: command, Host: "h1", Label: "{'k': 1}", Status: executor.Changed, Result: rc},
		executor.ItemResult{Task: command, Host: "h1", Label: "c", Status: executor.Skipped, Result: values.MapOf("skip_reason", values.String("no"))},
		executor.ItemResult{Task: command, Host: "h1", Label: "d", Status: executor.Failed, Result: failed},
		executor.ItemResult{Task: command, Host: "h1", Label: "e", Status: executor.Changed, Result: diffed},
		executor.HostResult{Task: command, Host: "h1", Status: executor.Changed, Looped: true, Result: values.MapOf("results", values.ListOf(diffed))},
		executor.Included{Task: command, Hosts: []string{"h1", "h2"}, File: "more.yml", Label: "1"},
		executor.HandlerStarted{Task: handler},
		executor.HostResult{Task: handler, Host: "h1", Status: executor.Changed, Changed: true, Result: diffed},
		executor.Warning{Host: "h1", Text: "look at this"},
		executor.LockTaken{Name: "shop", Hosts: []string{"h1", "h2"}},
		executor.HostResult{Task: handler, Host: "h2", Status: executor.Unreachable, Result: values.MapOf("unreachable", values.True, "msg", values.String("no route"))},
		executor.HostResult{Task: command, Host: "h1", Status: executor.Failed, Result: failed},
		executor.NoMoreHosts{},
		executor.Unwinding{Hosts: []string{"h1"}, Reason: `"run it" failed`},
		executor.UndoStarted{Task: undo, Host: "h1"},
		executor.HostResult{Task: undo, Host: "h1", Delegate: "lb", Status: executor.Changed, Changed: true, Result: rc},
		executor.PlayEnded{Name: "网站", Aborted: "h1 failed"},
		executor.PlayStarted{Name: "free", Strategy: "free", Hosts: []string{"h1", "h2"}},
		executor.TaskStarted{Task: command, Hosts: []string{"h1"}},
		executor.TaskStarted{Task: debug, Hosts: []string{"h2"}},
		executor.HostResult{Task: command, Host: "h1", Status: executor.OK, Result: rc},
		executor.HostResult{Task: command, Host: "h2", Status: executor.OK, Result: rc},
		executor.PlayStarted{Name: "nobody", Strategy: "linear"},
		executor.RunEnded{Seconds: 75, Outcome: executor.Outcome{Failed: 1, Undone: true}, Stats: []executor.HostStats{
			{Host: "h1", OK: 12, Changed: 3, Failed: 1, Skipped: 1, Rescued: 1, Ignored: 1}, {Host: "h2", Unreachable: 1}, {Host: "h3", OK: 1},
		}},
	}
}

func TestConsole(t *testing.T) {
	for name, options := range map[string]report.Options{
		"plain": {}, "color": {Color: true, Width: 100}, "v": {Verbosity: 1}, "vvv": {Verbosity: 3},
	} {
		t.Run(name, func(t *testing.T) {
			var out, warnings bytes.Buffer
			play(report.NewConsole(&out, &warnings, options))
			golden(t, name, out.String()+"\n== warnings ==\n"+warnings.String())
		})
	}
}

func TestLines(t *testing.T) {
	var out bytes.Buffer
	play(report.Lines(&out))
	golden(t, "lines", out.String())
}

func play(sink executor.Sink) {
	for _, e := range everything() {
		sink.Record(executor.Record{Time: time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC), Event: e})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	got = strings.NewReplacer("\x1b", "^[", here, "$HERE").Replace(got)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatModulesOfManyHostsWarnOfIsShownOnce(t *testing.T) {
	var out, errors bytes.Buffer
	c := report.NewConsole(&out, &errors, report.Options{})
	task := executor.Place{Path: "0.0/tasks/0", Name: "write", Action: "copy"}
	for _, host := range []string{"h1", "h2"} {
		c.Record(executor.Record{Event: executor.HostResult{Task: task, Host: host, Status: executor.OK, Warnings: []string{"careful", "of " + host}}})
	}
	if want := "[WARNING]: careful\n[WARNING]: of h1\n[WARNING]: of h2\n"; errors.String() != want {
		t.Errorf("shown is\n%swant\n%s", errors.String(), want)
	}
}
