package main

import (
	"os"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/report"
)

// console gives what shows a run to the operator: the console, or a line of JSON per event.
func (s *session) console(cmd *cobra.Command) executor.Sink {
	if s.options.output == "json" {
		return report.Lines(cmd.OutOrStdout())
	}
	return report.NewConsole(cmd.OutOrStdout(), cmd.ErrOrStderr(), s.look())
}

// answers gives what shows the answers of gdeploy run.
func (s *session) answers(cmd *cobra.Command) executor.Sink {
	if s.options.output == "json" {
		return report.Lines(cmd.OutOrStdout())
	}
	return report.NewAnswers(cmd.OutOrStdout(), cmd.ErrOrStderr(), s.look())
}

// look is how the console shows things on this terminal.
func (s *session) look() report.Options {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		width = 0
	}
	return report.Options{Verbosity: s.options.verbose, Color: s.colors(), Width: width}
}

// colors are for terminals, unless NO_COLOR or --no-color is there.
func (s *session) colors() bool {
	if s.options.noColor || os.Getenv("NO_COLOR") != "" {
		return false
	}
	if s.options.forceColor || os.Getenv("FORCE_COLOR") != "" {
		return true
	}
	return isatty.IsTerminal(os.Stdout.Fd())
}
