package main

import (
	"context"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/redact"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
	"github.com/gdeploy/gdeploy/variables"
	"github.com/gdeploy/gdeploy/vault"
)

// learning is a vault that makes what it opens known as secret.
type learning struct {
	variables.Vault
	secrets *redact.Secrets
}

// Decrypt opens text. Where that is YAML, such as an encrypted file of variables, its
// texts are the secrets; otherwise it is one.
func (l learning) Decrypt(text []byte) ([]byte, error) {
	plain, err := l.Vault.Decrypt(text)
	if err != nil {
		return nil, err
	}
	content, _, err := yaml.Load(plain, "")
	if m, isMap := content.AsMap(); err == nil && isMap {
		l.learn(values.FromMap(m))
		return plain, nil
	}
	l.secrets.Add(strings.TrimRight(string(plain), "\n"))
	return plain, nil
}

func (l learning) learn(v values.Value) {
	if m, ok := v.AsMap(); ok {
		for _, inner := range m.All() {
			l.learn(inner)
		}
	}
	for _, item := range v.Items() {
		l.learn(item)
	}
	if text, ok := v.AsString(); ok {
		l.secrets.Add(text)
	}
}

// keyring gathers the vault passwords that flags and settings name; they are read when
// something encrypted is met.
func (s *session) keyring(ctx context.Context) variables.Vault {
	return s.keys(s.asking(ctx), vault.Prompt)
}

func (s *session) asking(ctx context.Context) vault.Ask {
	return func(question string) (string, error) { return s.terminal.password(ctx, question) }
}

// keys gathers the passwords in Ansible's order. prompt asks for those that the operator types.
func (s *session) keys(ask vault.Ask, prompt vault.Asker) *vault.Keyring {
	keys := &vault.Keyring{OnlyMatching: s.settings.VaultIDMatch}
	for _, given := range append(slices.Clone(s.settings.VaultIdentityList), s.options.vaultID...) {
		if id, _, named := strings.Cut(given, "@"); !named || id == "" {
			given = s.settings.VaultIdentity + "@" + strings.TrimPrefix(given, "@")
		}
		id, source := vault.Parse(given, ask, prompt)
		keys.Add(id, source)
	}
	for _, file := range s.settings.VaultPasswordFile {
		keys.Add(s.settings.VaultIdentity, vault.File(file))
	}
	if s.settings.AskVaultPass {
		keys.Add(s.settings.VaultIdentity, prompt(ask, ""))
	}
	return keys
}
