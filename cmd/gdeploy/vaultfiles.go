package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/vault"
)

func vaultCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "vault",
		Short: "Encrypt files and values of variables, and work with encrypted ones",
		Long: `Works with files and values in the format of ansible-vault, in both directions.

  gdeploy vault create group_vars/prod/secrets.yml --vault-id prod@~/.vault-prod
  gdeploy vault edit group_vars/prod/secrets.yml --vault-id prod@prompt
  gdeploy vault encrypt_string --vault-password-file ~/.vault -n db_password -p

The password comes from a file, from an executable file that prints it (one whose name ends
in -client is told --vault-id ID), or from whoever sits there. Where no flag and no setting
names one, it is asked for. EDITOR is the editor (vi where it is not set).` + exits(vaultCodes...),
		Args: noSuchCommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(encryptCommand(), decryptCommand(), viewCommand(), editCommand(), createCommand(), rekeyCommand(), encryptStringCommand())
	return cmd
}

var vaultCodes = []int{exitFine, exitGeneric, exitOptions, exitInterrupted}

func encryptCommand() *cobra.Command {
	o, output := &options{}, ""
	cmd := &cobra.Command{
		Use:   "encrypt [FILE]...",
		Short: "Encrypt files, or standard input",
		Long: `Encrypts files in place, or standard input to standard output. A file keeps its owner
and mode. If one of several cannot be encrypted, none is changed.` + exits(vaultCodes...),
		RunE: func(cmd *cobra.Command, names []string) error {
			b, err := openBox(cmd, o)
			if err != nil {
				return err
			}
			b.output = output
			return b.encrypt(cmd.Context(), names)
		},
	}
	boxFlags(o, cmd.Flags())
	encryptFlags(cmd.Flags())
	cmd.Flags().StringVar(&output, "output", "", "write to this file; - is standard output")
	return cmd
}

func (b *strongbox) encrypt(ctx context.Context, names []string) error {
	names = b.inputs(names)
	if err := b.oneOutput(names); err != nil {
		return err
	}
	key, err := b.toEncrypt(ctx)
	if err != nil {
		return err
	}
	err = b.rewrite(names, vault.SameRights, func(name string) ([]byte, error) {
		plain, err := b.read(name, "plaintext")
		if err != nil {
			return nil, err
		}
		if vault.IsEncrypted(plain) {
			return nil, fmt.Errorf("%s: input is already encrypted", name)
		}
		return key.Seal(plain)
	})
	if err != nil {
		return err
	}
	b.done("Encryption successful")
	return nil
}

func decryptCommand() *cobra.Command {
	o, output := &options{}, ""
	cmd := &cobra.Command{
		Use:   "decrypt [FILE]...",
		Short: "Decrypt files, or standard input",
		Long: `Decrypts files in place, or standard input to standard output. Only the owner may read
and write what was decrypted (mode 0600). If one of several files cannot be decrypted, none
is changed.` + exits(vaultCodes...),
		RunE: func(cmd *cobra.Command, names []string) error {
			b, err := openBox(cmd, o)
			if err != nil {
				return err
			}
			b.output = output
			return b.decrypt(cmd.Context(), names)
		},
	}
	boxFlags(o, cmd.Flags())
	cmd.Flags().StringVar(&output, "output", "", "write to this file; - is standard output")
	return cmd
}

func (b *strongbox) decrypt(ctx context.Context, names []string) error {
	names = b.inputs(names)
	if err := b.oneOutput(names); err != nil {
		return err
	}
	if err := b.toDecrypt(ctx); err != nil {
		return err
	}
	err := b.rewrite(names, vault.OwnerOnly, func(name string) ([]byte, error) {
		plain, _, err := b.open(name)
		return plain, err
	})
	if err != nil {
		return err
	}
	b.done("Decryption successful")
	return nil
}

func rekeyCommand() *cobra.Command {
	o, newFile, newID := &options{}, "", ""
	cmd := &cobra.Command{
		Use:   "rekey FILE...",
		Short: "Encrypt files with another password",
		Long: `Decrypts files and encrypts them with another password, which is asked for unless
--new-vault-id or --new-vault-password-file says where it is. A file keeps its owner and
mode. If one of several does not open, none is changed.` + exits(vaultCodes...),
		Args: arguments(1, anyNumber, "the files to rekey"),
		RunE: func(cmd *cobra.Command, names []string) error {
			b, err := openBox(cmd, o)
			if err != nil {
				return err
			}
			return b.rekey(cmd.Context(), names, func(ask vault.Ask) *vault.Keyring { return newKeys(ask, newFile, newID) })
		},
	}
	f := cmd.Flags()
	boxFlags(o, f)
	encryptFlags(f)
	f.StringVar(&newFile, "new-vault-password-file", "", "file with the new password, or a program that prints it")
	f.StringVar(&newID, "new-vault-id", "", "the new password: ID@FILE or ID@prompt")
	cmd.MarkFlagsMutuallyExclusive("new-vault-password-file", "new-vault-id")
	return cmd
}

// newKeys is the password that a rekey encrypts with.
func newKeys(ask vault.Ask, file, id string) *vault.Keyring {
	keys := &vault.Keyring{}
	switch {
	case id != "":
		keys.Add(vault.Parse(id, ask, vault.NewPrompt))
	case file != "":
		keys.Add("", vault.File(file))
	default:
		keys.Add("", vault.NewPrompt(ask, ""))
	}
	return keys
}

func (b *strongbox) rekey(ctx context.Context, names []string, next func(vault.Ask) *vault.Keyring) error {
	if err := b.toDecrypt(ctx); err != nil {
		return err
	}
	key, err := next(b.asking(ctx)).Key(b.settings.VaultEncryptIdentity)
	if err != nil {
		return err
	}
	err = b.rewrite(b.inputs(names), vault.SameRights, func(name string) ([]byte, error) {
		plain, _, err := b.open(name)
		if err != nil {
			return nil, err
		}
		return key.Seal(plain)
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(b.said, "Rekey successful")
	return nil
}

func viewCommand() *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "view FILE...",
		Short: "Show encrypted files",
		Long:  "Prints encrypted files as plain text; on a terminal through PAGER (less where it is not set). - is standard input." + exits(vaultCodes...),
		Args:  arguments(1, anyNumber, "the files to show"),
		RunE: func(cmd *cobra.Command, names []string) error {
			b, err := openBox(cmd, o)
			if err != nil {
				return err
			}
			return b.view(cmd.Context(), b.inputs(names))
		},
	}
	boxFlags(o, cmd.Flags())
	return cmd
}

func (b *strongbox) view(ctx context.Context, names []string) error {
	if err := b.toDecrypt(ctx); err != nil {
		return err
	}
	for _, name := range names {
		plain, _, err := b.open(name)
		if err != nil {
			return err
		}
		if err := b.page(plain); err != nil {
			return err
		}
	}
	return nil
}

// exactlyOne takes the one file that create makes.
func exactlyOne(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return errors.New("create can take only one filename argument")
	}
	return nil
}
