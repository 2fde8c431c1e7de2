package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/runlog"
)

// resumeFlags are the flags of gdeploy resume.
type resumeFlags struct {
	undo, force bool
	assume      string
	output      string
	verbose     int
}

func resumeCommand() *cobra.Command {
	var f resumeFlags
	cmd := &cobra.Command{
		Use:   "resume [RUN]",
		Short: "Go on with a run whose controller died, or take it back",
		Long: `Goes on with a run that was killed, or whose machine went down: on each host at the first
task that was not done. Nothing that was done is done again; registered variables and notified
handlers are as they were. Without RUN it is the newest run that can go on. Passwords are asked
for again; what prompts answered is not. Playbooks, inventory and variables must be as they were.

  gdeploy resume                       go on
  gdeploy resume --undo                take back what was done, newest first
  gdeploy resume RUN --assume done     a command that was running when the run died was done
  gdeploy resume RUN --assume again    or is to be run again

Of a command that was running then, the host itself is asked first what came of it; only where
that is not known the run stops before it, and asks for --assume.` + exits(allCodes...),
		Args: arguments(0, 1, "a run"),
		RunE: func(cmd *cobra.Command, args []string) error { return resume(cmd, f, args) },
	}
	cmd.Flags().BoolVar(&f.undo, "undo", false, "take back what was done, and do nothing new")
	cmd.Flags().StringVar(&f.assume, "assume", "", "of commands of which nobody knows whether they were run: done, or again")
	cmd.Flags().BoolVar(&f.force, "force", false, "go on although files were changed, or another run had the lock since")
	cmd.Flags().StringVar(&f.output, "output", "console", "console, or json for one event a line")
	cmd.Flags().CountVarP(&f.verbose, "verbose", "v", "tell more; up to -vvvv")
	return cmd
}

func resume(cmd *cobra.Command, f resumeFlags, args []string) error {
	if f.assume != "" && f.assume != executor.AssumeDone && f.assume != executor.AssumeAgain {
		return badOption(fmt.Errorf("--assume is %q, and must be done or again", f.assume))
	}
	dir, id, err := chooseRun(args, f.undo)
	if err != nil {
		return err
	}
	run, err := runlog.Reopen(dir, id)
	if err != nil {
		return err
	}
	began, err := beginningOf(run)
	if err == nil && !f.undo && len(run.Facts(executor.TakingBack)) > 0 {
		err = fmt.Errorf("run %s was being taken back when it died: gdeploy resume --undo %s goes on with that", id, id)
	}
	if err == nil && began.Version != versionText() && !f.force {
		err = fmt.Errorf("run %s was begun by gdeploy %s, and this is %s: use that one, or --force", id, began.Version, versionText())
	}
	if err != nil {
		return errors.Join(err, run.Abandon())
	}
	return goOn(cmd, f, run, began)
}

// chooseRun finds the run to go on with: the one named, or the newest that can.
func chooseRun(args []string, undo bool) (dir, id string, err error) {
	if dir, err = runlog.Dir(); err != nil {
		return "", "", err
	}
	why := func(s runlog.Standing) string {
		if undo {
			return s.WhyNotBack
		}
		return s.Why
	}
	if len(args) == 0 {
		s, found, err := runlog.Newest(dir, func(s runlog.Standing) bool { return why(s) == "" })
		if err == nil && !found {
			err = fmt.Errorf("there is no run in %s that died or was stopped: nothing to go on with", dir)
		}
		return dir, s.ID, err
	}
	s, err := runlog.Look(dir, args[0])
	if err == nil && why(s) != "" {
		err = fmt.Errorf("run %s cannot go on: %s", s.ID, why(s))
		if undo {
			err = fmt.Errorf("run %s cannot be taken back: %s", s.ID, why(s))
		}
	}
	return dir, args[0], err
}

// goOn plays the run's playbooks again, with what was done in its journal.
func goOn(cmd *cobra.Command, f resumeFlags, run *runlog.Run, began beginning) error {
	p, err := began.again(cmd)
	if err != nil {
		return errors.Join(err, run.Abandon())
	}
	if cmd.Flags().Changed("output") {
		p.o.output = f.output
	}
	p.o.verbose = max(p.o.verbose, f.verbose)
	p.before = run
	s, books, err := p.open()
	if err != nil {
		return errors.Join(err, run.Abandon())
	}
	if files := s.inputs.changed(run, s.homes(books)); len(files) > 0 && !f.force {
		return errors.Join(refuseChanged(run.ID(), files), run.Abandon())
	}
	if err := run.GoOn(s.settings.LogFile); err != nil {
		return errors.Join(err, run.Abandon())
	}
	s.started = run.Began()
	s.inputs.begin(run)
	request := p.request(books)
	request.Resume = &executor.Resume{TakeBack: f.undo, Assume: f.assume, Force: f.force}
	outcome, err := s.execute(cmd.Context(), run, request, s.consoles(p.cmd)...)
	if f.undo && err == nil && !outcome.Undone && outcome.Reason == executor.TurnedBack {
		fmt.Fprintln(os.Stderr, "There was nothing to take back.")
		return endRun(cmd, run)
	}
	return errors.Join(err, outcomeError(outcome, whatNext(outcome, run.ID())), endRun(cmd, run))
}

// whatNext tells how to go on with a run that did not come to an end.
func whatNext(o executor.Outcome, id string) string {
	switch {
	case o.Open:
		return fmt.Sprintf("not all was taken back: gdeploy resume --undo %s goes on with that", id)
	case o.Suspended:
		return fmt.Sprintf("%s. Look at the hosts, then: gdeploy resume %s --assume done, or --assume again", o.Reason, id)
	case o.Interrupted && !o.Undone:
		return fmt.Sprintf("gdeploy resume %s goes on where this stopped", id)
	}
	return ""
}
