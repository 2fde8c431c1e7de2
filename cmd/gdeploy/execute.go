package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/report"
	"github.com/gdeploy/gdeploy/runlog"
	"github.com/gdeploy/gdeploy/transport"
)

// ready makes sure of all that can be known before a run: what inventory and variables say
// of its hosts, how to reach them, and the passwords.
func (s *session) ready(ctx context.Context, books []*playbooks.Playbook) (err error) {
	if err := s.checkHosts(books); err != nil {
		return err
	}
	s.reach, err = s.connection(ctx)
	return err
}

// execute runs playbooks. sinks get the events with secrets masked.
func (s *session) execute(ctx context.Context, run *runlog.Run, request executor.Request, sinks ...executor.Sink) (executor.Outcome, error) {
	ctx, interrupt, done := interruptible(ctx)
	defer done()
	pool := transport.NewPool(transport.Options{OnHostKey: s.newHostKey, Prompt: s.passphrase(ctx)})
	defer pool.Close()

	if run != nil {
		told := s.notifier()
		defer told.Close()
		sinks = append(sinks, run, told)
		request.Journal = journalOf(run)
		request.Approvals = run
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
	request.Connection = s.reach
	request.Terminal = s.terminal
	request.Interrupt = interrupt
	request.Events = report.All(sinks...)
	return executor.Run(ctx, request)
}

// journalOf gives the journal that a run writes. Tests put one in between that dies.
var journalOf = func(run *runlog.Run) executor.Journal { return run }

func (s *session) selected() playbooks.Select {
	return playbooks.Select{Tags: s.options.tags, SkipTags: s.options.skipTags}
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
func runStock(cmd *cobra.Command, o *options, name string, sink executor.Sink) (*session, executor.Outcome, error) {
	s, books, err := openStock(cmd, o, name)
	if err != nil {
		return nil, executor.Outcome{}, err
	}
	outcome, err := s.execute(cmd.Context(), nil, executor.Request{Playbooks: books}, sink)
	return s, outcome, err
}

// openStock reads one of the shipped playbooks, and all that a run of it needs.
func openStock(cmd *cobra.Command, o *options, name string) (*session, []*playbooks.Playbook, error) {
	file, err := findPlaybook(name)
	if err != nil {
		return nil, nil, err
	}
	s, err := newSession(cmd, o, playbookDir([]string{file}))
	if err != nil {
		return nil, nil, err
	}
	books, err := s.loadPlaybooks([]string{file})
	if err != nil {
		return nil, nil, err
	}
	return s, books, s.ready(cmd.Context(), books)
}
