package machine

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestDatabases changes users between lookups in each way that programs do, and wants each change to be seen at once.
func TestDatabases(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "etc/passwd")
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept := new(Databases)
	shell := func() string {
		t.Helper()
		u, err := New(Options{Root: root, Databases: kept}).User("gdtest-1")
		if err != nil {
			t.Fatal(err)
		}
		return u.Shell
	}
	line := func(shell string) string { return "gdtest-1:x:99991:99991::/:" + shell + "\n" }
	check := func(how, want string) {
		t.Helper()
		for range 2 {
			if got := shell(); got != want {
				t.Errorf("%s: the shell is %s, want %s", how, got, want)
			}
		}
	}
	write(file, line("/bin/a1"))
	check("made", "/bin/a1")
	write(file, line("/bin/a2"))
	check("written in place at once, of the same size", "/bin/a2")
	time.Sleep(settled + 20*time.Millisecond) // the file's age is what is tested
	check("old", "/bin/a2")
	if kept.passwd.is == (version{}) {
		t.Error("an old file is not kept")
	}
	write(file, line("/bin/a3"))
	check("written in place when kept", "/bin/a3")
	write(file+".new", line("/bin/a4"))
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	check("replaced", "/bin/a4")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if u, err := New(Options{Root: root, Databases: kept}).User("gdtest-1"); err == nil {
		t.Errorf("removed: found %v", u)
	}
}
