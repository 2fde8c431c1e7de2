package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/gdeploy/gdeploy/modules"
)

const (
	// killAfter is how long a program has after SIGTERM.
	killAfter = 5 * time.Second
	// drainFor is how long output is awaited after the program has ended, when one
	// that it started holds the pipe.
	drainFor = time.Second
)

// systemPath is what PATH has at least.
var systemPath = []string{"/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"}

// Query runs a program that changes nothing.
func (m *Machine) Query(ctx context.Context, c modules.Command) (modules.Output, error) {
	return m.Exec(ctx, c)
}

// Exec runs a program in a process group of its own. When ctx ends, the group gets
// SIGTERM, and SIGKILL 5 seconds later.
func (m *Machine) Exec(ctx context.Context, c modules.Command) (modules.Output, error) {
	cmd, err := m.command(c)
	if err != nil {
		return modules.Output{}, &modules.NotStartedError{Argv: c.Argv, Err: err}
	}
	var stdout, stderr capture
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if c.Watched && m.options.Progress != nil {
		lines := newShown(m.options.Progress)
		cmd.Stdout, cmd.Stderr = &watch{Writer: &stdout, show: lines}, &watch{Writer: &stderr, show: lines}
	}
	out := modules.Output{Start: time.Now()}
	if err := context.Cause(ctx); err != nil {
		return out, &modules.NotStartedError{Argv: c.Argv, Err: err}
	}
	if err := cmd.Start(); err != nil {
		return out, &modules.NotStartedError{Argv: c.Argv, Err: startError(err)}
	}
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		stopGroup(ctx, cmd.Process.Pid, done)
	}()
	err = cmd.Wait()
	close(done)
	<-stopped
	out.End = time.Now()
	out.Stdout, out.Stderr = stdout.String(), stderr.String()
	out.RC, out.Signal = exitCode(cmd.ProcessState)
	if ctx.Err() != nil {
		return out, fmt.Errorf("%s was stopped: %w", c.Argv[0], ctx.Err())
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		return out, fmt.Errorf("%s: %w", c.Argv[0], err)
	}
	return out, nil
}

// stopGroup ends a process group when ctx ends before done.
func stopGroup(ctx context.Context, pid int, done <-chan struct{}) {
	select {
	case <-done:
		return
	case <-ctx.Done():
	}
	_ = unix.Kill(-pid, unix.SIGTERM) // it may have ended by itself
	select {
	case <-done:
	case <-time.After(killAfter):
	}
	_ = unix.Kill(-pid, unix.SIGKILL)
}

// startError leaves the operator the reason only; the caller names the program.
func startError(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

func exitCode(s *os.ProcessState) (code, signal int) {
	if status, ok := s.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal()), int(status.Signal())
	}
	return s.ExitCode(), 0
}

func (m *Machine) command(c modules.Command) (*exec.Cmd, error) {
	if len(c.Argv) == 0 {
		return nil, errors.New("no program given")
	}
	env := m.environment()
	attr := &syscall.SysProcAttr{Setpgid: true}
	if c.User != "" {
		account, err := m.become(c.User, attr)
		if err != nil {
			return nil, err
		}
		env = append(env, account...)
	}
	env = lastWins(append(env, c.Env...))
	program, err := lookPath(c.Argv[0], pathOf(env), c.Dir)
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{Path: program, Args: c.Argv, Env: env, SysProcAttr: attr, WaitDelay: drainFor}
	if c.Dir != "" {
		if cmd.Dir, err = m.follow(c.Dir); err != nil {
			return nil, err
		}
		cmd.Env = append(cmd.Env, "PWD="+cmd.Dir)
	}
	if c.Stdin != nil {
		cmd.Stdin = bytes.NewReader(c.Stdin)
	}
	return cmd, nil
}

