package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gdeploy/gdeploy/runlog"
)

// beginning is how a run was started, so that it can be started so once more. It lies in the
// run's sealed state, since variables on the command line may be secret.
type beginning struct {
	Arguments []string `json:"arguments"`
	Dir       string   `json:"dir"`
	// Environment are the settings that came from there.
	Environment map[string]string `json:"environment"`
	Version     string            `json:"version"`
	// Limit stands in place of --limit where a run is for the hosts that another one
	// did not finish.
	Limit string `json:"limit,omitempty"`
}

const keepBeginning = "begin"

// thisBeginning is how this program was started.
func thisBeginning() beginning {
	return beginning{Arguments: os.Args[1:], Dir: workingDir(), Environment: settingsIn(os.Environ()), Version: versionText()}
}

// settingsIn are the variables of an environment that are settings. Passwords are not kept.
func settingsIn(environ []string) map[string]string {
	found := map[string]string{}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		secret := strings.Contains(name, "PASS") && !strings.Contains(name, "FILE")
		if (strings.HasPrefix(name, "GDEPLOY_") || strings.HasPrefix(name, "ANSIBLE_")) && !secret {
			found[name] = value
		}
	}
	return found
}

// asPlay is the line of gdeploy play that does what another command with its flags does.
func asPlay(flags *pflag.FlagSet, o *options, playbooks []string) []string {
	line := append([]string{"play"}, playbooks...)
	known := newPlay().cmd.Flags()
	flags.Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		if known.Lookup(f.Name) == nil || f.Name == "extra-vars" {
			return
		}
		for _, v := range values {
			line = append(line, "--"+f.Name+"="+v)
		}
	})
	for _, v := range o.extraVars {
		line = append(line, "--extra-vars="+v)
	}
	return line
}

// beginningOf reads how a run was started.
func beginningOf(run *runlog.Run) (b beginning, err error) {
	if !run.Kept(keepBeginning, &b) || !slices.Contains(b.Arguments, "play") {
		return b, fmt.Errorf("run %s was no run of playbooks: run it again", run.ID())
	}
	return b, nil
}

// again makes this program stand where that one stood, and gives its command with the flags
// that it had.
func (b beginning) again(from *cobra.Command) (*playing, error) {
	if err := os.Chdir(b.Dir); err != nil {
		return nil, fmt.Errorf("go to where the run was started: %w", err)
	}
	for name := range settingsIn(os.Environ()) {
		if err := os.Unsetenv(name); err != nil {
			return nil, err
		}
	}
	for name, value := range b.Environment {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	p := newPlay()
	p.cmd.SetContext(from.Context())
	p.cmd.SetOut(from.OutOrStdout())
	p.cmd.SetErr(from.ErrOrStderr())
	at := slices.Index(b.Arguments, "play")
	if err := p.cmd.ParseFlags(b.Arguments[at+1:]); err != nil {
		return nil, fmt.Errorf("the flags of the run: %w", err)
	}
	p.args = p.cmd.Flags().Args()
	if b.Limit != "" {
		if err := p.cmd.Flags().Set("limit", b.Limit); err != nil {
			return nil, err
		}
	}
	return p, nil
}
