package transport_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/gdeploy/gdeploy/transport"
)

// cached is where the helper lies on the server after the first contact.
func (s *sshd) cached(t *testing.T) string {
	return filepath.Join(s.home, ".cache/gdeploy", must(ownProgram()).SHA256)
}

// toolbox makes a directory in which sh is that shell.
func toolbox(t *testing.T, shell string) string {
	t.Helper()
	path, err := exec.LookPath(shell)
	if err != nil {
		t.Skip(err)
	}
	dir := t.TempDir()
	if shell == "busybox" {
		if out, err := exec.Command(path, "--install", "-s", dir).CombinedOutput(); err != nil {
			t.Fatalf("%s", out)
		}
		return dir
	}
	if err := os.Symlink(path, filepath.Join(dir, "sh")); err != nil {
		t.Fatal(err)
	}
	return dir + ":" + os.Getenv("PATH")
}

func TestBootstrapUnderShells(t *testing.T) {
	for _, shell := range []string{"dash", "bash", "busybox"} {
		t.Run(shell, func(t *testing.T) {
			server := startSSHD(t, func(s *sshd) {
				s.env = []string{"PATH=" + toolbox(t, shell)}
				s.shell = []string{"sh", "-c"}
			})
			pool := sshPool(t, transport.Options{})
			for range 2 {
				if err := echo(t, pool, server.target()); err != nil {
					t.Fatal(err)
				}
				pool.Reset(server.target())
			}
			entries := must(os.ReadDir(filepath.Dir(server.cached(t))))
			if len(entries) != 1 {
				t.Errorf("left behind: %v", entries)
			}
		})
	}
}

