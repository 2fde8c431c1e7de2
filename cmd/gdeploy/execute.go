package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/report"
	"github.com/gdeploy/gdeploy/runlog"
	"github.com/gdeploy/gdeploy/transport"
)

// startRun begins to keep a run on disk.
func (s *session) startRun(cmd *cobra.Command, playbooks []string) (*runlog.Run, error) {
	dir, err := runlog.Dir()
	if err != nil {
		return nil, err
	}
	meta := runlog.Meta{
		ID: runlog.NewID(s.started), Who: who(), Started: s.started, Playbooks: playbooks,
		Limit: s.options.limit, Check: s.options.check, Arguments: shownArguments(os.Args[1:]),
	}
	return runlog.Start(dir, s.settings.LogFile, meta)
}

// shownArguments leaves the values of variables out, which may be secret.
func shownArguments(args []string) []string {
	shown := make([]string, len(args))
	for i, arg := range args {
		shown[i] = arg
		if i > 0 && (args[i-1] == "-e" || args[i-1] == "--extra-vars") {
			name, _, _ := strings.Cut(arg, "=")
			shown[i] = name
		}
	}
	return shown
}

// execute runs playbooks. sinks get the events with secrets masked.
func (s *session) execute(ctx context.Context, run *runlog.Run, request executor.Request, sinks ...executor.Sink) (executor.Outcome, error) {
	connection, err := s.connection()
	if err != nil {
		return executor.Outcome{}, err
	}
	pool := transport.NewPool(transport.Options{OnHostKey: s.newHostKey, Prompt: s.terminal.passphrase})
	defer pool.Close()
	ctx, interrupt, done := interruptible(ctx)
	defer done()

	if run != nil {
		sinks = append(sinks, run)
		request.Journal = run
	}
	request.Identity = s.identity(run)
	request.Inventory = executor.FromInventory(s.inventory)
	request.Store = s.store
	request.Loader = s.loader
	request.Secrets = s.secrets
	request.Hosts = pool
	request.Forks = s.settings.Forks
	request.LockWait = s.lockWait()
	request.Select = s.selected()
	request.Check, request.Diff = s.options.check, s.options.diff
	request.Verbosity = s.options.verbose
	request.Connection = connection
	request.Terminal = s.terminal
	request.Interrupt = interrupt
	request.Events = report.All(sinks...)
	return executor.Run(ctx, request)
}

func (s *session) selected() playbooks.Select {
	return playbooks.Select{Tags: s.options.tags, SkipTags: s.options.skipTags}
}

// identity names the run in ledgers and locks.
func (s *session) identity(run *runlog.Run) modules.Run {
	id := runlog.NewID(s.started)
	if run != nil {
		id = run.ID()
	}
	return modules.Run{ID: id, Who: who(), Started: s.started.UTC()}
}

// interruptible turns the first Ctrl-C into "finish and take back", and the second into
// "stop now", by ending the context.
func interruptible(parent context.Context) (ctx context.Context, interrupt <-chan struct{}, done func()) {
	ctx, cancel := context.WithCancel(parent)
	first := make(chan struct{})
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
			fmt.Fprintln(os.Stderr, "\n[interrupted: the tasks that run now are finished, then what was done is taken back; once more to stop now]")
			close(first)
		case <-ctx.Done():
			return
		}
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, first, func() { signal.Stop(signals); cancel() }
}

// outcomeError turns how a run ended into the exit code; the console told the words.
func outcomeError(o executor.Outcome, text string) error {
	code := exitFine
	switch {
	case o.Interrupted:
		code = exitInterrupted
	case o.Locked:
		code = exitLocked
	case o.Undone:
		code = exitTakenBack
	case o.Unreachable > 0:
		code = exitUnreachable
	case o.Failed > 0:
		code = exitFailed
	case o.Reason != "":
		code = exitGeneric
	}
	if code == exitFine {
		return nil
	}
	var err error
	if text != "" {
		err = errors.New(text)
	}
	return &exit{code: code, err: err}
}

// runStock runs one of the shipped playbooks for a command of its own.
func runStock(cmd *cobra.Command, o *options, name string, sink executor.Sink) (executor.Outcome, error) {
	file, err := findPlaybook(name)
	if err != nil {
		return executor.Outcome{}, err
	}
	s, err := newSession(cmd, o, playbookDir([]string{file}))
	if err != nil {
		return executor.Outcome{}, err
	}
	books, err := s.loadPlaybooks([]string{file})
	if err != nil {
		return executor.Outcome{}, err
	}
	return s.execute(cmd.Context(), nil, executor.Request{Playbooks: books}, sink)
}
