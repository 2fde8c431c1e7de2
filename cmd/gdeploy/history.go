package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/runlog"
)

func historyCommand() *cobra.Command {
	var app string
	var lines int
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List what was deployed and rolled back, by whom",
		Long:  "Lists the runs and switches in the log that all deployers share (setting log_file), oldest first." + exitHelp,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			settings, err := loadSettings(cmd.Flags())
			if err != nil {
				return err
			}
			list, err := runlog.History(settings.LogFile, app, lines)
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
	cmd.Flags().StringVar(&app, "app", "", "only this application")
	cmd.Flags().IntVarP(&lines, "lines", "n", 50, "how many lines, the newest ones")
	return cmd
}
