package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/runlog"
)

func retryCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "retry [RUN]",
		Short: "Run a failed run again, on the hosts that it did not finish",
		Long: `Runs the playbooks of a run once more, with the same flags and variables, from their
beginning, on those hosts only that failed there, could not be reached, were taken back, or
whose turn did not come. Without RUN it is the newest run.

  gdeploy retry
  gdeploy retry 20261128-101500-1a2b3c` + exits(allCodes...),
		Args: arguments(0, 1, "a run"),
		RunE: retry,
	}
}

func retry(cmd *cobra.Command, args []string) error {
	dir, err := runlog.Dir()
	if err != nil {
		return err
	}
	s, err := chooseUnfinished(dir, args)
	if err != nil {
		return err
	}
	run, err := runlog.Reopen(dir, s.ID)
	if err != nil {
		return err
	}
	began, err := beginningOf(run)
	if err = errors.Join(err, run.Abandon()); err != nil {
		return err
	}
	began.Limit = strings.Join(s.Unfinished, ",")
	p, err := began.again(cmd)
	if err != nil {
		return err
	}
	p.began, p.retryOf = began, s.ID
	return p.run()
}

// chooseUnfinished finds the run named, or the newest one, and refuses it where it left no
// host unfinished: what an older one wanted may be long past.
func chooseUnfinished(dir string, args []string) (s runlog.Standing, err error) {
	if len(args) > 0 {
		s, err = runlog.Look(dir, args[0])
	} else {
		s, err = newestRun(dir)
	}
	switch {
	case err != nil:
		return s, err
	case s.Alive:
		return s, fmt.Errorf("run %s goes on", s.ID)
	case s.Outcome == nil:
		return s, fmt.Errorf("run %s died: gdeploy resume %s goes on with it", s.ID, s.ID)
	case len(s.Unfinished) == 0:
		err = fmt.Errorf("run %s left no host unfinished: it ended %s", s.ID, s.Result())
		if len(args) == 0 {
			err = errors.Join(err, olderUnfinished(dir))
		}
		return s, err
	}
	return s, nil
}

func newestRun(dir string) (runlog.Standing, error) {
	s, found, err := runlog.Newest(dir, func(s runlog.Standing) bool { return !s.Check && !s.Single })
	if err == nil && !found {
		err = fmt.Errorf("there is no run in %s", dir)
	}
	return s, err
}

// olderUnfinished names the newest run that left hosts unfinished, where there is one.
func olderUnfinished(dir string) error {
	s, found, err := runlog.Newest(dir, func(s runlog.Standing) bool { return len(s.Unfinished) > 0 && !s.Check && !s.Single })
	if err != nil || !found {
		return err
	}
	return fmt.Errorf("the newest that did is %s of %s (%s): gdeploy retry %s, if that is still wanted",
		s.ID, s.Started.UTC().Format("2006-01-02 15:04:05 UTC"), strings.Join(s.Arguments, " "), s.ID)
}
