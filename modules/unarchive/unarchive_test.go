package unarchive

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/values"
)

func TestCases(t *testing.T) { moduletest.Run(t, Spec) }

// unpack runs the module on real paths.
func unpack(t *testing.T, sys modules.System, args ...any) modules.Reply {
	t.Helper()
	call := modules.Call{Module: "unarchive", Args: values.MapOf(append(args, "remote_src", values.True)...)}
	return modules.Perform(t.Context(), Spec, call, sys)
}

func realMachine(t *testing.T) *machine.Machine {
	t.Helper()
	m := machine.New(machine.Options{})
	t.Cleanup(func() { m.Close() })
	return m
}

func run(t *testing.T, dir string, argv ...string) string {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}

// tree makes files of all kinds.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, err := range []error{
		os.MkdirAll(filepath.Join(dir, "tree/sub/deep"), 0o755),
		os.WriteFile(filepath.Join(dir, "tree/a"), []byte("first\n"), 0o644),
		os.WriteFile(filepath.Join(dir, "tree/sub/b"), bytes.Repeat([]byte("second\n"), 30000), 0o640),
		os.WriteFile(filepath.Join(dir, "tree/sub/empty"), nil, 0o600),
		os.WriteFile(filepath.Join(dir, "tree/run"), []byte("#!/bin/sh\n"), 0o755),
		os.Symlink("sub/b", filepath.Join(dir, "tree/link")),
		os.Symlink("/etc", filepath.Join(dir, "tree/away")),
		os.Link(filepath.Join(dir, "tree/a"), filepath.Join(dir, "tree/sub/hard")),
		os.Link(filepath.Join(dir, "tree/a"), filepath.Join(dir, "tree/sub/zz")),
		os.Chmod(filepath.Join(dir, "tree/sub/deep"), 0o500),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if os.Geteuid() == 0 { // what others unpack loses it
		if err := os.Chmod(filepath.Join(dir, "tree/run"), 0o755|os.ModeSetuid); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What tar has unpacked needs nothing more; what was unpacked here, tar finds no
// difference in.
func TestAgreesWithTar(t *testing.T) {
	for _, c := range []struct{ name, flag string }{{"x.tar", "-cf"}, {"x.tgz", "-czf"}, {"x.tbz", "-cjf"}, {"x.tzst", "--zstd -cf"}, {"x.txz", "-cJf"}} {
		t.Run(c.name, func(t *testing.T) {
			dir := tree(t)
			archive := filepath.Join(dir, c.name)
			run(t, dir, append(append([]string{"tar"}, strings.Fields(c.flag)...), archive, "tree")...)
			theirs, ours := filepath.Join(dir, "theirs"), filepath.Join(dir, "ours")
			run(t, dir, "mkdir", theirs, ours)
			run(t, theirs, "tar", "-xf", archive)
			sys := realMachine(t)
			if reply := unpack(t, sys, "src", values.String(archive), "dest", values.String(theirs)); reply.Changed || reply.Failed {
				t.Errorf("after tar it changed something: %s %v", reply.Msg, reply.Changes)
			}
			if reply := unpack(t, sys, "src", values.String(archive), "dest", values.String(ours)); !reply.Changed || reply.Failed {
				t.Fatalf("it did not unpack: %s", reply.Msg)
			}
			cmd := exec.Command("tar", "-df", archive, "-C", ours)
			out, _ := cmd.CombinedOutput() // it ends with 1 for each hard link that is a file of its own
			for line := range strings.Lines(string(out)) {
				if !strings.Contains(line, "Not linked to") {
					t.Errorf("tar finds: %s", line)
				}
			}
			if reply := unpack(t, sys, "src", values.String(archive), "dest", values.String(ours)); reply.Changed || reply.Failed {
				t.Errorf("run again, it changed something: %s %v", reply.Msg, reply.Changes)
			}
		})
	}
}

func TestAgreesWithUnzip(t *testing.T) {
	dir := tree(t)
	run(t, dir, "zip", "-qry", "x.zip", "tree")
	theirs := filepath.Join(dir, "theirs")
	run(t, dir, "unzip", "-q", "x.zip", "-d", theirs)
	reply := unpack(t, realMachine(t), "src", values.String(filepath.Join(dir, "x.zip")), "dest", values.String(theirs))
	if reply.Changed || reply.Failed {
		t.Errorf("after unzip it changed something: %s %v", reply.Msg, reply.Changes)
	}
}

// A file that changed brings its hard links along.
func TestHardLinksFollow(t *testing.T) {
	dir := tree(t)
	archive, dest := values.String(filepath.Join(dir, "x.tar")), filepath.Join(dir, "dest")
	run(t, dir, "tar", "-cf", "x.tar", "tree")
	run(t, dir, "mkdir", dest)
	run(t, dest, "tar", "-xf", "../x.tar")
	for _, name := range []string{"a", "sub/hard", "sub/zz"} { // all old alike
		if err := os.WriteFile(filepath.Join(dest, "tree", name), []byte("old\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if reply := unpack(t, realMachine(t), "src", archive, "dest", values.String(dest)); reply.Failed {
		t.Fatal(reply.Msg)
	}
	for _, name := range []string{"a", "sub/hard", "sub/zz"} {
		if text, err := os.ReadFile(filepath.Join(dest, "tree", name)); string(text) != "first\n" {
			t.Errorf("%s holds %q (%v)", name, text, err)
		}
	}
}

func TestHardLinkToNothing(t *testing.T) {
	archive := archiveOf(t, tar.Header{Name: "a", Size: 1}, tar.Header{Name: "h", Typeflag: tar.TypeLink, Linkname: "b"})
	dest := t.TempDir()
	reply := unpack(t, realMachine(t), "src", values.String(archive), "dest", values.String(dest))
	if !reply.Failed || !strings.Contains(reply.Msg, `"h" is a hard link to "b"`) || reply.Changed {
		t.Errorf("got %v %q", reply.Changed, reply.Msg)
	}
	if list, _ := os.ReadDir(dest); len(list) > 0 {
		t.Errorf("it left %v", list)
	}
}

func archiveOf(t *testing.T, headers ...tar.Header) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "x.tar")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := tar.NewWriter(f)
	for _, h := range headers {
		h.Mode |= 0o644
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(w, zeros{}, h.Size); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// A damaged archive leaves the directory as it was, wherever the damage is.
func TestDamagedArchivesWriteNothing(t *testing.T) {
	dir := tree(t)
	for _, c := range []struct{ flag, name string }{{"-czf", "x.tgz"}, {"-cjf", "x.tbz"}} {
		run(t, dir, "tar", c.flag, c.name, "tree")
		whole, err := os.ReadFile(filepath.Join(dir, c.name))
		if err != nil {
			t.Fatal(err)
		}
		for _, damaged := range [][]byte{whole[:len(whole)-5], whole[:len(whole)/2], append(bytes.Clone(whole[:len(whole)-20]), make([]byte, 20)...)} {
			archive, dest := filepath.Join(t.TempDir(), c.name), t.TempDir()
			if err := os.WriteFile(archive, damaged, 0o600); err != nil {
				t.Fatal(err)
			}
			reply := unpack(t, realMachine(t), "src", values.String(archive), "dest", values.String(dest))
			if !reply.Failed || reply.Changed {
				t.Errorf("%s of %d bytes: failed %v, changed %v", c.name, len(damaged), reply.Failed, reply.Changed)
			}
			if list, _ := os.ReadDir(dest); len(list) > 0 {
				t.Errorf("%s of %d bytes left %v", c.name, len(damaged), list)
			}
		}
	}
}

// small is a machine with little room.
type small struct {
	*machine.Machine
	space modules.Space
}

func (s small) Space(string) (modules.Space, error) { return s.space, nil }

func TestNoRoom(t *testing.T) {
	archive := archiveOf(t, tar.Header{Name: "a", Size: 4 << 20}, tar.Header{Name: "h", Typeflag: tar.TypeLink, Linkname: "a"})
	for _, c := range []struct {
		space modules.Space
		says  string
	}{
		{modules.Space{Bytes: 6 << 20}, "it needs 8 MB and there are 6 MB free; nothing was written"},
		{modules.Space{Bytes: 1 << 30, Inodes: 1}, "it has 2 files and the file system has room for 1"},
	} {
		dest := t.TempDir()
		reply := unpack(t, small{realMachine(t), c.space}, "src", values.String(archive), "dest", values.String(dest))
		if !reply.Failed || reply.ErrorKind != modules.KindNoSpace || !strings.Contains(reply.Msg, c.says) {
			t.Errorf("got %q, %q", reply.ErrorKind, reply.Msg)
		}
		if list, _ := os.ReadDir(dest); len(list) > 0 {
			t.Errorf("it left %v", list)
		}
	}
}

// A link to a directory stands for the directory, as systems with /lib -> usr/lib have it.
func TestDirectoryThatIsALink(t *testing.T) {
	archive := archiveOf(t, tar.Header{Name: "lib/", Typeflag: tar.TypeDir, Mode: 0o755}, tar.Header{Name: "lib/x", Size: 3})
	dest := t.TempDir()
	if err := errors.Join(os.MkdirAll(filepath.Join(dest, "usr/lib"), 0o755), os.Symlink("usr/lib", filepath.Join(dest, "lib"))); err != nil {
		t.Fatal(err)
	}
	for i, changed := range []bool{true, false} {
		reply := unpack(t, realMachine(t), "src", values.String(archive), "dest", values.String(dest))
		if reply.Failed || reply.Changed != changed {
			t.Errorf("run %d: changed %v, %s", i, reply.Changed, reply.Msg)
		}
	}
	if _, err := os.Stat(filepath.Join(dest, "usr/lib/x")); err != nil {
		t.Error(err)
	}
}

// Of two members with one name the last counts.
func TestTwice(t *testing.T) {
	archive := archiveOf(t, tar.Header{Name: "a", Size: 1}, tar.Header{Name: "a", Size: 2, ModTime: time.Unix(1e9, 0)})
	dest := t.TempDir()
	for i, changed := range []bool{true, false} {
		reply := unpack(t, realMachine(t), "src", values.String(archive), "dest", values.String(dest))
		if reply.Failed || reply.Changed != changed {
			t.Errorf("run %d: changed %v, %s", i, reply.Changed, reply.Msg)
		}
	}
	if st, err := os.Stat(filepath.Join(dest, "a")); err != nil || st.Size() != 2 {
		t.Error(st, err)
	}
}

func TestPatterns(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		excluded      bool
	}{
		{"*.log", "a/b.log", true}, {"b", "a/b/c", true}, {"a/b", "a/b/c", true}, {"b/c", "a/b/c", true}, {"a*c", "a/b/c", true},
		{"b", "ab", false}, {"a/b", "a/bc", false}, {"?", "a/b", true}, {"[ab]", "b", true}, {"[!ab]", "b", false}, {"[x", "b", false},
		{`\*`, "*", true}, {`\*`, "a", false}, {"a/b/c/d", "a/b/c", false}, {"", "a", false},
	} {
		if got := excludes(c.pattern, c.name); got != c.excluded {
			t.Errorf("%q and %q: %v", c.pattern, c.name, got)
		}
	}
}
