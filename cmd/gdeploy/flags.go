package main

import (
	"fmt"

	"github.com/spf13/pflag"
)

// options are the flags that commands which talk to hosts share. Those that are also
// settings are read through Settings.
type options struct {
	limit                    string
	extraVars                []string
	tags                     []string
	skipTags                 []string
	check, diff              bool
	verbose                  int
	askPass                  bool
	askBecome                bool
	passFile, becomePassFile string
	output                   string
	noColor, forceColor      bool
	connection               string
	vaultID                  []string
	askVault                 bool
}

// connectionFlags are those that say where to go and as whom.
func (o *options) connectionFlags(f *pflag.FlagSet) {
	o.inventoryFlags(f)
	f.StringVarP(&o.limit, "limit", "l", "", "only these hosts: a pattern, or @FILE")
	f.IntP("forks", "f", 100, helpOf("forks"))
	f.StringP("user", "u", "", helpOf("remote_user"))
	f.String("private-key", "", helpOf("private_key_file")+" (also --key-file)")
	f.String("host-key-checking", "yes", helpOf("host_key_checking"))
	f.IntP("timeout", "T", 10, helpOf("timeout"))
	f.String("ssh-common-args", "", helpOf("ssh_common_args"))
	f.StringVarP(&o.connection, "connection", "c", "", "ssh or local")
	f.BoolVarP(&o.askPass, "ask-pass", "k", false, "ask for the password to log in with")
	f.BoolP("become", "b", false, helpOf("become"))
	f.String("become-method", "sudo", helpOf("become_method"))
	f.String("become-user", "root", helpOf("become_user"))
	f.BoolVarP(&o.askBecome, "ask-become-pass", "K", false, "ask for the password of sudo")
	f.StringVar(&o.passFile, "connection-password-file", "", "file with the password to log in with, or a program that prints it")
	f.StringVar(&o.becomePassFile, "become-password-file", "", "file with the password of sudo, or a program that prints it")
	f.BoolVarP(&o.check, "check", "C", false, "change nothing, tell what would change")
	f.BoolVarP(&o.diff, "diff", "D", false, "show contents before and after")
	f.StringArrayVarP(&o.extraVars, "extra-vars", "e", nil, "variables: k=v, JSON or YAML, or @FILE; they win over all others")
	f.CountVarP(&o.verbose, "verbose", "v", "tell more; up to -vvvv")
	f.StringVar(&o.output, "output", "console", "console, or json for one event a line")
	f.BoolVar(&o.noColor, "no-color", false, "no colours; so does NO_COLOR")
	f.BoolVar(&o.forceColor, "force-color", false, "colours although this is no terminal; so does FORCE_COLOR")
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
	f.BoolVarP(&o.askVault, "ask-vault-password", "J", false, "ask for the password of encrypted values")
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

// checkOutput refuses an unknown form of output.
func (o *options) checkOutput() error {
	if o.output != "" && o.output != "console" && o.output != "json" {
		return badOption(fmt.Errorf("--output is %q, and must be console or json", o.output))
	}
	return nil
}
