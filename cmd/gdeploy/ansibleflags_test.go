package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// theirFlags are the flags of ansible-playbook and ansible, with the programs that have
// them: p, a or both. Names of one flag stand together.
var theirFlags = []struct{ names, programs string }{
	{"--ask-become-pass -K", "pa"}, {"--ask-pass -k", "pa"}, {"--ask-vault-password --ask-vault-pass -J", "pa"},
	{"--args -a", "a"}, {"--background -B", "a"}, {"--become -b", "pa"}, {"--become-method", "pa"},
	{"--become-password-file --become-pass-file", "pa"}, {"--become-user", "pa"}, {"--check -C", "pa"},
	{"--connection -c", "pa"}, {"--connection-password-file --conn-pass-file", "pa"}, {"--diff -D", "pa"},
	{"--extra-vars -e", "pa"}, {"--flush-cache", "p"}, {"--force-handlers", "p"}, {"--forks -f", "pa"}, {"--help -h", "pa"},
	{"--inventory --inventory-file -i", "pa"}, {"--limit -l", "pa"}, {"--list-hosts", "pa"}, {"--list-tags", "p"}, {"--list-tasks", "p"},
	{"--module-name -m", "a"}, {"--module-path -M", "pa"}, {"--one-line -o", "a"}, {"--playbook-dir", "a"}, {"--poll -P", "a"},
	{"--private-key --key-file", "pa"}, {"--scp-extra-args", "pa"}, {"--sftp-extra-args", "pa"}, {"--skip-tags", "p"},
	{"--ssh-common-args", "pa"}, {"--ssh-extra-args", "pa"}, {"--start-at-task", "p"}, {"--step", "p"}, {"--syntax-check", "p"},
	{"--tags -t", "p"}, {"--task-timeout", "a"}, {"--timeout -T", "pa"}, {"--tree -t", "a"}, {"--user -u", "pa"},
	{"--vault-id", "pa"}, {"--vault-password-file --vault-pass-file", "pa"}, {"--verbose -v", "pa"}, {"--version", "pa"},
}

// TestAnsibleFlagsTable keeps the table of flags of docs/ansible.md as the commands have
// them; -update writes it again. A flag that a command lacks fails.
func TestAnsibleFlagsTable(t *testing.T) {
	ansiblePage("flags").Check(t, flagsTable(t), *update)
}

func flagsTable(t *testing.T) string {
	commands := map[rune]*cobra.Command{'p': playCommand(), 'a': adhocCommand()}
	for _, cmd := range commands {
		cmd.InitDefaultHelpFlag()
		cmd.InitDefaultVersionFlag()
	}
	var b strings.Builder
	b.WriteString("\n| flag | ansible-playbook: `gdeploy play` | ansible: `gdeploy run` | what it does |\n|---|---|---|---|\n")
	for _, their := range theirFlags {
		cells := map[rune]string{'p': "", 'a': ""}
		var ours *pflag.Flag
		for _, program := range their.programs {
			ours = sameFlag(t, commands[program], strings.Fields(their.names))
			cells[program] = "yes"
		}
		if ours != nil {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", coded(their.names), cells['p'], cells['a'], strings.ReplaceAll(ours.Usage, "|", "\\|"))
		}
	}
	return b.String() + "\n"
}

// sameFlag finds the one flag that a command knows by all these names.
func sameFlag(t *testing.T, cmd *cobra.Command, names []string) (one *pflag.Flag) {
	for _, name := range names {
		find := cmd.Flags().Lookup
		if !strings.HasPrefix(name, "--") {
			find = cmd.Flags().ShorthandLookup
		}
		flag := find(strings.TrimLeft(name, "-"))
		if flag == nil || one != nil && flag != one {
			t.Errorf("gdeploy %s has no %s that is also %s", cmd.Name(), name, names[0])
			continue
		}
		one = flag
	}
	return one
}
