package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/runlog"
)

func historyCommand() *cobra.Command {
	var wanted runlog.Wanted
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List what was deployed and rolled back, by whom",
		Long:  "Lists the runs and switches in the log that all deployers share (setting log_file), oldest first." + exits(exitFine, exitGeneric, exitOptions),
		Args:  arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, err := loadSettings(cmd.Flags(), warnTo(cmd.ErrOrStderr(), nothingSecret))
			if err != nil {
				return err
			}
			list, err := runlog.History(settings.LogFile, wanted)
			if err != nil {
				return err
			}
			if len(list) == 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "no run is written in %s yet\n", settings.LogFile)
			}
			for _, line := range list {
				fmt.Fprintln(cmd.OutOrStdout(), line)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&wanted.App, "app", "", "only this application")
	cmd.Flags().BoolVar(&wanted.Hosts, "hosts", false, "also the line of each host's switch")
	cmd.Flags().IntVarP(&wanted.Lines, "lines", "n", 50, "how many lines, the newest ones")
	return cmd
}
