package modules_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
)

// host is a machine in a directory with a file, a directory and a link.
func host(t *testing.T) (*machine.Machine, string) {
	t.Helper()
	root := t.TempDir()
	for _, dir := range []string{"etc", "srv/app_1", "tmp"} {
		must(t, os.MkdirAll(filepath.Join(root, dir), 0o755))
	}
	must(t, os.WriteFile(filepath.Join(root, "etc/passwd"), []byte("root:x:0:0::/root:/bin/sh\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(root, "etc/motd"), []byte("hello\n"), 0o644))
	must(t, os.WriteFile(filepath.Join(root, "srv/app_1/x"), []byte("x\n"), 0o644))
	must(t, os.Symlink("app_1", filepath.Join(root, "srv/app")))
	m := machine.New(machine.Options{Root: root})
	t.Cleanup(func() { m.Close() })
	return m, root
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func text(s string) io.Reader { return strings.NewReader(s) }

func read(t *testing.T, sys modules.System, name string) string {
	t.Helper()
	content, err := modules.ReadFile(sys, name, 1<<20)
	must(t, err)
	return string(content)
}

func actions(changes []modules.Change) []string {
	var list []string
	for _, c := range changes {
		list = append(list, c.Action+" "+c.Path)
	}
	return list
}

func mode(m fs.FileMode) *fs.FileMode { return &m }

// a story changes many things, one upon the other.
func story(t *testing.T, sys modules.System) {
	t.Helper()
	none := modules.Attributes{}
	must(t, sys.WriteFile("/etc/motd", text("hello\n"), none)) // the same
	must(t, sys.WriteFile("/etc/motd", text("bye\n"), modules.Attributes{Mode: mode(0o600)}))
	must(t, sys.Mkdir("/srv/app_2", none))
	must(t, sys.WriteFile("/srv/app_2/y", text("y\n"), none))
	must(t, sys.Symlink("app_2", "/srv/app"))
	must(t, sys.Symlink("app_2", "/srv/app")) // the same
	must(t, sys.WriteFile("/srv/app/z", text("z\n"), none))
	must(t, sys.Rename("/srv/app_1", "/srv/old"))
	must(t, sys.WriteFile("/srv/old/x", text("xx\n"), none))
	must(t, sys.Append("/srv/log", []byte("one\n"), none))
	must(t, sys.Append("/srv/log", []byte("two\n"), none))
	must(t, sys.SetAttributes("/srv/log", modules.Attributes{Mode: mode(0o640)}))
	must(t, sys.SetAttributes("/srv/log", modules.Attributes{Mode: mode(0o640)})) // the same
	must(t, sys.Remove("/srv/missing"))
	must(t, sys.Link("/srv/log", "/srv/log2"))
	must(t, sys.Mkdir("/srv/gone", none))
	must(t, sys.Remove("/srv/gone"))
	must(t, sys.WriteTree("/srv/tree", func(b modules.Below) error {
		return b.File("a/b", 0o644, sys.Now(), text("b"))
	}))
}

var told = []string{
	"write /etc/motd", "chmod /etc/motd", "mkdir /srv/app_2", "write /srv/app_2/y", "link /srv/app", "write /srv/app/z",
	"rename /srv/app_1", "write /srv/old/x", "append /srv/log", "append /srv/log", "chmod /srv/log", "link /srv/log2",
	"mkdir /srv/gone", "remove /srv/gone", "unpack /srv/tree",
}

// state is what a module would see after the story.
func state(t *testing.T, sys modules.System) []string {
	t.Helper()
	var seen []string
	must(t, modules.Walk(sys, "/srv", func(st modules.Stat) error {
		line := st.Mode.String() + " " + st.Path
		if st.Mode.IsRegular() && !strings.HasPrefix(st.Path, "/srv/tree") {
			line += " " + strings.TrimSpace(read(t, sys, st.Path))
		}
		if !strings.HasPrefix(st.Path, "/srv/tree/") {
			seen = append(seen, line+st.Target)
		}
		return nil
	}))
	return append(seen, read(t, sys, "/etc/motd"), read(t, sys, "/srv/app/y"))
}

func TestCheckModeForeseesWhatHappens(t *testing.T) {
	m, root := host(t)
	dry := modules.NewRecorder(m, true, false, nil)
	story(t, dry)
	foreseen := state(t, dry)
	if content, err := os.ReadFile(filepath.Join(root, "etc/motd")); err != nil || string(content) != "hello\n" {
		t.Errorf("check mode changed a file: %q %v", content, err)
	}
	if _, err := os.Lstat(filepath.Join(root, "srv/app_2")); err == nil {
		t.Error("check mode made a directory")
	}
	real := modules.NewRecorder(m, false, false, nil)
	story(t, real)
	if diff := cmp.Diff(told, actions(dry.Changes())); diff != "" {
		t.Errorf("check mode tells other changes:\n%s", diff)
	}
	if diff := cmp.Diff(told, actions(real.Changes())); diff != "" {
		t.Errorf("the changes are others:\n%s", diff)
	}
	if diff := cmp.Diff(state(t, real), foreseen); diff != "" {
		t.Errorf("check mode foresaw another state:\n%s", diff)
	}
}

func TestCheckModeMakesTheMistakesThatWouldHappen(t *testing.T) {
	m, _ := host(t)
	none := modules.Attributes{}
	for _, check := range []bool{true, false} {
		sys := modules.NewRecorder(m, check, false, nil)
		for name, try := range map[string]func() error{
			"a file for a directory":    func() error { return sys.WriteFile("/etc/motd/x", text("x"), none) },
			"a directory for a file":    func() error { return sys.WriteFile("/srv", text("x"), none) },
			"a directory on a file":     func() error { return sys.Mkdir("/etc/motd", none) },
			"a link over a directory":   func() error { return sys.Symlink("x", "/srv/app_1") },
			"a user that is not there":  func() error { return sys.SetAttributes("/etc/motd", modules.Attributes{Owner: "nosuch"}) },
			"attributes of nothing":     func() error { return sys.SetAttributes("/etc/n", none) },
			"a rename of nothing":       func() error { return sys.Rename("/etc/n", "/etc/m") },
			"a hard link to nothing":    func() error { return sys.Link("/etc/n", "/etc/m") },
			"a file below a plain file": func() error { return sys.Append("/etc/motd/x", []byte("x"), none) },
		} {
			if try() == nil {
				t.Errorf("%s is no mistake with check=%v", name, check)
			}
		}
		if len(sys.Changes()) > 0 {
			t.Errorf("mistakes were recorded as changes: %v", actions(sys.Changes()))
		}
	}
}

func TestCheckModeTakesMissingDirectoriesAsMadeBefore(t *testing.T) {
	m, _ := host(t)
	none := modules.Attributes{}
	dry := modules.NewRecorder(m, true, false, nil)
	must(t, dry.WriteFile("/opt/app/conf/x", text("x\n"), none))
	must(t, dry.Symlink("/opt/new", "/opt/link"))
	must(t, dry.Mkdir("/srv/app/deep/er", none))
	if got := read(t, dry, "/opt/app/conf/x"); got != "x\n" {
		t.Errorf("got %q", got)
	}
	if diff := cmp.Diff([]string{"write /opt/app/conf/x", "link /opt/link", "mkdir /srv/app/deep/er"}, actions(dry.Changes())); diff != "" {
		t.Error(diff)
	}
	if err := modules.NewRecorder(m, false, false, nil).WriteFile("/opt/app/conf/x", text("x\n"), none); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("for real it is no mistake: %v", err)
	}
}

func TestDiffShowsTextButNoSecret(t *testing.T) {
	m, _ := host(t)
	sys := modules.NewRecorder(m, false, true, []string{"hunter2"})
	none := modules.Attributes{}
	must(t, sys.WriteFile("/etc/motd", text("bye\n"), none))
	must(t, sys.WriteFile("/etc/new", text("new\n"), none))
	must(t, sys.WriteFile("/etc/key", text("password=hunter2\n"), none))
	must(t, sys.WriteFile("/etc/bin", text("\x00\x01"), none))
	must(t, sys.WriteFile("/etc/big", text(strings.Repeat("x", modules.ShownContent+1)), none))
	f, err := sys.OpenBlob(context.Background(), modules.Blob{SHA256: "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", Size: 1, Inline: []byte("a"), Secret: true})
	must(t, err)
	must(t, sys.WriteFile("/etc/motd", f, none))
	if _, err := sys.Exec(context.Background(), modules.Command{Argv: []string{"true", "--password=hunter2"}}); err != nil {
		t.Fatal(err)
	}
	got := sys.Changes()
	want := []modules.Change{
		{Action: "write", Path: "/etc/motd", Before: "hello\n", After: "bye\n", Text: true},
		{Action: "write", Path: "/etc/new", After: "new\n", Text: true},
		{Action: "write", Path: "/etc/key", After: "sha256:5b0c2e1b"},
		{Action: "write", Path: "/etc/bin", After: "sha256:b413f47d", Withheld: []string{"src_binary"}},
		{Action: "write", Path: "/etc/big", After: "sha256:", Withheld: []string{"src_larger"}},
		{Action: "write", Path: "/etc/motd", Before: "sha256:", After: "sha256:"},
		{Action: "exec", Path: "true --password=********"},
	}
	for i, w := range want {
		if i >= len(got) {
			t.Fatalf("%s is not recorded", w.Path)
		}
		g := got[i]
		if !w.Text && w.After != "" && strings.HasPrefix(g.After, "sha256:") {
			g.After = w.After
		}
		if w.Before == "sha256:" && strings.HasPrefix(g.Before, "sha256:") {
			g.Before = w.Before
		}
		if diff := cmp.Diff(w, g); diff != "" {
			t.Errorf("%s:\n%s", w.Path, diff)
		}
	}
}

func TestScratchIsNotRecorded(t *testing.T) {
	m, _ := host(t)
	sys := modules.NewRecorder(m, true, false, nil)
	dir, err := sys.TempDir()
	must(t, err)
	must(t, sys.WriteFile(dir+"/x", text("x\n"), modules.Attributes{}))
	if got := read(t, sys, dir+"/x"); got != "x\n" {
		t.Errorf("got %q", got)
	}
	must(t, sys.Remove(dir+"/x"))
	if len(sys.Changes()) > 0 {
		t.Errorf("recorded %v", actions(sys.Changes()))
	}
}

func TestAProgramEndsADryRun(t *testing.T) {
	m, _ := host(t)
	sys := modules.NewRecorder(m, true, false, nil)
	_, err := sys.Exec(context.Background(), modules.Command{Argv: []string{"touch", "/never"}})
	if !errors.Is(err, modules.ErrWouldRun) {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"exec touch /never"}, actions(sys.Changes())); diff != "" {
		t.Error(diff)
	}
}

func TestAProgramMayTellThatItDidNothing(t *testing.T) {
	m, _ := host(t)
	sys := modules.NewRecorder(m, false, false, nil)
	quiet := modules.Command{Argv: []string{"echo", "up to date"}, Unchanged: func(o modules.Output) bool { return o.Stdout == "up to date\n" }}
	if _, err := sys.Exec(context.Background(), quiet); err != nil {
		t.Fatal(err)
	}
	if _, err := sys.Exec(context.Background(), modules.Command{Argv: []string{"/no/such/program"}}); err == nil {
		t.Error("no error")
	}
	if len(sys.Changes()) > 0 {
		t.Errorf("recorded %v", actions(sys.Changes()))
	}
}

// counted counts how often a blob is opened.
type counted struct {
	modules.System
	opened int
}

func (c *counted) OpenBlob(ctx context.Context, b modules.Blob) (io.ReadCloser, error) {
	c.opened++
	return c.System.OpenBlob(ctx, b)
}

func TestABlobThatTheHostHasIsNotFetched(t *testing.T) {
	m, _ := host(t)
	same := modules.Blob{SHA256: "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03", Size: 6, Inline: []byte("hello\n")}
	for _, check := range []bool{true, false} {
		counting := &counted{System: m}
		sys := modules.NewRecorder(counting, check, false, nil)
		f, err := sys.OpenBlob(context.Background(), same)
		must(t, err)
		must(t, sys.WriteFile("/etc/motd", f, modules.Attributes{}))
		must(t, f.Close())
		if counting.opened > 0 || len(sys.Changes()) > 0 {
			t.Errorf("opened %d times, recorded %v", counting.opened, sys.Changes())
		}
	}
}

func TestCheckModeTakesOwnersOfWhatIsNewAsMadeBefore(t *testing.T) {
	m, _ := host(t)
	nobody := modules.Attributes{Owner: "nosuch", Group: "nobodys"}
	dry := modules.NewRecorder(m, true, false, nil)
	must(t, dry.Mkdir("/opt", nobody))
	must(t, dry.SetAttributes("/opt", nobody))
	must(t, dry.WriteFile("/opt/x", text("x\n"), nobody))
	must(t, dry.WriteFile("/etc/motd", text("other\n"), nobody))
	if diff := cmp.Diff([]string{"mkdir /opt", "write /opt/x", "write /etc/motd"}, actions(dry.Changes())); diff != "" {
		t.Errorf("check mode tells other changes:\n%s", diff)
	}
	real := modules.NewRecorder(m, false, false, nil)
	for name, err := range map[string]error{
		"/opt":      real.Mkdir("/opt", nobody),
		"/opt/x":    real.WriteFile("/opt/x", text("x\n"), nobody),
		"/etc/motd": real.WriteFile("/etc/motd", text("other\n"), nobody),
	} {
		if err == nil {
			t.Errorf("%s belongs to nobody", name)
		}
	}
}
