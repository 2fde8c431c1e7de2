// Command gdeploy puts releases on clusters over SSH and takes them back, and runs
// Ansible-syntax playbooks on many hosts at once.
//
// One file per command: flags become Settings and options, options one call.
package main

import (
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func main() {
	if code, asked := helperMode(); asked {
		os.Exit(code)
	}
	os.Exit(run(os.Args[1:]))
}

func run(args []string) (code int) {
	defer func() {
		if p := recover(); p != nil {
			fmt.Fprintf(os.Stderr, "gdeploy: a bug, please report it: %v\n%s", p, debug.Stack())
			code = exitBug
		}
	}()
	root := rootCommand()
	root.SetArgs(args)
	began := markBeginning(root)
	cmd, err := root.ExecuteC()
	if err != nil && !*began {
		err = badOption(fmt.Errorf("%w; see %s --help", err, cmd.CommandPath()))
	}
	return exitCode(err)
}

// markBeginning tells what cobra refuses, which is bad options, from what a command says.
func markBeginning(root *cobra.Command) *bool {
	began := false
	for _, cmd := range append(root.Commands(), root) {
		do := cmd.RunE
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			began = true
			return do(cmd, args)
		}
	}
	return &began
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "gdeploy",
		Short: "Put releases on clusters over SSH, and take them back",
		Long: `gdeploy puts releases on clusters over SSH, and takes them back. It runs playbooks in
Ansible's syntax on many hosts at once and needs nothing on a host but sshd and sh.

  gdeploy play bootstrap.yml -l new            a bare machine becomes a node
  gdeploy play deploy.yml -l prod              fetch, build, pack, send, switch, test
  gdeploy play rollback.yml -l prod            back to the last good release

Settings come from gdeploy.yaml (here, in ~/.config/gdeploy or /etc/gdeploy), over that from
GDEPLOY_* in the environment, and over that from flags.`,
		Version:       versionText(),
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noSuchCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(nearestFlag)
	root.SetVersionTemplate(versionLine())
	root.AddCommand(
		playCommand(),
		adhocCommand(),
		inventoryCommand(),
		releasesCommand(),
		historyCommand(),
		initCommand(),
		docCommand(),
		versionCommand(),
	)
	for _, cmd := range append(root.Commands(), root) {
		cmd.Long += "\n" + exitHelp
	}
	return root
}

func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	return fmt.Errorf("there is no command %q%s", args[0], didYouMean(args[0], names))
}

// The exit codes; each command's help lists those that it uses.
const (
	exitFine        = 0
	exitGeneric     = 1
	exitFailed      = 2 // a host failed
	exitUnreachable = 4 // a host was unreachable, or a playbook or inventory does not parse
	exitOptions     = 5
	exitLocked      = 6
	exitTakenBack   = 7 // a gate tripped and the run was taken back
	exitInterrupted = 99
	exitBug         = 250
)

const exitHelp = `
Exit codes: 0 all fine; 1 something else; 2 a host failed; 4 a host was unreachable, or a
playbook or inventory does not parse; 5 bad options; 6 locked by another run; 7 a check
failed and what was done was taken back; 99 interrupted; 250 a bug.`

// exit is an error with the exit code that it asks for. An empty text prints nothing.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func badOption(err error) error { return &exit{exitOptions, err} }

func notParsed(err error) error {
	if err == nil {
		return nil
	}
	return &exit{exitUnreachable, err}
}

// exitCode prints an error as the operator shall see it and gives its code.
func exitCode(err error) int {
	if err == nil {
		return exitFine
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(os.Stderr, "gdeploy:", text)
	}
	var e *exit
	if errors.As(err, &e) {
		return e.code
	}
	return exitGeneric
}
