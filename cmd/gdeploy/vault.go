package main

import (
	"errors"

	"github.com/gdeploy/gdeploy/vault"
	"github.com/gdeploy/gdeploy/variables"
)

// keyring gathers the vault passwords that flags and settings name; they are read when
// something encrypted is met.
func (s *session) keyring() variables.Vault {
	keys := &vault.Keyring{}
	ask := func(question string) (string, error) {
		if !s.terminal.Interactive() {
			return "", errors.New("there is no terminal to ask for it: use --vault-password-file")
		}
		return s.terminal.password(question)
	}
	for _, given := range s.options.vaultID {
		id, source := vault.Parse(given, ask)
		keys.Add(id, source)
	}
	if s.settings.VaultPasswordFile != "" {
		keys.Add("", vault.File(s.settings.VaultPasswordFile))
	}
	if s.options.askVault {
		keys.Add("", vault.Prompt(ask))
	}
	return keys
}
