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
id or its beginning; where only one run of yours waits, it need not be named. A no has the
run take back what it did. The answer, and who gave it, is kept in the run's record.

  gdeploy approve 20261123-1000
  gdeploy approve --reject --reason "errors in the canary's log"` + exits(exitFine, exitGeneric, exitOptions),
		Args: arguments(0, 1, "one run"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir, err := runlog.Dir()
			if err != nil {
				return err
			}
			q, err := waitingRun(dir, strings.Join(args, ""))
			if err != nil {
				return err
			}
			a.Approved, a.Who, a.How = !reject, who(), "command"
			if err := runlog.Reply(dir, q, a); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "run %s %s\n", q.Run, verdict(q, a))
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
func waitingRun(dir, name string) (executor.Question, error) {
	all, err := runlog.Waiting(dir)
	if err != nil {
		return executor.Question{}, err
	}
	var lines []string
	var meant []executor.Question
	for _, q := range all {
		lines = append(lines, fmt.Sprintf("  %s  asks since %s was done whether to go on with %s (%s), until %s",
			q.Run, q.Done, q.Next, strings.Join(q.Hosts, ", "), q.Until.Local().Format(time.DateTime)))
		if strings.HasPrefix(q.Run, name) {
			meant = append(meant, q)
		}
	}
	switch {
	case len(meant) == 1:
		return meant[0], nil
	case len(all) == 0:
		return executor.Question{}, fmt.Errorf("no run of yours waits for an answer (looked in %s)", dir)
	case len(meant) == 0:
		return executor.Question{}, fmt.Errorf("no run that waits for an answer begins with %q; these do wait:\n%s", name, strings.Join(lines, "\n"))
	}
	return executor.Question{}, fmt.Errorf("several runs wait for an answer; say which:\n%s", strings.Join(lines, "\n"))
}
