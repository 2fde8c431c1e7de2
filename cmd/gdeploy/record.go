package main

import (
	"fmt"
	"os"
	"os/user"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/runlog"
	"github.com/gdeploy/gdeploy/values"
)

// startRun begins to keep a run on disk, of which meta tells more than the session knows.
func (s *session) startRun(cmd *cobra.Command, meta runlog.Meta) (*runlog.Run, error) {
	dir, err := runlog.Dir()
	if err != nil {
		return nil, err
	}
	meta.ID, meta.Who, meta.Started = runlog.NewID(s.started), who(), s.started
	meta.Limit, meta.Check, meta.Arguments = s.options.limit, s.options.check, s.arguments(cmd)
	runlog.Prune(dir, s.started)
	return runlog.Start(dir, s.settings.LogFile, meta)
}

// endRun ends the keeping of a run. That the log of all deployers could not be written is
// told, and is no failure: what was done was done.
func endRun(cmd *cobra.Command, run *runlog.Run) error {
	err := run.Close()
	if unshared := run.Unshared(); unshared != nil {
		fmt.Fprintf(cmd.ErrOrStderr(), "[WARNING]: %v: gdeploy history will lack this run\n", unshared)
	}
	return err
}

// arguments are the command and its flags, for the record. Of variables only the names are
// kept: their values may be secret. Of the rest what is known to be secret is masked.
func (s *session) arguments(cmd *cobra.Command) []string {
	shown := append([]string{cmd.Name()}, cmd.Flags().Args()...)
	cmd.Flags().Visit(func(f *pflag.Flag) {
		value := f.Value.String()
		if f.Name == "extra-vars" {
			var names []string
			for key := range s.extra.All() {
				names = append(names, values.Text(key))
			}
			value = strings.Join(names, ",")
		}
		shown = append(shown, "--"+f.Name+"="+s.secrets.Text(value))
	})
	return shown
}

// identity names the run in ledgers and locks.
func (s *session) identity(run *runlog.Run) modules.Run {
	id := runlog.NewID(s.started)
	if run != nil {
		id = run.ID()
	}
	return modules.Run{ID: id, Who: who(), Started: s.started.UTC()}
}

// over reports that a run of this controller is known to have ended or died.
func (s *session) over(run string) bool {
	dir, err := runlog.Dir()
	return err == nil && runlog.Over(dir, s.settings.LogFile, run)
}

// who is the person that runs gdeploy, with their machine: "ada@ops1". Behind sudo it is
// who called sudo.
func who() string {
	name := os.Getenv("SUDO_USER")
	if name == "" {
		name = userName()
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return name + "@" + host
}

// userName is the user that gdeploy works as; empty where the system cannot tell.
func userName() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}
