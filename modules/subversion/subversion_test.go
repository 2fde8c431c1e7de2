package subversion_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/modules/subversion"
	"github.com/gdeploy/gdeploy/values"
)

// origin is a repository with trunk, branches and tags, and a working copy to commit in.
type origin struct {
	t        *testing.T
	url, dir string
}

func newOrigin(t *testing.T) origin {
	t.Helper()
	t.Setenv("HOME", t.TempDir())
	t.Setenv("LC_ALL", "C.UTF-8")
	repo := filepath.Join(t.TempDir(), "repo")
	if out, err := exec.Command("svnadmin", "create", repo).CombinedOutput(); err != nil {
		t.Fatalf("svnadmin: %v: %s", err, out)
	}
	o := origin{t, "file://" + repo, filepath.Join(t.TempDir(), "work")}
	o.svn("", "mkdir", "-m", "layout", o.url+"/trunk", o.url+"/branches", o.url+"/tags")
	o.svn("", "checkout", o.url+"/trunk", o.dir)
	o.commit("one")
	o.svn("", "copy", "-m", "tag", o.url+"/trunk", o.url+"/tags/v1")
	o.commit("two")
	o.svn("", "copy", "-m", "branch", o.url+"/trunk", o.url+"/branches/side")
	return o
}

func (o origin) svn(dir string, args ...string) string {
	o.t.Helper()
	cmd := exec.Command("svn", append(args, "--non-interactive")...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		o.t.Fatalf("svn %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func (o origin) commit(text string) {
	o.t.Helper()
	write(o.t, filepath.Join(o.dir, "file"), text)
	o.svn(o.dir, "add", "--force", "--quiet", "file")
	o.svn(o.dir, "commit", "-m", text)
	o.svn(o.dir, "update")
}

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

func str(s string) values.Value { return values.String(s) }

func perform(t *testing.T, check bool, pairs ...any) modules.Reply {
	t.Helper()
	sys := machine.New(machine.Options{})
	defer sys.Close()
	return modules.Perform(t.Context(), subversion.Spec, modules.Call{Module: "subversion", Args: values.MapOf(pairs...), Check: check}, sys)
}

func want(t *testing.T, r modules.Reply, changed bool, revision string) {
	t.Helper()
	if r.Failed {
		t.Fatalf("failed: %s", r.Msg)
	}
	got, _ := r.Data.Get("revision")
	if r.Changed != changed || values.Text(got) != revision {
		t.Errorf("changed %v, revision %s; want %v, %s (%+v)", r.Changed, values.Text(got), changed, revision, r.Changes)
	}
}

func TestRevisions(t *testing.T) {
	o := newOrigin(t)
	for name, c := range map[string]struct{ repo, revision, changed, text string }{
		"HEAD":             {"/trunk", "HEAD", "4", "two"},
		"number":           {"/trunk", "3", "2", "one"},
		"number with r":    {"/trunk", "r2", "2", "one"},
		"date":             {"/trunk", "{2199-01-01}", "4", "two"},
		"URL of a tag":     {"/tags/v1", "HEAD", "3", "one"},
		"tag of a project": {"", "v1", "3", "one"},
		"tag from trunk":   {"/trunk", "v1", "3", "one"},
		"branch from tag":  {"/tags/v1", "side", "5", "two"},
		"trunk":            {"", "trunk", "4", "two"},
	} {
		t.Run(name, func(t *testing.T) {
			dest := filepath.Join(t.TempDir(), "deep", "code")
			args := []any{"repo", str(o.url + c.repo), "dest", str(dest), "revision", str(c.revision)}
			if r := perform(t, true, args...); !r.Unknown || !r.Changed {
				t.Errorf("dry run: %+v", r)
			}
			want(t, perform(t, false, args...), true, c.changed)
			want(t, perform(t, false, args...), false, c.changed)
			want(t, perform(t, true, args...), false, c.changed)
			if text := read(t, filepath.Join(dest, "file")); text != c.text {
				t.Errorf("file is %q", text)
			}
		})
	}
}

func TestMoves(t *testing.T) {
	o := newOrigin(t)
	dest := filepath.Join(t.TempDir(), "code")
	at := func(revision string) modules.Reply {
		return perform(t, false, "repo", str(o.url+"/trunk"), "dest", str(dest), "revision", str(revision))
	}
	want(t, at("2"), true, "2")
	r := at("HEAD")
	want(t, r, true, "4")
	before, _ := r.Data.Get("before")
	after, _ := r.Data.Get("after")
	if values.Repr(before) != "['Revision: 2', 'URL: "+o.url+"/trunk']" || values.Repr(after) != "['Revision: 5', 'URL: "+o.url+"/trunk']" {
		t.Errorf("before %s, after %s", values.Repr(before), values.Repr(after))
	}
	o.commit("three")
	want(t, at("HEAD"), true, "6")
	o.svn("", "mkdir", "-m", "elsewhere", o.url+"/elsewhere")
	want(t, at("HEAD"), false, "6")
	want(t, at("side"), true, "5")
	want(t, at("v1"), true, "3")
	if text := read(t, filepath.Join(dest, "file")); text != "one" {
		t.Errorf("file is %q", text)
	}
}

func TestLocalModifications(t *testing.T) {
	o := newOrigin(t)
	dest := filepath.Join(t.TempDir(), "code")
	args := []any{"repo", str(o.url + "/trunk"), "dest", str(dest)}
	want(t, perform(t, false, args...), true, "4")
	write(t, filepath.Join(dest, "file"), "mine")
	r := perform(t, false, args...)
	if !r.Failed || !strings.Contains(r.Msg, "ERROR: modified files exist in the repository.") || !strings.Contains(r.Msg, "M       file") {
		t.Errorf("msg: %s", r.Msg)
	}
	force := append(args, "force", values.True)
	want(t, perform(t, false, force...), true, "4")
	want(t, perform(t, false, force...), false, "4")
	if err := os.Remove(filepath.Join(dest, "file")); err != nil {
		t.Fatal(err)
	}
	want(t, perform(t, false, force...), true, "4")
	if text := read(t, filepath.Join(dest, "file")); text != "two" {
		t.Errorf("file is %q", text)
	}
}

func TestClean(t *testing.T) {
	o := newOrigin(t)
	dest := filepath.Join(t.TempDir(), "code")
	args := []any{"repo", str(o.url + "/trunk"), "dest", str(dest), "clean", values.True}
	want(t, perform(t, false, args...), true, "4")
	write(t, filepath.Join(dest, "ignored.o"), "")
	write(t, filepath.Join(dest, "中文"), "")
	want(t, perform(t, false, args...), true, "4")
	list, err := os.ReadDir(dest)
	if err != nil || len(list) != 2 {
		t.Errorf("left: %v %v", list, err)
	}
	want(t, perform(t, false, args...), false, "4")
}

func TestExternals(t *testing.T) {
	o := newOrigin(t)
	o.svn(o.dir, "propset", "svn:externals", "^/branches/side ext", ".")
	o.svn(o.dir, "commit", "-m", "external")
	dest := filepath.Join(t.TempDir(), "code")
	args := []any{"repo", str(o.url + "/trunk"), "dest", str(dest)}
	want(t, perform(t, false, args...), true, "6")
	want(t, perform(t, false, args...), false, "6")
	write(t, filepath.Join(dest, "ext", "file"), "mine")
	want(t, perform(t, false, args...), false, "6")
}

func TestExport(t *testing.T) {
	o := newOrigin(t)
	dest := filepath.Join(t.TempDir(), "code")
	args := []any{"repo", str(o.url + "/trunk"), "dest", str(dest), "export", values.True}
	want(t, perform(t, false, args...), true, "4")
	if r := perform(t, false, args...); !r.Failed {
		t.Error("export into an existing directory without force must fail")
	}
	want(t, perform(t, false, append(args, "force", values.True)...), true, "4")
	if _, err := os.Stat(filepath.Join(dest, ".svn")); err == nil {
		t.Error("export made a working copy")
	}
}

func TestInPlaceAndLeftAlone(t *testing.T) {
	o := newOrigin(t)
	dest := t.TempDir()
	write(t, filepath.Join(dest, "file"), "mine")
	args := []any{"repo", str(o.url + "/trunk"), "dest", str(dest)}
	r := perform(t, false, args...)
	if !r.Failed || !strings.Contains(r.Msg, "already exists, but its not a subversion repository.") {
		t.Errorf("msg: %s", r.Msg)
	}
	want(t, perform(t, false, append(args, "in_place", values.True, "force", values.True)...), true, "4")
	o.commit("three")
	want(t, perform(t, false, append(args, "update", values.False)...), false, "4")
	missing := filepath.Join(t.TempDir(), "none")
	want(t, perform(t, false, "repo", str(o.url+"/trunk"), "dest", str(missing), "checkout", values.False), false, "6")
	want(t, perform(t, false, "repo", str(o.url+"/trunk"), "checkout", values.False, "update", values.False), false, "6")
}

func TestPasswordGoesByStdin(t *testing.T) {
	o := newOrigin(t)
	said := filepath.Join(t.TempDir(), "said")
	fake := filepath.Join(t.TempDir(), "svn")
	write(t, fake, "#!/bin/sh\nprintf '%s\\n' \"$*\" >>"+said+"\ncase \"$*\" in *password-from-stdin*) cat >>"+said+" ;; esac\nexec svn \"$@\" </dev/null\n")
	if err := os.Chmod(fake, 0o755); err != nil {
		t.Fatal(err)
	}
	r := perform(t, false, "repo", str(o.url+"/trunk"), "dest", str(filepath.Join(t.TempDir(), "code")), "executable", str(fake),
		"username", str("ada"), "password", str("hush-hush"))
	want(t, r, true, "4")
	for line := range strings.Lines(read(t, said)) {
		if strings.Contains(line, "hush") && line != "hush-hush\n" {
			t.Errorf("the password is on the command line: %s", line)
		}
	}
	if !strings.Contains(read(t, said), "\nhush-hush\n") || !strings.Contains(read(t, said), "--username ada") {
		t.Errorf("svn got:\n%s", read(t, said))
	}
}

func TestMistakes(t *testing.T) {
	o := newOrigin(t)
	for name, c := range map[string]struct {
		parameter, value, want string
	}{
		"no URL":           {"repo", "/srv/repo", "must be a URL; a directory is file:///"},
		"no such tree":     {"repo", o.url + "/nope", "nope"},
		"no such revision": {"revision", "99", "has no revision 99"},
		"no such branch":   {"revision", "nope", `revision "nope" is no number, HEAD or {date}, and there is no such branch or tag: looked for ` + o.url + "/tags/nope"},
		"no svn":           {"executable", "/no/svn", "install subversion"},
		"option":           {"revision", "--config-dir=/x", "must not begin with -"},
	} {
		t.Run(name, func(t *testing.T) {
			args := map[string]string{"repo": o.url + "/trunk", "dest": filepath.Join(t.TempDir(), "code")}
			args[c.parameter] = c.value
			var pairs []any
			for k, v := range args {
				pairs = append(pairs, k, str(v))
			}
			if r := perform(t, false, pairs...); !r.Failed || !strings.Contains(r.Msg, c.want) {
				t.Errorf("failed %v: %s\nwant %q", r.Failed, r.Msg, c.want)
			}
		})
	}
}
