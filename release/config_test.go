package release_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/release"
)

// The release belongs to the user who serves: what a link in it leads to is not shown.
func TestADiffOfTheConfigurationShowsFilesOfTheReleaseOnly(t *testing.T) {
	n := newNode(t)
	n.deploy(t, "v1", release.Good)
	live := filepath.Join(n.root, n.layout.Dir("v1"))
	for name, text := range map[string]string{"etc/shadow": "hunter2", n.layout.Dir("v1") + "/plain.conf": "port=1"} {
		name = filepath.Join(n.root, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"app.conf": "/etc/shadow", "conf": "/etc"} {
		if err := os.Symlink(target, filepath.Join(live, link)); err != nil {
			t.Fatal(err)
		}
	}
	var entries []modules.TreeEntry
	for _, name := range []string{"app.conf", "conf/shadow", "plain.conf"} {
		entries = append(entries, modules.TreeEntry{Path: name, Blob: modules.Blob{Name: name, Size: 6, Inline: []byte("port=2")}})
	}
	sys := modules.NewRecorder(n.system(""), true, true, nil)
	if err := release.CompareConfig(context.Background(), sys, n.layout, []modules.Tree{{Name: "base", Entries: entries}}); err != nil {
		t.Fatal(err)
	}
	shown := map[string]string{}
	for _, c := range sys.Changes() {
		shown[strings.TrimPrefix(c.Path, n.layout.Link+"/")] = c.Before
	}
	const odd = "no plain file of the release"
	if diff := cmp.Diff(map[string]string{"plain.conf": "port=1", "app.conf": odd, "conf/shadow": odd}, shown); diff != "" {
		t.Errorf("shown is something else:\n%s", diff)
	}
}

// What the service makes in its release, be it a socket or a pipe, is not read and hinders nobody.
func TestVerifyReadsWhatWasStagedOnly(t *testing.T) {
	n := newNode(t)
	n.deploy(t, "v1", release.Good)
	live := filepath.Join(n.root, n.layout.Dir("v1"))
	if err := syscall.Mkfifo(filepath.Join(live, "static/pipe"), 0o666); err != nil {
		t.Fatal(err)
	}
	verify := func() []string {
		t.Helper()
		diffs, err := release.Verify(n.system(""), n.layout, "v1")
		if err != nil {
			t.Fatal(err)
		}
		return diffs
	}
	if diffs := verify(); len(diffs) > 0 {
		t.Errorf("a pipe beside the files is drift: %v", diffs)
	}
	app := filepath.Join(live, "bin/app")
	if err := errors.Join(os.Remove(app), syscall.Mkfifo(app, 0o666)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"bin/app differs"}, verify()); diff != "" {
		t.Errorf("a pipe in place of a file:\n%s", diff)
	}
}
