package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/runlog"
)

func historyCommand() *cobra.Command {
	var wanted runlog.Wanted
	cmd := &cobra.Command{
		Use:   "history",
		Short: "List what was deployed and rolled back, by whom",
		Long: `Lists the runs and switches in the log that all deployers share (setting log_file), oldest
first. Runs of yours on this machine that died, or were stopped half way, are named with how to
go on. gdeploy show RUN tells what a run did.` + exits(exitFine, exitGeneric, exitOptions),
		Args: arguments(0, 0, ""),
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
				fmt.Fprintf(cmd.ErrOrStderr(), "no run%s is written in %s yet\n", of(wanted.App), settings.LogFile)
			}
			for _, line := range list {
				fmt.Fprintln(cmd.OutOrStdout(), line)
			}
			return tellOpen(cmd.ErrOrStderr(), wanted.App)
		},
	}
	cmd.Flags().StringVar(&wanted.App, "app", "", "only this application")
	cmd.Flags().BoolVar(&wanted.Hosts, "hosts", false, "also the line of each host's switch")
	cmd.Flags().IntVarP(&wanted.Lines, "lines", "n", 50, "how many lines, the newest ones")
	return cmd
}

// of names the application that was asked for, if one was.
func of(app string) string {
	if app == "" {
		return ""
	}
	return fmt.Sprintf(" for %q", app)
}

// tellOpen names the newest runs that can go on or be taken back.
func tellOpen(out io.Writer, app string) error {
	dir, err := runlog.Dir()
	if err != nil {
		return err
	}
	ids, err := runlog.List(dir)
	for _, id := range ids[:min(len(ids), looksBack)] {
		s, err := runlog.Look(dir, id)
		if err == nil && (s.Why == "" || s.WhyNotBack == "") && (app == "" || s.App == "" || s.App == app) {
			fmt.Fprintf(out, "run %s of %s: %s\n", s.ID, s.Started.UTC().Format("2006-01-02 15:04:05 UTC"), standing(s))
		}
	}
	return err
}

// looksBack is how many runs are looked at for those that are open.
const looksBack = 100
