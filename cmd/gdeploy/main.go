// Command gdeploy puts releases on clusters over SSH and takes them back, and runs
// Ansible-syntax playbooks on many hosts at once.
//
// One file per command: flags become Settings and options, options one call.
package main

import (
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
	ctx, stop := stoppable()
	defer stop()
	cmd, err := root.ExecuteContextC(ctx)
	if err != nil && !*began {
		err = badOption(fmt.Errorf("%w; see %s --help", err, cmd.CommandPath()))
	}
	return exitCode(err)
}

// markBeginning tells what cobra refuses, which is bad options, from what a command says.
func markBeginning(root *cobra.Command) *bool {
	began := false
	var mark func(*cobra.Command)
	mark = func(cmd *cobra.Command) {
		for _, inner := range cmd.Commands() {
			mark(inner)
		}
		do := cmd.RunE
		if do == nil {
			return // a page of help
		}
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			began = true
			return do(cmd, args)
		}
	}
	mark(root)
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
GDEPLOY_* in the environment, and over that from flags: gdeploy help settings lists them.` + exits(allCodes...),
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
		explainCommand(),
		lintCommand(),
		schemaCommand(),
		vaultCommand(),
		releasesCommand(),
		statusCommand(),
		diffCommand(),
		promoteCommand(),
		historyCommand(),
		showCommand(),
		resumeCommand(),
		retryCommand(),
		approveCommand(),
		lbCommand(),
		lockCommand(),
		unlockCommand(),
		initCommand(),
		docCommand(),
		versionCommand(),
		settingsCommand(),
	)
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