// become sets the credentials of a user with their groups, and gives the environment
// that goes with them.
func (m *Machine) become(name string, attr *syscall.SysProcAttr) ([]string, error) {
	u, err := m.User(name)
	if err != nil {
		return nil, err
	}
	if u.UID != os.Geteuid() {
		if os.Geteuid() != 0 {
			return nil, fmt.Errorf("only root can run it as %s; use become", name)
		}
		attr.Credential = &syscall.Credential{Uid: uint32(u.UID), Gid: uint32(u.GID), Groups: m.groupsOf(u)}
	}
	return []string{"HOME=" + u.Home, "USER=" + u.Name, "LOGNAME=" + u.Name, "SHELL=" + u.Shell}, nil
}

// environment is the process's own, with a full PATH, a locale in which programs speak
// English and know all characters, and the task's environment on top.
func (m *Machine) environment() []string {
	env := append(os.Environ(), "LC_ALL=C.UTF-8")
	env = append(env, "PATH="+fullPath(os.Getenv("PATH")))
	if root := m.options.Root; root != "" {
		env = append(env, "ROOT="+root, "PATH="+root+"/bin:"+fullPath(os.Getenv("PATH")))
	}
	for name, value := range m.options.Env {
		env = append(env, name+"="+value)
	}
	return lastWins(env)
}

func fullPath(now string) string {
	var dirs []string
	for dir := range strings.SplitSeq(now, ":") {
		if dir != "" {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range systemPath {
		if !strings.Contains(":"+now+":", ":"+dir+":") {
			dirs = append(dirs, dir)
		}
	}
	return strings.Join(dirs, ":")
}

// lastWins drops all but the last setting of each variable.
func lastWins(env []string) []string {
	at := map[string]int{}
	var kept []string
	for _, pair := range env {
		name, _, _ := strings.Cut(pair, "=")
		if i, ok := at[name]; ok {
			kept[i] = pair
			continue
		}
		at[name] = len(kept)
		kept = append(kept, pair)
	}
	return kept
}

func pathOf(env []string) string {
	for _, pair := range env {
		if value, ok := strings.CutPrefix(pair, "PATH="); ok {
			return value
		}
	}
	return ""
}

// Getenv gives a variable of the environment in which programs run.
func (m *Machine) Getenv(name string) (string, bool) {
	for _, pair := range m.environment() {
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			return value, true
		}
	}
	return "", false
}

// LookPath finds a program.
func (m *Machine) LookPath(name string) (string, error) {
	return lookPath(name, pathOf(m.environment()), "")
}

func lookPath(name, dirs, from string) (string, error) {
	if strings.Contains(name, "/") {
		at := name
		if from != "" && !path.IsAbs(name) {
			at = path.Join(from, name)
		}
		if err := executable(at); err != nil {
			return "", err
		}
		return at, nil
	}
	var found error = fs.ErrNotExist
	for dir := range strings.SplitSeq(dirs, ":") {
		at := path.Join(dir, name)
		err := executable(at)
		if err == nil {
			return at, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			found = err
		}
	}
	return "", found
}

func executable(name string) error {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return startError(err)
	case info.IsDir():
		return syscall.EISDIR
	case info.Mode()&0o111 == 0:
		return fs.ErrPermission
	}
	return nil
}

// captureLimit is how many bytes of a stream are kept at each end.
const captureLimit = 4 << 20

// capture keeps the beginning and the end of what is written to it.
type capture struct {
	head, tail []byte
	cut        int64
}

// Write takes everything, so that the program is never held up.
func (c *capture) Write(p []byte) (int, error) {
	n := len(p)
	if room := captureLimit - len(c.head); room > 0 {
		take := min(room, len(p))
		c.head = append(c.head, p[:take]...)
		p = p[take:]
	}
	c.tail = append(c.tail, p...)
	if over := len(c.tail) - captureLimit; over > captureLimit {
		c.cut += int64(over)
		c.tail = append(c.tail[:0], c.tail[over:]...)
	}
	return n, nil
}

// String gives the output, with a line in its middle where some is missing.
func (c *capture) String() string {
	if c.cut == 0 {
		return string(c.head) + string(c.tail)
	}
	return fmt.Sprintf("%s\n[%d bytes left out]\n%s", c.head, c.cut, c.tail)
}