func TestBootstrapUnderLoginShells(t *testing.T) {
	for _, shell := range []string{"dash", "bash", "busybox ash", "fish", "tcsh"} {
		t.Run(shell, func(t *testing.T) {
			words := strings.Fields(shell)
			if _, err := exec.LookPath(words[0]); err != nil {
				t.Skip(err)
			}
			server := startSSHD(t, func(s *sshd) { s.shell = append(words, "-c") })
			if err := echo(t, sshPool(t, transport.Options{}), server.target()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestBootstrapWithoutGzip(t *testing.T) {
	server := startSSHD(t, func(s *sshd) {
		dir := toolbox(t, "busybox")
		for _, name := range []string{"gzip", "sha256sum"} {
			_ = os.Remove(filepath.Join(dir, name))
		}
		s.env = []string{"PATH=" + dir}
	})
	if err := echo(t, sshPool(t, transport.Options{}), server.target()); err != nil {
		t.Fatal(err)
	}
}

func TestBrokenHelperIsSentAnew(t *testing.T) {
	for name, content := range map[string]string{"empty": "", "no program": "\x00\x01", "a script": "#!/bin/sh\necho no\nexit 3\n", "bad script": "#!/no/such/interpreter\n"} {
		t.Run(name, func(t *testing.T) {
			server := startSSHD(t)
			if err := os.MkdirAll(filepath.Dir(server.cached(t)), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(server.cached(t), []byte(content), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := echo(t, sshPool(t, transport.Options{}), server.target()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestPlantedDirectoryIsNotUsed(t *testing.T) {
	server := startSSHD(t)
	dir := filepath.Dir(server.cached(t))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	target := server.target()
	other := filepath.Join(t.TempDir(), "own place")
	target.HelperDirs = []string{"~/.cache/gdeploy", other}
	if err := echo(t, sshPool(t, transport.Options{}), target); err != nil {
		t.Fatal(err)
	}
	if entries := must(os.ReadDir(dir)); len(entries) != 0 {
		t.Errorf("used all the same: %v", entries)
	}
	if entries := must(os.ReadDir(other)); len(entries) != 1 {
		t.Errorf("not used: %v", entries)
	}
	target.HelperDirs = []string{"/tmp/it's"}
	refused(t, echo(t, sshPool(t, transport.Options{}), target), transport.KindHelper, "no quotes")
}

// inMounts runs commands where home is read-only, /var/tmp noexec and /dev/shm full.
func inMounts(t *testing.T, home, tmp string) []string {
	t.Helper()
	if os.Getuid() != 0 || exec.Command("unshare", "-m", "true").Run() != nil {
		t.Skip("needs root and namespaces")
	}
	script := fmt.Sprintf("mount --bind %[1]s %[1]s && mount -o remount,bind,ro %[1]s && mount -t tmpfs -o noexec x /var/tmp &&"+
		"mount -t tmpfs -o size=64k x /dev/shm && mount -t tmpfs %[2]s x /tmp && exec sh -c \"$0\"", home, tmp)
	return []string{"unshare", "-m", "sh", "-c", script}
}

func TestUnusableDirectoriesAreSkipped(t *testing.T) {
	server := startSSHD(t, func(s *sshd) { s.shell = inMounts(t, s.home, "") })
	if err := echo(t, sshPool(t, transport.Options{}), server.target()); err != nil {
		t.Fatal(err)
	}
}

func TestNoUsableDirectory(t *testing.T) {
	server := startSSHD(t, func(s *sshd) { s.shell = inMounts(t, s.home, "-o noexec") })
	err := echo(t, sshPool(t, transport.Options{}), server.target())
	refused(t, err, transport.KindHelper, "no directory for the helper", ".cache/gdeploy does not", "/var/tmp/gdeploy-0 does not let programs run",
		"/dev/shm/gdeploy-0 is full", "/tmp/gdeploy-0 does not", "gdeploy_helper_dirs")
}

func TestManyControllersBringTheHelperAtOnce(t *testing.T) {
	server := startSSHD(t)
	target := server.target()
	var callers sync.WaitGroup
	for range 8 {
		pool := sshPool(t, transport.Options{})
		callers.Go(func() {
			if err := echo(t, pool, target); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if entries := must(os.ReadDir(filepath.Dir(server.cached(t)))); len(slices.DeleteFunc(entries, os.DirEntry.IsDir)) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestNoisyLoginIsSkipped(t *testing.T) {
	noise := strings.Repeat("Welcome to \x00GDEP host\n", 2000)
	server := startSSHD(t, func(s *sshd) {
		s.exec = func(command string, c ssh.Channel) bool {
			_, _ = c.Write([]byte(noise))
			return false
		}
	})
	if err := echo(t, sshPool(t, transport.Options{}), server.target()); err != nil {
		t.Fatal(err)
	}
}

func TestLoginThatStartsNothing(t *testing.T) {
	answers := map[string]func(c ssh.Channel){
		"This account is currently not available": func(c ssh.Channel) { _, _ = c.Write([]byte("This account is currently not available.\n")) },
		"prints without end": func(c ssh.Channel) {
			for {
				if _, err := c.Write(make([]byte, 1000)); err != nil {
					return
				}
			}
		},
		"no such shell": func(c ssh.Channel) { _, _ = c.Stderr().Write([]byte("no such shell\n")) },
	}
	for want, answer := range answers {
		server := startSSHD(t, func(s *sshd) {
			s.exec = func(_ string, c ssh.Channel) bool { answer(c); return true }
		})
		start := time.Now()
		refused(t, echo(t, sshPool(t, transport.Options{}), server.target()), transport.KindHelper, want)
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s: it took %s", want, d)
		}
	}
}

func TestPlatformWithoutHelper(t *testing.T) {
	server := startSSHD(t, func(s *sshd) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "uname"), []byte("#!/bin/sh\necho Linux riscv64\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		s.env = []string{"PATH=" + dir + ":" + os.Getenv("PATH")}
	})
	refused(t, echo(t, sshPool(t, transport.Options{}), server.target()), transport.KindHelper, `"Linux riscv64"`, "linux/amd64")
}
