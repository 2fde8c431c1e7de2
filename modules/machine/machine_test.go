package machine

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"

	"github.com/gdeploy/gdeploy/modules"
)

func rootIn(t *testing.T) (*Machine, string) {
	t.Helper()
	root := t.TempDir()
	for name, content := range map[string]string{
		"etc/passwd": "root:x:0:0:root:/root:/bin/sh\nwww:x:1001:1001:web:/var/www:/usr/sbin/nologin\nbad line\n",
		"etc/group":  "root:x:0:\nwww:x:1001:\nadm:x:4:www,root\n",
		"srv/a":      "a\n",
	} {
		must(t, os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755))
		must(t, os.WriteFile(filepath.Join(root, name), []byte(content), 0o644))
	}
	m := New(Options{Root: root})
	t.Cleanup(func() { must(t, m.Close()) })
	return m, root
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	list, err := os.ReadDir(dir)
	must(t, err)
	var all []string
	for _, e := range list {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestWriteFileLeavesNothingBesideIt(t *testing.T) {
	m, root := rootIn(t)
	must(t, m.WriteFile("/srv/a", strings.NewReader("b\n"), modules.Attributes{}))
	err := m.WriteFile("/srv/a", &failing{}, modules.Attributes{})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	if got := names(t, filepath.Join(root, "srv")); got != "a" {
		t.Errorf("left %s", got)
	}
	if content, _ := os.ReadFile(filepath.Join(root, "srv/a")); string(content) != "b\n" {
		t.Errorf("the file is %q", content)
	}
}

// failing is a disk that fills up.
type failing struct{ n int }

func (f *failing) Read(p []byte) (int, error) {
	if f.n++; f.n > 3 {
		return 0, &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	}
	return len(p), nil
}

func TestWriteFileKeepsModeAndFollowsNoLink(t *testing.T) {
	m, root := rootIn(t)
	must(t, os.Chmod(filepath.Join(root, "srv/a"), 0o751))
	must(t, os.Symlink("a", filepath.Join(root, "srv/l")))
	must(t, m.WriteFile("/srv/a", strings.NewReader("b\n"), modules.Attributes{}))
	st, err := m.Lstat("/srv/a")
	must(t, err)
	if st.Mode.Perm() != 0o751 {
		t.Errorf("mode is %v", st.Mode)
	}
	must(t, m.WriteFile("/srv/l", strings.NewReader("c\n"), modules.Attributes{}))
	if st, _ := m.Lstat("/srv/l"); !st.Mode.IsRegular() {
		t.Errorf("the link is still a link")
	}
	if content, _ := os.ReadFile(filepath.Join(root, "srv/a")); string(content) != "b\n" {
		t.Errorf("written through the link: %q", content)
	}
}

func TestNewFilesObeyTheUmask(t *testing.T) {
	m, _ := rootIn(t)
	must(t, m.WriteFile("/srv/n", strings.NewReader(""), modules.Attributes{}))
	st, err := m.Lstat("/srv/n")
	must(t, err)
	if want := 0o666 &^ umask(); st.Mode.Perm() != want {
		t.Errorf("mode is %v, want %v", st.Mode, want)
	}
}

func TestLinksStayInTheRoot(t *testing.T) {
	m, root := rootIn(t)
	must(t, os.Symlink("/srv", filepath.Join(root, "abs")))
	must(t, os.Symlink("../../../../srv", filepath.Join(root, "up")))
	must(t, os.Symlink("loop", filepath.Join(root, "loop")))
	for _, name := range []string{"/abs/a", "/up/a", "/srv/../srv/a"} {
		f, err := m.Open(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		f.Close()
	}
	if _, err := m.Stat("/loop/x"); err == nil {
		t.Error("a loop of links ends nowhere")
	}
}

func TestRemoveFollowsNoLink(t *testing.T) {
	m, root := rootIn(t)
	must(t, os.MkdirAll(filepath.Join(root, "app/sub"), 0o755))
	must(t, os.Symlink(filepath.Join(root, "srv"), filepath.Join(root, "app/sub/out")))
	must(t, m.Remove("/app"))
	if _, err := os.Stat(filepath.Join(root, "srv/a")); err != nil {
		t.Error("the target of a link was removed")
	}
	if err := m.Remove("/"); err == nil {
		t.Error("/ can be removed")
	}
}

func TestWriteTreeStaysBelow(t *testing.T) {
	m, root := rootIn(t)
	when := time.Date(2024, 1, 31, 12, 0, 0, 0, time.UTC)
	err := m.WriteTree("/app", func(b modules.Below) error {
		must(t, b.Mkdir("locked", 0o555))
		must(t, b.File("locked/deep/er/x", 0o4755, when, strings.NewReader("x")))
		must(t, b.File("locked/deep/er/x", 0o600, when, strings.NewReader("again")))
		must(t, b.Symlink("/srv", "abs"))
		must(t, b.Symlink("../srv", "up"))
		must(t, b.Symlink("locked", "in"))
		must(t, b.Symlink("deep", "in"))
		for _, name := range []string{"../out", "/out", "abs/out", "up/out", "a/../../out"} {
			if b.File(name, 0o644, when, strings.NewReader("x")) == nil {
				t.Errorf("%s was written", name)
			}
			if b.Mkdir(name, 0o755) == nil {
				t.Errorf("%s was made", name)
			}
		}
		return nil
	})
	must(t, err)
	if _, err := os.Lstat(filepath.Join(root, "srv/out")); err == nil {
		t.Error("written outside")
	}
	st, err := m.Lstat("/app/locked/deep/er/x")
	must(t, err)
	if st.Mode.Perm() != 0o600 || st.Size != 5 || !st.ModTime.Equal(when) {
		t.Errorf("got %+v", st)
	}
	if st, _ := m.Lstat("/app/locked"); st.Mode.Perm() != 0o555 {
		t.Errorf("the directory has %v", st.Mode)
	}
	if st, _ := m.Lstat("/app/in"); st.Target != "deep" {
		t.Errorf("the link points to %s", st.Target)
	}
	must(t, os.Chmod(filepath.Join(root, "app/locked"), 0o755))
}

func TestWriteTreeTellsWhatIsWrongWithTheContent(t *testing.T) {
	m, _ := rootIn(t)
	gone := &fs.PathError{Op: "open", Path: "/code/gone", Err: fs.ErrNotExist}
	err := m.WriteTree("/app", func(b modules.Below) error {
		return b.File("deep/archive", 0o644, time.Time{}, io.MultiReader(strings.NewReader("beginning"), iotest.ErrReader(gone)))
	})
	if err == nil || err.Error() != gone.Error() {
		t.Errorf("the error is %v", err)
	}
}

func TestWriteTreeFollowsNoLinkInItsPlace(t *testing.T) {
	m, root := rootIn(t)
	must(t, os.Symlink("srv", filepath.Join(root, "planted")))
	for _, name := range []string{"/planted", "/planted/"} {
		err := m.WriteTree(name, func(b modules.Below) error {
			return b.File("out", 0o644, time.Time{}, strings.NewReader("x"))
		})
		if err == nil || !strings.Contains(err.Error(), "/planted") || !strings.Contains(err.Error(), "link") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
	if _, err := os.Lstat(filepath.Join(root, "srv/out")); err == nil {
		t.Error("written where a link leads")
	}
}

func TestAccountsAreReadFromFiles(t *testing.T) {
	m, _ := rootIn(t)
	for _, key := range []string{"www", "1001"} {
		u, err := m.User(key)
		if err != nil || u.Name != "www" || u.Home != "/var/www" || u.GID != 1001 {
			t.Errorf("%s: %+v %v", key, u, err)
		}
		g, err := m.Group(key)
		if err != nil || g.GID != 1001 {
			t.Errorf("%s: %+v %v", key, g, err)
		}
	}
	if _, err := m.User("nosuch"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	u, _ := m.User("www")
	if ids := m.groupsOf(u); len(ids) != 2 || ids[0] != 1001 || ids[1] != 4 {
		t.Errorf("groups are %v", ids)
	}
}

func TestProgramsSeeAnEnglishLocaleAndTheTasksEnvironment(t *testing.T) {
	m := New(Options{Env: map[string]string{"COLOUR": "blue"}})
	defer m.Close()
	out, err := m.Exec(context.Background(), modules.Command{
		Argv: []string{"sh", "-c", "echo $LC_ALL $COLOUR $MORE; cat; pwd; echo oops >&2; exit 3"},
		Env:  []string{"MORE=yes"}, Stdin: []byte("in\n"), Dir: "/",
	})
	must(t, err)
	if out.RC != 3 || out.Stdout != "C.UTF-8 blue yes\nin\n/\n" || out.Stderr != "oops\n" {
		t.Errorf("got %+v", out)
	}
	if !strings.Contains(fullPath("/bin"), "/usr/sbin") {
		t.Error("PATH has no /usr/sbin")
	}
}

func TestASignalIsTold(t *testing.T) {
	m := New(Options{})
	defer m.Close()
	out, err := m.Exec(context.Background(), modules.Command{Argv: []string{"sh", "-c", "kill -9 $$"}})
	if err != nil || out.RC != 137 || out.Signal != 9 {
		t.Errorf("got %+v %v", out, err)
	}
}

func TestCancellingEndsTheWholeGroup(t *testing.T) {
	m := New(Options{})
	defer m.Close()
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	_, err := m.Exec(ctx, modules.Command{Argv: []string{"sh", "-c", "sleep 600 & echo $! >child; sleep 600"}, Dir: dir})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	child, err := os.ReadFile(filepath.Join(dir, "child"))
	must(t, err)
	for range 500 {
		if gone(strings.TrimSpace(string(child))) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %s, a child, went on", child)
}

// gone tells whether a process has ended, though nobody may have asked for its exit code.
func gone(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	_, after, _ := strings.Cut(string(stat), ") ")
	return err != nil || strings.HasPrefix(after, "Z")
}

func TestABackgroundProgramDoesNotHoldTheCall(t *testing.T) {
	m := New(Options{})
	defer m.Close()
	start := time.Now()
	out, err := m.Exec(context.Background(), modules.Command{Argv: []string{"sh", "-c", "sleep 60 & echo started"}})
	must(t, err)
	if out.Stdout != "started\n" || time.Since(start) > 50*time.Second {
		t.Errorf("%q after %v", out.Stdout, time.Since(start))
	}
}

func TestAMissingProgramHasNotStarted(t *testing.T) {
	m := New(Options{})
	defer m.Close()
	for _, argv := range [][]string{{"/no/such"}, {"nosuchprogram"}, {}} {
		_, err := m.Exec(context.Background(), modules.Command{Argv: argv})
		var not *modules.NotStartedError
		if !errors.As(err, &not) {
			t.Errorf("%v: got %v", argv, err)
		}
	}
}

func TestAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	m := New(Options{})
	defer m.Close()
	out, err := m.Exec(context.Background(), modules.Command{Argv: []string{"sh", "-c", "id -un; echo $HOME $USER"}, User: "nobody"})
	must(t, err)
	if out.Stdout != "nobody\n/nonexistent nobody\n" {
		t.Errorf("got %q %q", out.Stdout, out.Stderr)
	}
}

func TestMuchOutputIsCutInTheMiddle(t *testing.T) {
	var c capture
	line := bytes.Repeat([]byte("x"), 1<<20)
	for i := range 20 {
		line[0] = byte('a' + i)
		if n, err := c.Write(line); n != len(line) || err != nil {
			t.Fatal(n, err)
		}
	}
	got := c.String()
	if !strings.HasPrefix(got, "ax") || !strings.Contains(got, "bytes left out]") || !strings.Contains(got, "tx") || len(got) > 3*captureLimit+100 {
		t.Errorf("got %d bytes", len(got))
	}
}

func TestLocks(t *testing.T) {
	dir := t.TempDir()
	one, two := NewLocks(), NewLocks()
	defer two.Close()
	a, b := New(Options{Locks: one}), New(Options{Locks: two})
	held, _, err := a.HoldLock(dir+"/lock", []byte("run 1"))
	if err != nil || !held {
		t.Fatal(held, err)
	}
	held, current, err := b.HoldLock(dir+"/lock", []byte("run 2"))
	if err != nil || held || string(current) != "run 1" {
		t.Errorf("held %v, current %q, %v", held, current, err)
	}
	held, _, err = a.HoldLock(dir+"/lock", []byte("run 1b"))
	if err != nil || !held {
		t.Errorf("renewing: %v %v", held, err)
	}
	must(t, a.Close())
	if held, _, _ = b.HoldLock(dir+"/lock", nil); held {
		t.Error("the lock ended with the call")
	}
	must(t, a.ReleaseLock(dir+"/lock"))
	must(t, a.ReleaseLock(dir+"/lock"))
	held, _, err = b.HoldLock(dir+"/lock", []byte("run 2"))
	if err != nil || !held {
		t.Errorf("after release: %v %v", held, err)
	}
	must(t, one.Close())
}

func TestSpaceOfWhatIsNotThereYet(t *testing.T) {
	m, _ := rootIn(t)
	space, err := m.Space("/srv/will/be/here")
	if err != nil || space.Bytes == 0 {
		t.Errorf("got %+v %v", space, err)
	}
}

func TestDial(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer l.Close()
	m := New(Options{})
	defer m.Close()
	conn, err := m.Dial(context.Background(), "tcp", l.Addr().String())
	must(t, err)
	conn.Close()
}

func TestScratchGoesAway(t *testing.T) {
	m := New(Options{})
	file, err := m.WriteTemp("x/../key", []byte("secret"))
	must(t, err)
	st, err := m.Lstat(file)
	if err != nil || st.Mode.Perm() != 0o600 || filepath.Base(file) != "key" {
		t.Errorf("%s: %+v %v", file, st, err)
	}
	must(t, m.Close())
	if _, err := m.Lstat(filepath.Dir(file)); err == nil {
		t.Error("the directory is still there")
	}
}
