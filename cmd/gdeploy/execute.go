package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/report"
	"github.com/gdeploy/gdeploy/runlog"
	"github.com/gdeploy/gdeploy/transport"
)

// ready makes sure of all that can be known before a run: what inventory and variables say
// of its hosts, how to reach them, and the passwords; and that nobody asked to stop meanwhile.
func (s *session) ready(ctx context.Context, books []*playbooks.Playbook) (err error) {
	if err := s.checkHosts(books); err != nil {
		return err
	}
	s.twice.begin()
	if s.reach, err = s.connection(ctx); err != nil {
		return err
	}
	return ctx.Err()
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
		request.Sent = s.inputs.sent(s.started)
		request.Approvals = run
	}
	if run != nil && !run.IsSingle() {
		request.Journal = journalOf(run)
	}
	request.Identity = s.identity(run)
	request.Inventory = executor.FromInventory(s.inventory)
	request.Store = s.store
	request.Loader = s.loader
	request.Secrets = s.secrets
	request.Hosts = pool
	request.Forks = s.settings.Forks
	request.Ahead = s.settings.Ahead
	request.LockWait = s.lockWait()
	request.Over = s.over
	request.Select = s.selected()
	request.Check, request.Diff = s.options.check, s.settings.Diff
	request.ForceHandlers = s.settings.ForceHandlers
	request.Defaults = s.defaults()
	request.Debugger = s.settings.TaskDebugger
	request.Verbosity = s.verbosity()
	request.Connection = s.reach
	request.Terminal = s.terminal
	request.Interrupt = interrupt
	request.Events = report.All(sinks...)
	return executor.Run(ctx, request)
}

// journalOf gives the journal that a run writes. Tests put one in between that dies.
var journalOf = func(run *runlog.Run) executor.Journal { return run }

func (s *session) selected() playbooks.Select {
	return playbooks.Select{Tags: s.tags(), SkipTags: s.skipTags()}
}

// tags are those of the settings and of the flag, as in Ansible.
func (s *session) tags() []string {
	return splitTags(slices.Concat(s.settings.RunTags, s.options.tags))
}

func (s *session) skipTags() []string {
	return splitTags(slices.Concat(s.settings.SkipTags, s.options.skipTags))
}

// verbosity is the number of -v, or what the settings say.
func (s *session) verbosity() int { return max(s.options.verbose, s.settings.Verbosity) }

// pollInterval is the time between looks at async tasks; negative is never.
func (s *session) pollInterval() time.Duration {
	if s.settings.PollInterval == 0 {
		return -1
	}
	return time.Duration(s.settings.PollInterval) * time.Second
}

// defaults are what plays and tasks get that do not say.
func (s *session) defaults() executor.Defaults {
	return executor.Defaults{
		Strategy: s.settings.Strategy, Gathering: executor.Gathering(s.settings.Gathering),
		GatherSubset: s.settings.GatherSubset, GatherTimeout: s.settings.GatherTimeout, FactPath: s.settings.FactPath,
		AnyErrorsFatal: s.settings.AnyErrorsFatal, NoLog: s.settings.NoLog, TaskTimeout: s.settings.TaskTimeout,
		Poll: s.pollInterval(), AsyncDir: s.settings.AsyncDir,
		Unmatched: executor.Unmatched(s.settings.HostPatternMismatch), TellArgs: s.settings.ShowArgs, TellStarts: s.settings.ShowStarts,
		MissingHandlersPass: !s.settings.ErrorOnMissingHandler,
	}
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
	case o.Unreachable > 0 && !o.Fatal:
		code = exitUnreachable
	case o.Failed > 0 || o.Fatal: // as in Ansible, where a play broke off for all
		code = exitFailed
	case o.Mistaken:
		code = exitUnreachable
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

// hostTable is filled by what hosts answer, and printed in the order of the inventory.
type hostTable interface {
	executor.Sink
	sort(hosts []string)
	print(io.Writer) error
}

// showStock runs one of the shipped playbooks and prints what it told.
func showStock(cmd *cobra.Command, o *options, name string, table hostTable) error {
	s, outcome, err := runStock(cmd, o, name, table)
	if err != nil {
		return err
	}
	table.sort(names(s.inventory.Hosts()))
	return errors.Join(table.print(cmd.OutOrStdout()), outcomeError(outcome, ""))
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
