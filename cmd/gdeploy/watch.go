package main

import (
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/report"
)

// watch has it told what a run waits for while it tells nothing else, and gives the sinks
// for that. What cmd writes from here on makes room for it.
func (s *session) watch(cmd *cobra.Command) []executor.Sink {
	if s.settings.Heartbeat == 0 {
		return nil
	}
	screen := report.Screen{Out: cmd.ErrOrStderr(), Silence: time.Duration(s.settings.Heartbeat) * time.Second}
	if isScreen(os.Stdout) && isScreen(os.Stderr) {
		screen.Width = func() int {
			width, _, err := term.GetSize(int(os.Stderr.Fd()))
			if err != nil || width == 0 { // nobody told the terminal
				return 80
			}
			return width
		}
	}
	waiting := report.NewWaiting(screen)
	cmd.SetOut(waiting.Over(cmd.OutOrStdout()))
	cmd.SetErr(waiting.Over(cmd.ErrOrStderr()))
	s.terminal.hold = waiting.Hold
	return []executor.Sink{waiting}
}

// isScreen reports whether lines can be taken back there.
func isScreen(f *os.File) bool {
	return isatty.IsTerminal(f.Fd()) && os.Getenv("TERM") != "dumb"
}
