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
whose turn did not come. Without RUN it is the newest run that left such hosts.

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

// chooseUnfinished finds the run named, or the newest, that left hosts unfinished.
func chooseUnfinished(dir string, args []string) (runlog.Standing, error) {
	if len(args) == 0 {
		s, found, err := runlog.Newest(dir, func(s runlog.Standing) bool { return len(s.Unfinished) > 0 && !s.Check })
		if err == nil && !found {
			err = fmt.Errorf("there is no run in %s that left hosts unfinished", dir)
		}
		return s, err
	}
	s, err := runlog.Look(dir, args[0])
	switch {
	case err != nil:
		return s, err
	case s.Alive:
		return s, fmt.Errorf("run %s goes on", s.ID)
	case s.Outcome == nil:
		return s, fmt.Errorf("run %s died: gdeploy resume %s goes on with it", s.ID, s.ID)
	case len(s.Unfinished) == 0:
		return s, fmt.Errorf("run %s left no host unfinished: it ended %s", s.ID, s.Result())
	}
	return s, nil
}
