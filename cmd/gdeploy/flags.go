package main

import (
	"fmt"

	"github.com/spf13/pflag"
)

// options are the flags that commands which talk to hosts share. Those that are also
// settings are read through Settings.
type options struct {
	limit     string
	extraVars []string
	tags      []string
	skipTags  []string
	check     bool
	verbose   int
	output    string
	vaultID   []string
	// thisMachineToo says that the command does without an inventory where it is for this
	// machine alone; see session.doWithout.
	thisMachineToo bool
}

// connectionFlags are those that say where to go and as whom.
func (o *options) connectionFlags(f *pflag.FlagSet) {
	o.inventoryFlags(f)
	f.StringVarP(&o.limit, "limit", "l", "", "only these hosts: a pattern, or @FILE")
	f.IntP("forks", "f", 100, helpOf("forks"))
	f.Int("ahead", 64, helpOf("ahead"))
	f.StringP("user", "u", "", helpOf("remote_user"))
	f.String("private-key", "", helpOf("private_key_file")+" (also --key-file)")
	f.String("host-key-checking", "yes", helpOf("host_key_checking"))
	f.IntP("timeout", "T", 10, helpOf("timeout"))
	f.String("ssh-common-args", "", helpOf("ssh_common_args"))
	f.String("ssh-extra-args", "", helpOf("ssh_extra_args"))
	f.String("scp-extra-args", "", "only empty: scp is not used")
	f.String("sftp-extra-args", "", "only empty: sftp is not used")
	f.Int("task-timeout", 0, helpOf("task_timeout"))
	f.StringP("connection", "c", "", helpOf("connection"))
	f.BoolP("ask-pass", "k", false, helpOf("ask_pass"))
	f.BoolP("become", "b", false, helpOf("become"))
	f.String("become-method", "sudo", helpOf("become_method"))
	f.String("become-user", "root", helpOf("become_user"))
	f.BoolP("ask-become-pass", "K", false, helpOf("become_ask_pass"))
	f.String("connection-password-file", "", helpOf("connection_password_file"))
	f.String("become-password-file", "", helpOf("become_password_file"))
	f.BoolVarP(&o.check, "check", "C", false, "change nothing, tell what would change")
	f.BoolP("diff", "D", false, helpOf("diff_always"))
	f.StringArrayVarP(&o.extraVars, "extra-vars", "e", nil, "variables: k=v, JSON or YAML, or @FILE; they win over all others")
	f.CountVarP(&o.verbose, "verbose", "v", "tell more; up to -vvvv")
	f.StringVar(&o.output, "output", "console", "console, or json for one event a line")
	f.Bool("no-color", false, helpOf("nocolor"))
	f.Bool("force-color", false, helpOf("force_color"))
	f.StringArrayP("module-path", "M", nil, helpOf("library")+"; may be repeated")
	f.Int("lock-wait", 0, helpOf("lock_wait"))
}

// inventoryFlags are those that say where hosts and their variables come from.
func (o *options) inventoryFlags(f *pflag.FlagSet) {
	f.StringArrayP("inventory", "i", nil, helpOf("inventory")+"; may be repeated")
	o.vaultFlags(f)
}

// vaultFlags are those that say where vault passwords come from.
func (o *options) vaultFlags(f *pflag.FlagSet) {
	f.StringArray("vault-password-file", nil, helpOf("vault_password_file")+"; may be repeated")
	f.StringArrayVar(&o.vaultID, "vault-id", nil, "password of encrypted values: ID@FILE or ID@prompt; may be repeated")
	f.BoolP("ask-vault-password", "J", false, helpOf("ask_vault_pass"))
	f.SetNormalizeFunc(otherNames)
}

// otherNames are Ansible's second names of flags.
func otherNames(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	switch name {
	case "key-file":
		name = "private-key"
	case "inventory-file":
		name = "inventory"
	case "ask-vault-pass":
		name = "ask-vault-password"
	case "vault-pass-file":
		name = "vault-password-file"
	case "become-pass-file":
		name = "become-password-file"
	case "conn-pass-file":
		name = "connection-password-file"
	}
	return pflag.NormalizedName(name)
}

// checkFlags refuses an unknown form of output, and options for programs that are not used.
func (o *options) checkFlags(f *pflag.FlagSet) error {
	for name, instead := range map[string]string{"scp-extra-args": "scp", "sftp-extra-args": "sftp"} {
		if given, err := f.GetString(name); err == nil && given != "" {
			return badOption(fmt.Errorf("--%s: %s is not used, files travel through gdeploy's own connection: use --ssh-common-args", name, instead))
		}
	}
	if o.output != "" && o.output != "console" && o.output != "json" {
		return badOption(fmt.Errorf("--output is %q, and must be console or json", o.output))
	}
	return nil
}
