package executor_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"go.uber.org/goleak"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/inventory"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/onhost"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/transport/serve"
	"github.com/gdeploy/gdeploy/variables"
)

var update = flag.Bool("update", false, "write the golden parts of testdata again")

// TestMain lets the test program be the helper of its local connections.
func TestMain(m *testing.M) {
	if serve.Asked(os.Args) {
		os.Exit(serve.Main(serve.NewNative(onhost.Specs())))
	}
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0") // for the helpers
	goleak.VerifyTestMain(m)
}

// TestPlaybooks runs every testdata/*.txtar: files of a playbook's directory, an inventory,
// and what is to come of it:
//
//	want/effects   what happened on hosts; a line per task, the hosts of a task in order
//	want/recap     the counts and the outcome
//	want/failed    the error, where the run could not be done
func TestPlaybooks(t *testing.T) {
	cases, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range cases {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) { runCase(t, file) })
	}
}

func runCase(t *testing.T, file string) {
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := unpack(t, archive)
	f := newFixture(t, dir, strings.Fields(string(archive.Comment)))
	outcome, err := executor.Run(context.Background(), f.request)
	got := map[string]string{
		"want/effects": strings.ReplaceAll(strings.Join(f.hosts.effects(), "\n")+"\n", dir+"/", ""),
		"want/recap":   recap(f.events, outcome),
	}
	if err != nil {
		got["want/failed"] = strings.ReplaceAll(err.Error(), dir+"/", "") + "\n"
	}
	if *update {
		rewrite(t, file, archive, got)
		return
	}
	for _, part := range archive.Files {
		if strings.HasPrefix(part.Name, "want/") {
			if diff := cmp.Diff(string(part.Data), got[part.Name]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", part.Name, diff)
			}
			delete(got, part.Name)
		}
	}
	if got["want/failed"] != "" {
		t.Errorf("failed: %s", got["want/failed"])
	}
}

func unpack(t testing.TB, archive *txtar.Archive) string {
	dir := t.TempDir()
	for _, part := range archive.Files {
		if strings.HasPrefix(part.Name, "want/") {
			continue
		}
		path := filepath.Join(dir, part.Name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, part.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// laidOut unpacks the files of a text in txtar's form.
func laidOut(t testing.TB, files string) (dir string) {
	return unpack(t, txtar.Parse([]byte(files)))
}

// onHosts is an inventory of hosts, named with blanks between, and a playbook for all of them that
// goes on with play.
func onHosts(names, play string) (files string) {
	return "-- inventory --\n" + strings.ReplaceAll(names, " ", "\n") + "\n-- play.yml --\n- hosts: all\n  gather_facts: false" + play
}

func rewrite(t *testing.T, file string, archive *txtar.Archive, got map[string]string) {
	var files []txtar.File
	for _, part := range archive.Files {
		if !strings.HasPrefix(part.Name, "want/") {
			files = append(files, part)
		}
	}
	var names []string
	for name := range got {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		files = append(files, txtar.File{Name: name, Data: []byte(got[name])})
	}
	archive.Files = files
	if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fixture is a run with everything real but the hosts.
type fixture struct {
	request executor.Request
	hosts   *fakeHosts
	events  *events
}

func newFixture(t testing.TB, dir string, flags []string) *fixture {
	inv, err := inventory.Load(context.Background(), []string{filepath.Join(dir, "inventory")}, inventory.Options{})
	if err != nil {
		t.Fatal(err)
	}
	inv = inv.WithPlaybookDir(dir)
	specs := specs()
	loader := playbooks.NewLoader(playbooks.Options{Modules: specs})
	f := &fixture{hosts: newFakeHosts(specs), events: &events{}}
	book, err := loader.Playbook(filepath.Join(dir, "play.yml"))
	if err != nil {
		t.Fatal(err)
	}
	f.request = executor.Request{
		Playbooks: []*playbooks.Playbook{book},
		Inventory: executor.FromInventory(inv),
		Loader:    loader,
		Hosts:     f.hosts,
		Identity:  modules.Run{ID: "run1", Who: "ada@ops1"},
		Events:    f.events,
		Ahead:     executor.DefaultAhead,
	}
	for _, one := range flags {
		f.setFlag(t, one)
	}
	f.request.Store = variables.NewStore(variables.Options{
		Inventory: variables.FromInventory(inv), PlaybookDir: dir, CheckMode: f.request.Check, DiffMode: f.request.Diff,
	})
	return f
}

func (f *fixture) setFlag(t testing.TB, text string) {
	name, value, _ := strings.Cut(text, "=")
	switch name {
	case "--check":
		f.request.Check = true
	case "parallel-undo":
		f.hosts.parallelUndo = true
	case "--diff":
		f.request.Diff = true
	case "--force-handlers":
		f.request.ForceHandlers = true
	case "--tags":
		f.request.Select.Tags = strings.Split(value, ",")
	case "--skip-tags":
		f.request.Select.SkipTags = strings.Split(value, ",")
	case "--start-at-task":
		f.request.StartAtTask = strings.ReplaceAll(value, "_", " ")
	default:
		t.Fatalf("flag %q is not known to this test", text)
	}
}

// events keeps what was told.
type events struct{ all []executor.Record }

func (e *events) Record(r executor.Record) { e.all = append(e.all, r) }

func recap(e *events, outcome executor.Outcome) string {
	var b strings.Builder
	var warnings []string
	for _, r := range e.all {
		switch ev := r.Event.(type) {
		case executor.RunEnded:
			for _, s := range ev.Stats {
				fmt.Fprintf(&b, "%s ok=%d changed=%d unreachable=%d failed=%d skipped=%d rescued=%d ignored=%d", s.Host, s.OK, s.Changed, s.Unreachable, s.Failed, s.Skipped, s.Rescued, s.Ignored)
				if s.Undone > 0 {
					fmt.Fprintf(&b, " undone=%d", s.Undone)
				}
				b.WriteString("\n")
			}
		case executor.Warning:
			warnings = append(warnings, fmt.Sprintf("warning: %s %s\n", ev.Host, ev.Text))
		}
	}
	sort.Strings(warnings)
	b.WriteString(strings.Join(warnings, ""))
	b.WriteString(strings.ReplaceAll(fmt.Sprintf("%+v\n", outcome), " Open:false Suspended:false", ""))
	return b.String()
}
