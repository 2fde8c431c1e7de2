package git_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/git"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/values"
)

// origin is a repository to clone from.
type origin struct {
	t   *testing.T
	dir string
}

func newOrigin(t *testing.T) origin {
	t.Helper()
	home := t.TempDir()
	for name, value := range map[string]string{
		"HOME": home, "GIT_CONFIG_NOSYSTEM": "1",
		"GIT_AUTHOR_NAME": "Test", "GIT_AUTHOR_EMAIL": "test@example.com",
		"GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.com",
	} {
		t.Setenv(name, value)
	}
	o := origin{t, filepath.Join(t.TempDir(), "origin")}
	run(t, "", "init", "--quiet", "--initial-branch=main", o.dir)
	o.commit("one")
	o.git("tag", "v1")
	o.commit("two")
	o.git("tag", "-a", "-m", "second", "v2")
	o.git("branch", "side")
	return o
}

func run(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (o origin) git(args ...string) string { o.t.Helper(); return run(o.t, o.dir, args...) }

func (o origin) commit(text string) {
	o.t.Helper()
	write(o.t, filepath.Join(o.dir, "file"), text)
	o.git("add", "-A")
	o.git("commit", "--quiet", "-m", text)
}

func (o origin) at(name string) string { o.t.Helper(); return o.git("rev-parse", name+"^{commit}") }

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func perform(t *testing.T, check bool, pairs ...any) modules.Reply {
	t.Helper()
	sys := machine.New(machine.Options{})
	defer sys.Close()
	return modules.Perform(t.Context(), git.Spec, modules.Call{Module: "git", Args: values.MapOf(pairs...), Check: check}, sys)
}

func str(s string) values.Value { return values.String(s) }

func get(r modules.Reply, name string) string {
	v, _ := r.Data.Get(name)
	return values.Text(v)
}

// want checks a reply's most important parts.
func want(t *testing.T, r modules.Reply, changed bool, after string) {
	t.Helper()
	if r.Failed {
		t.Fatalf("failed: %s", r.Msg)
	}
	if r.Changed != changed || get(r, "after") != after {
		t.Errorf("changed %v, after %s; want %v, %s (%+v)", r.Changed, get(r, "after"), changed, after, r.Changes)
	}
}

func TestVersions(t *testing.T) {
	o := newOrigin(t)
	for name, version := range map[string]string{
		"HEAD": "HEAD", "branch": "side", "tag": "v1", "annotated tag": "v2", "ref": "refs/heads/main",
		"commit": o.at("v1"), "beginning of a commit": o.at("v1")[:7], "remote branch": "origin/side",
	} {
		t.Run(name, func(t *testing.T) {
			dest := filepath.Join(t.TempDir(), "deep", "code")
			commit := o.at(strings.TrimPrefix(version, "origin/"))
			args := []any{"repo", str(o.dir), "dest", str(dest), "version", str(version)}
			foreseen := perform(t, true, args...)
			if !foreseen.Unknown || !foreseen.Changed || len(version) != 7 && get(foreseen, "after") != commit {
				t.Errorf("dry run: %+v", foreseen)
			}
			want(t, perform(t, false, args...), true, commit)
			want(t, perform(t, false, args...), false, commit)
			want(t, perform(t, true, args...), false, commit)
			if got := run(t, dest, "rev-parse", "HEAD"); got != commit {
				t.Errorf("HEAD is %s, want %s", got, commit)
			}
		})
	}
}

func TestMovesBetweenVersions(t *testing.T) {
	o := newOrigin(t)
	dest := filepath.Join(t.TempDir(), "code")
	at := func(version string) modules.Reply {
		return perform(t, false, "repo", str(o.dir), "dest", str(dest), "version", str(version))
	}
	want(t, at("HEAD"), true, o.at("main"))
	want(t, at("v1"), true, o.at("v1"))
	o.commit("three")
	o.git("tag", "-f", "v1")
	want(t, at("v1"), true, o.at("main"))
	o.git("checkout", "--quiet", "side")
	o.commit("four")
	o.git("checkout", "--quiet", "main")
	want(t, at("side"), true, o.at("side"))
	o.git("checkout", "--quiet", "side")
	o.git("reset", "--quiet", "--hard", "HEAD~1")
	o.commit("rewritten")
	want(t, at("side"), true, o.at("side"))
	if got := run(t, dest, "rev-parse", "--abbrev-ref", "side@{upstream}"); got != "origin/side" {
		t.Errorf("upstream is %s", got)
	}
	if text := read(t, filepath.Join(dest, "file")); text != "rewritten" {
		t.Errorf("file is %q", text)
	}
}

func TestLocalModifications(t *testing.T) {
	o := newOrigin(t)
	dest := filepath.Join(t.TempDir(), "code")
	args := []any{"repo", str(o.dir), "dest", str(dest)}
	want(t, perform(t, false, args...), true, o.at("main"))
	write(t, filepath.Join(dest, "file"), "mine")
	r := perform(t, false, args...)
	if !r.Failed || !strings.Contains(r.Msg, "Local modifications exist in the destination: "+dest+" (force=no)") || !strings.Contains(r.Msg, "file") {
		t.Errorf("msg: %s", r.Msg)
	}
	want(t, perform(t, false, append(args, "force", values.True)...), true, o.at("main"))
	if text := read(t, filepath.Join(dest, "file")); text != "two" {
		t.Errorf("file is %q", text)
	}
	want(t, perform(t, false, append(args, "force", values.True)...), false, o.at("main"))
}

func TestCleanRemovesWhatIsNotOfTheRepository(t *testing.T) {
	o := newOrigin(t)
	write(t, filepath.Join(o.dir, ".gitignore"), "*.o\n")
	o.commit("ignore")
	dest := filepath.Join(t.TempDir(), "code")
	args := []any{"repo", str(o.dir), "dest", str(dest), "clean", values.True}
	want(t, perform(t, false, args...), true, o.at("main"))
	write(t, filepath.Join(dest, "a.o"), "")
	run(t, dest, "init", "--quiet", "nested")
	want(t, perform(t, false, args...), true, o.at("main"))
	if list, _ := filepath.Glob(filepath.Join(dest, "[an]*")); list != nil {
		t.Errorf("left: %v", list)
	}
	want(t, perform(t, false, args...), false, o.at("main"))
}

func TestSubmodules(t *testing.T) {
	o := newOrigin(t)
	t.Setenv("GIT_CONFIG_COUNT", "1")
	t.Setenv("GIT_CONFIG_KEY_0", "protocol.file.allow")
	t.Setenv("GIT_CONFIG_VALUE_0", "always")
	inner := origin{t, filepath.Join(t.TempDir(), "inner")}
	run(t, "", "init", "--quiet", "--initial-branch=main", inner.dir)
	inner.commit("inner one")
	o.git("submodule", "--quiet", "add", inner.dir, "sub")
	o.commit("with submodule")
	dest := filepath.Join(t.TempDir(), "code")
	args := []any{"repo", str(o.dir), "dest", str(dest)}
	want(t, perform(t, false, args...), true, o.at("main"))
	want(t, perform(t, false, args...), false, o.at("main"))
	inner.commit("inner two")
	run(t, filepath.Join(o.dir, "sub"), "pull", "--quiet")
	o.commit("newer submodule")
	want(t, perform(t, false, args...), true, o.at("main"))
	if text := read(t, filepath.Join(dest, "sub", "file")); text != "inner two" {
		t.Errorf("file of the submodule is %q", text)
	}
	want(t, perform(t, false, args...), false, o.at("main"))
}

func TestDepthAndBare(t *testing.T) {
	o := newOrigin(t)
	dest := filepath.Join(t.TempDir(), "code")
	args := []any{"repo", str("file://" + o.dir), "dest", str(dest), "depth", values.Int(1)}
	want(t, perform(t, false, args...), true, o.at("main"))
	if n := run(t, dest, "rev-list", "--count", "HEAD"); n != "1" {
		t.Errorf("%s commits, want 1", n)
	}
	o.commit("three")
	want(t, perform(t, false, args...), true, o.at("main"))
	want(t, perform(t, false, append(args, "version", str("side"))...), true, o.at("side"))
	want(t, perform(t, false, args[:4]...), true, o.at("main"))
	if n := run(t, dest, "rev-list", "--count", "HEAD"); n != "3" {
		t.Errorf("%s commits, want 3", n)
	}
	bare := filepath.Join(t.TempDir(), "bare")
	args = []any{"repo", str(o.dir), "dest", str(bare), "bare", values.True}
	want(t, perform(t, false, args...), true, o.at("main"))
	want(t, perform(t, false, args...), false, o.at("main"))
	o.commit("four")
	want(t, perform(t, false, args...), true, o.at("main"))
	want(t, perform(t, false, args...), false, o.at("main"))
}

func TestRemoteMoves(t *testing.T) {
	o := newOrigin(t)
	moved := o.dir + "-moved"
	dest := filepath.Join(t.TempDir(), "code")
	want(t, perform(t, false, "repo", str(o.dir), "dest", str(dest)), true, o.at("main"))
	commit := o.at("main")
	if err := os.Rename(o.dir, moved); err != nil {
		t.Fatal(err)
	}
	r := perform(t, false, "repo", str(moved), "dest", str(dest))
	want(t, r, true, commit)
	if get(r, "remote_url_changed") != "True" || run(t, dest, "remote", "get-url", "origin") != moved {
		t.Errorf("the remote did not move: %+v", r)
	}
}

func TestCloneThatWasKilledIsCompleted(t *testing.T) {
	o := newOrigin(t)
	dest := filepath.Join(t.TempDir(), "code")
	run(t, "", "init", "--quiet", dest)
	args := []any{"repo", str(o.dir), "dest", str(dest)}
	want(t, perform(t, false, args...), true, o.at("main"))
	want(t, perform(t, false, args...), false, o.at("main"))
	write(t, filepath.Join(dest, ".git", "index.lock"), "")
	r := perform(t, false, append(args, "version", str("v1"))...)
	if !r.Failed || !strings.Contains(r.Msg, "A git that was killed has left that lock") {
		t.Errorf("failed %v: %s", r.Failed, r.Msg)
	}
}

func TestUmask(t *testing.T) {
	o := newOrigin(t)
	dest := filepath.Join(t.TempDir(), "code")
	want(t, perform(t, false, "repo", str(o.dir), "dest", str(dest), "umask", str("0077")), true, o.at("main"))
	if info, err := os.Stat(filepath.Join(dest, "file")); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

func TestUpdateAndClone(t *testing.T) {
	o := newOrigin(t)
	dest := filepath.Join(t.TempDir(), "code")
	r := perform(t, false, "repo", str(o.dir), "dest", str(dest), "clone", values.False)
	want(t, r, true, o.at("main"))
	if _, err := os.Stat(dest); err == nil {
		t.Error("clone: false has cloned")
	}
	want(t, perform(t, false, "repo", str(o.dir), "dest", str(dest), "version", str("v1")), true, o.at("v1"))
	want(t, perform(t, false, "repo", str(o.dir), "dest", str(dest), "update", values.False), false, o.at("v1"))
}

func TestMistakes(t *testing.T) {
	o := newOrigin(t)
	full := t.TempDir()
	write(t, filepath.Join(full, "something"), "")
	for name, c := range map[string]struct {
		args []any
		want string
	}{
		"unknown version":      {[]any{"version", str("nope")}, `version "nope" is no branch, tag or commit of ` + o.dir},
		"unknown commit":       {[]any{"version", str("0123456789012345678901234567890123456789")}, "is no branch, tag or commit"},
		"unknown short commit": {[]any{"version", str("0123456")}, "is no branch, tag or commit"},
		"no repository":        {[]any{"repo", str("/no/such/thing")}, "Is repo right, and may "},
		"directory with files": {[]any{"dest", str(full)}, "has files and is no git repository"},
		"option as version":    {[]any{"version", str("--upload-pack=x")}, "must not begin with -"},
		"umask":                {[]any{"umask", str("rwx")}, "must be octal"},
		"separate_git_dir":     {[]any{"separate_git_dir", str("/x")}, "separate_git_dir"},
		"no git":               {[]any{"executable", str("/no/git")}, "install git"},
		"password in url":      {[]any{"repo", str("https://me:hush@127.0.0.1:1/x.git")}, "https://127.0.0.1:1/x.git"},
	} {
		t.Run(name, func(t *testing.T) {
			args := map[string]values.Value{"repo": str(o.dir), "dest": str(filepath.Join(t.TempDir(), "code"))}
			args[c.args[0].(string)] = c.args[1].(values.Value)
			var pairs []any
			for k, v := range args {
				pairs = append(pairs, k, v)
			}
			r := perform(t, false, pairs...)
			if !r.Failed || !strings.Contains(r.Msg, c.want) || strings.Contains(r.Msg, "hush") {
				t.Errorf("failed %v: %s\nwant %q", r.Failed, r.Msg, c.want)
			}
		})
	}
}

func TestForeignTreeIsExplained(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a tree to somebody else")
	}
	o := newOrigin(t)
	dest := filepath.Join(t.TempDir(), "code")
	args := []any{"repo", str(o.dir), "dest", str(dest)}
	want(t, perform(t, false, args...), true, o.at("main"))
	for _, dir := range []string{filepath.Dir(filepath.Dir(dest)), filepath.Dir(dest)} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("chown", "-R", "nobody", dest).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want(t, perform(t, true, args...), false, o.at("main"))
	o.commit("three")
	if r := perform(t, true, args...); !r.Changed || get(r, "after") != o.at("main") {
		t.Errorf("dry run: %+v", r)
	}
	r := perform(t, false, args...)
	if !r.Failed || !strings.Contains(r.Msg, "belongs to nobody, and git, running as root, does not trust it: run the task as its owner (become_user: nobody)") {
		t.Errorf("msg: %s", r.Msg)
	}
}
