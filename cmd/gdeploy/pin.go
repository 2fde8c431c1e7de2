package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/report"
)

// pinCommand makes "releases pin" or "releases unpin", which leaves the mark "pinned" or
// "unpinned" in the ledger of each node that has the release.
func pinCommand(name, mark, short string) *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   name + " VERSION",
		Short: short,
		Long: short + `. VERSION is a version, its beginning, a tag, current or previous.

  gdeploy releases ` + name + ` 1a2b3c -l prod` + exits(exitFine, exitGeneric, exitFailed, exitUnreachable, exitOptions, exitLocked, exitInterrupted),
		Args: arguments(1, 1, "a version"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.extraVars = append(o.extraVars, fmt.Sprintf(`{"version": %q, "pin": %q}`, args[0], mark))
			_, outcome, err := runStock(cmd, o, "pin.yml", report.NewConsole(cmd.OutOrStdout(), cmd.ErrOrStderr(), report.Options{}))
			if err != nil {
				return err
			}
			return outcomeError(outcome, "")
		},
	}
	o.connectionFlags(cmd.Flags())
	completeFlags(cmd, o)
	return cmd
}
