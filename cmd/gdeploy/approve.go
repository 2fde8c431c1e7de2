package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/runlog"
)

func approveCommand() *cobra.Command {
	var a executor.Answer
	var reject bool
	cmd := &cobra.Command{
		Use:   "approve [RUN]",
		Short: "Say yes or no to a run that waits between two waves",
		Long: `Answers a run that waits between two waves of hosts (play keyword approve). RUN is the run's
id or its beginning; where only one run waits, it need not be named. A no has the run take back
what it did. The answer, and who gave it, is kept in the run's record.

Runs of others on this machine can be answered by who may write to the log of all deployers
(setting log_file): root, and the members of the group that owns its directory.

  gdeploy approve 20261123-1000
  gdeploy approve --reject --reason "errors in the canary's log"` + exits(exitFine, exitGeneric, exitOptions),
		Args: arguments(0, 1, "one run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := runlog.Dir()
			if err != nil {
				return err
			}
			settings, err := loadSettings(cmd.Flags(), warnTo(cmd.ErrOrStderr(), nothingSecret))
			if err != nil {
				return err
			}
			waiting, err := waitingRun(dir, settings.LogFile, strings.Join(args, ""))
			if err != nil {
				return err
			}
			a.Approved, a.Who, a.How = !reject, who(), "command"
			if err := waiting.Reply(a); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "run %s of %s %s\n", waiting.Run, waiting.Who, verdict(waiting.Question, a))
			return nil
		},
	}
	cmd.Flags().BoolVar(&reject, "reject", false, "say no: what the run did is taken back")
	cmd.Flags().StringVar(&a.Reason, "reason", "", "why, for the run's record")
	return cmd
}

func verdict(q executor.Question, a executor.Answer) string {
	if a.Approved {
		return fmt.Sprintf("goes on with %s (%s)", q.Next, strings.Join(q.Hosts, ", "))
	}
	return "takes back what it did"
}

// waitingRun finds the run that an operator means among those that wait.
func waitingRun(dir, log, name string) (runlog.Waiting, error) {
	all, err := runlog.FindWaiting(dir, log)
	var lines []string
	var meant []runlog.Waiting
	for _, w := range all {
		lines = append(lines, fmt.Sprintf("  %s of %s  asks since %s was done whether to go on with %s (%s), until %s",
			w.Run, w.Who, w.Done, w.Next, strings.Join(w.Hosts, ", "), w.Until.Local().Format(time.DateTime)))
		if strings.HasPrefix(w.Run, name) {
			meant = append(meant, w)
		}
	}
	switch {
	case len(meant) == 1:
		return meant[0], nil
	case len(all) == 0 && err != nil:
		return runlog.Waiting{}, fmt.Errorf("no run of yours waits for an answer (looked in %s); %w", dir, err)
	case len(all) == 0:
		return runlog.Waiting{}, fmt.Errorf("no run waits for an answer (looked in %s, and for those of others beside %s): a run is answered on the machine where it was started", dir, log)
	case len(meant) == 0:
		return runlog.Waiting{}, fmt.Errorf("no run that waits for an answer begins with %q; these do wait:\n%s", name, strings.Join(lines, "\n"))
	}
	return runlog.Waiting{}, fmt.Errorf("several runs wait for an answer; say which:\n%s", strings.Join(lines, "\n"))
}
