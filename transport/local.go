package transport

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/gdeploy/gdeploy/transport/wire"
)

const (
	// self is the program that runs, even where its file was replaced meanwhile.
	self      = "/proc/self/exe"
	localName = "localhost"
	// endGrace is how long closing waits for a helper that should have nothing to do.
	endGrace = 2 * time.Second
)

// localLink works on the controller itself, with gdeploy's own program as the helper.
type localLink struct{}

func (localLink) name() string { return localName }
func (localLink) close()       {}

func (localLink) helper(ctx context.Context) (*channel, wire.Hello, error) {
	ch, err := startLocal()
	if err == nil {
		var hello wire.Hello
		if hello, err = newGreeting(ctx, ch).hello(); err == nil {
			return ch, hello, nil
		}
		ch.end()
	}
	return nil, wire.Hello{}, &Unreachable{Kind: KindHelper, Op: "start the helper on " + localName, Cause: err}
}

// startLocal starts the helper in a process group of its own, which Ctrl-C does not reach.
func startLocal() (*channel, error) {
	said := &tail{}
	cmd := exec.Command(self, wire.Arguments[:]...)
	cmd.Args[0] = "gdeploy"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Stderr = said
	cmd.WaitDelay = time.Second // a daemon that a command left behind may hold stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, theirs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout = theirs
	err = cmd.Start()
	_ = theirs.Close()
	if err != nil {
		_ = stdout.Close()
		return nil, err
	}
	ended, outcome := wait(cmd.Wait)
	end := sync.OnceFunc(func() {
		_ = stdin.Close()
		_ = stdout.Close()
		select {
		case <-ended:
		case <-time.After(endGrace): // it finishes what it does, and ends by itself
		}
	})
	return &channel{Reader: stdout, Writer: stdin, stderr: said, end: end, outcome: outcome}, nil
}

// wait waits beside the caller; outcome gives what came of it, nil where that takes
// longer than a moment.
func wait(until func() error) (ended <-chan struct{}, outcome func() error) {
	var result error
	done := make(chan struct{})
	go func() {
		result = until()
		close(done)
	}()
	return done, func() error {
		select {
		case <-done:
			return result
		case <-time.After(500 * time.Millisecond):
			return nil
		}
	}
}

func (localLink) exec(ctx context.Context, command string, stdin io.Reader) (Output, error) {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	output := Output{Stdout: stdout.Bytes(), Stderr: stderr.Bytes()}
	if ctx.Err() != nil {
		return output, ctx.Err()
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		output.RC = exitCode(exit)
		return output, nil
	}
	if err != nil && !errors.Is(err, exec.ErrWaitDelay) {
		return output, fmt.Errorf("run sh: %w", err)
	}
	return output, nil
}

func exitCode(exit *exec.ExitError) int {
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}
