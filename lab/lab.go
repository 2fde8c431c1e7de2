// Package lab gives end-to-end tests real hosts: it brings up the lab that lab/lab makes, runs commands in its network and
// makes trouble for its hosts. Tests that use it carry the build tag lab; they fail, and never skip, where no lab can be.
package lab

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

// Options say which lab a test wants. The zero value is the lab named test, with ten web nodes and no Python.
type Options struct {
	Name    string // 1 to 20 of a-z, 0-9, -; labs of different names can be up at once
	Hosts   int    // web nodes beside lb and n11; 1 to 200
	Python  bool   // hosts get python3, for the tools that gdeploy is compared with
	Servers bool   // hosts have tomcat10 and php-fpm, not set up
	Tools   bool   // hosts have cron, git, subversion and packers; not together with Servers
	Oracle  bool   // the same tools, and what Ansible's modules need on a host; in place of Tools
	Fresh   bool   // replace a lab that is up; otherwise it is used as the test before left it
}

// Lab is a lab that is up. It stays up after the test, for the next one, until Down.
type Lab struct {
	Name           string
	PrivateKeyFile string // logs in as root, deploy and sudopw on web nodes and balancer
	KnownHosts     string // host keys of web nodes and balancer; not n11's

	script string
}

// Up brings up the lab that o describes, or joins it when it is up already, and fails the test where that cannot be.
func Up(t testing.TB, o Options) *Lab {
	t.Helper()
	if err := possible(runtime.GOOS, os.Geteuid()); err != nil {
		t.Fatal(err)
	}
	script, err := findScript()
	if err != nil {
		t.Fatal(err)
	}
	o = o.withDefaults()
	l := &Lab{Name: o.Name, script: script}
	if _, err := l.run(t.Context(), "up", o.arguments()...); err != nil {
		t.Fatal(err)
	}
	environment, err := l.run(t.Context(), "env")
	if err != nil {
		t.Fatal(err)
	}
	l.learn(environment)
	return l
}

// Command prepares a command on the controller, in the lab's network, with gdeploy's settings for the lab in its environment.
// Signals sent to its process reach name itself.
func (l *Lab) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	inside := append([]string{"--name", l.Name, "shell", "--", name}, args...)
	return exec.CommandContext(ctx, l.script, inside...)
}

// Exec runs a command inside a host as root, without ssh, and returns its standard output.
// The error of a command that fails ends with its standard error.
func (l *Lab) Exec(ctx context.Context, host string, command ...string) (string, error) {
	return l.run(ctx, "exec", append([]string{host}, command...)...)
}

// Down takes the lab down; the next Up makes a new one.
func (l *Lab) Down(t testing.TB) { l.must(t, "down") }

// Cut takes a host's network away: packets to it are lost.
func (l *Lab) Cut(t testing.TB, host string) { l.must(t, "cut", host) }

// Join ends Cut.
func (l *Lab) Join(t testing.TB, host string) { l.must(t, "join", host) }

// Fill fills a host's disk, all but free, a size such as "10M" or "0".
func (l *Lab) Fill(t testing.TB, host, free string) { l.must(t, "fill", host, free) }

// Unfill ends Fill.
func (l *Lab) Unfill(t testing.TB, host string) { l.must(t, "unfill", host) }

// Freeze makes a host hang: its kernel accepts TCP connections, and nothing answers on them.
func (l *Lab) Freeze(t testing.TB, host string) { l.must(t, "freeze", host) }

// Thaw ends Freeze.
func (l *Lab) Thaw(t testing.TB, host string) { l.must(t, "thaw", host) }

// Kill cuts a host's power.
func (l *Lab) Kill(t testing.TB, host string) { l.must(t, "kill", host) }

// Boot ends Kill: the host boots with the disk that it had.
func (l *Lab) Boot(t testing.TB, host string) { l.must(t, "boot", host) }

// Rekey gives a host another host key than KnownHosts has, until the lab is brought up afresh.
func (l *Lab) Rekey(t testing.TB, host string) { l.must(t, "rekey", host) }

func (l *Lab) must(t testing.TB, command string, args ...string) {
	t.Helper()
	// Trouble is ended in t.Cleanup too, when the test's own context is over.
	if _, err := l.run(context.WithoutCancel(t.Context()), command, args...); err != nil {
		t.Fatal(err)
	}
}

func (l *Lab) run(ctx context.Context, command string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, l.script, append([]string{"--name", l.Name, command}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("lab %s %s: %w: %s", command, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// learn takes in the lines that `lab env` prints.
func (l *Lab) learn(environment string) {
	for line := range strings.Lines(environment) {
		line = strings.TrimSuffix(line, "\n")
		switch name, value, _ := strings.Cut(line, "="); name {
		case "GDEPLOY_PRIVATE_KEY_FILE":
			l.PrivateKeyFile = value
		case "GDEPLOY_KNOWN_HOSTS":
			l.KnownHosts = value
		}
	}
}

func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = "test"
	}
	if o.Hosts == 0 {
		o.Hosts = 10
	}
	return o
}

func (o Options) arguments() []string {
	args := []string{"-n", strconv.Itoa(o.Hosts)}
	if o.Python {
		args = append(args, "--with", "python")
	}
	if o.Servers {
		args = append(args, "--with", "servers")
	}
	if o.Tools {
		args = append(args, "--with", "tools")
	}
	if o.Oracle {
		args = append(args, "--with", "oracle")
	}
	if o.Fresh {
		args = append(args, "--fresh")
	}
	return args
}

func possible(system string, uid int) error {
	if system != "linux" {
		return fmt.Errorf("the lab needs Linux, and this is %s: run `make test-unit` here", system)
	}
	if uid != 0 {
		return fmt.Errorf("the lab needs root for namespaces, overlayfs and systemd-nspawn: run the tests with sudo, or only `make test-unit`")
	}
	return nil
}

// findScript looks for lab/lab in the working directory and above: tests run in their package's directory.
func findScript() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for above := dir; ; above = filepath.Dir(above) {
		script := filepath.Join(above, "lab", "lab")
		if info, err := os.Stat(script); err == nil && info.Mode().IsRegular() {
			return script, nil
		}
		if above == filepath.Dir(above) {
			return "", fmt.Errorf("lab/lab is neither in %s nor above it: run the test inside gdeploy's repository", dir)
		}
	}
}
