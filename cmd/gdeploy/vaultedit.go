package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/vault"
)

const editHelp = `

The plain text lies in a directory that only you can enter, in memory where the system has a
place for that ($XDG_RUNTIME_DIR), and is overwritten and removed when the editor ends, also
where a signal ends it.`

func editCommand() *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "edit FILE...",
		Short: "Change encrypted files in an editor",
		Long: `Opens encrypted files one by one in EDITOR (vi where it is not set) and encrypts them again
with the same password and vault id. A file keeps its owner and mode; one that was not
changed is not written.` + editHelp + exits(vaultCodes...),
		Args: arguments(1, anyNumber, "the files to edit"),
		RunE: func(cmd *cobra.Command, names []string) error {
			b, err := openBox(cmd, o)
			if err != nil {
				return err
			}
			if err := b.toDecrypt(cmd.Context()); err != nil {
				return err
			}
			for _, name := range names {
				if err := b.edit(name); err != nil {
					return stopped(err)
				}
			}
			return nil
		},
	}
	boxFlags(o, cmd.Flags())
	return cmd
}

func (b *strongbox) edit(name string) error {
	plain, key, err := b.open(name)
	if err != nil {
		return err
	}
	edited, err := editor().Edit(plain, name)
	if err != nil {
		return fmt.Errorf("edit %s: %w", name, err)
	}
	if bytes.Equal(edited, plain) {
		return nil
	}
	return keep(name, edited, key)
}

func createCommand() *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "create FILE",
		Short: "Write a new encrypted file in an editor",
		Long:  "Opens EDITOR (vi where it is not set) on an empty text and encrypts what is written into FILE." + editHelp + exits(vaultCodes...),
		Args:  exactlyOne,
		RunE: func(cmd *cobra.Command, names []string) error {
			b, err := openBox(cmd, o)
			if err != nil {
				return err
			}
			return stopped(b.create(cmd.Context(), names[0]))
		},
	}
	boxFlags(o, cmd.Flags())
	encryptFlags(cmd.Flags())
	return cmd
}

func (b *strongbox) create(ctx context.Context, name string) error {
	if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
		return cmp.Or(err, fmt.Errorf("%s exists, please use 'edit' instead", name))
	}
	key, err := b.toEncrypt(ctx)
	if err != nil {
		return err
	}
	if dir := filepath.Dir(name); !isDirectory(dir) {
		b.tell(dir + " does not exist, creating...")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("create %s: %w", name, err)
		}
	}
	plain, err := editor().Edit(nil, name)
	if err != nil {
		return fmt.Errorf("create %s: %w", name, err)
	}
	return keep(name, plain, key)
}

func isDirectory(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func editor() vault.Editor { return vault.Editor(cmp.Or(os.Getenv("EDITOR"), "vi")) }

// keep writes what was edited, encrypted. Where that cannot be written to its place it is
// kept elsewhere, so that nobody's work is lost.
func keep(name string, plain []byte, key vault.Key) error {
	text, err := key.Seal(plain)
	if err != nil {
		return err
	}
	err = vault.Replace(name, text, vault.SameRights)
	if err == nil {
		return nil
	}
	rescue := filepath.Join(os.TempDir(), fmt.Sprintf("gdeploy-vault-%d-%s", os.Getpid(), filepath.Base(name)))
	if other := vault.Replace(rescue, text, vault.OwnerOnly); other != nil {
		return errors.Join(err, other)
	}
	return fmt.Errorf("%w; what you wrote is in %s, encrypted", err, rescue)
}

// stopped gives an edit that a signal ended its exit code.
func stopped(err error) error {
	if errors.Is(err, vault.ErrStopped) {
		return &exit{code: exitInterrupted, err: err}
	}
	return err
}

// page prints a text, on a terminal through a pager.
func (b *strongbox) page(plain []byte) error {
	if !isatty.IsTerminal(os.Stdout.Fd()) {
		if !bytes.HasSuffix(plain, []byte("\n")) {
			plain = append(plain, '\n')
		}
		_, err := b.out.Write(plain)
		return err
	}
	words := strings.Fields(cmp.Or(os.Getenv("PAGER"), "less"))
	if _, err := exec.LookPath(words[0]); err != nil {
		_, err := b.out.Write(plain)
		return err
	}
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(plain), os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "LESS="+cmp.Or(os.Getenv("LESS"), "FRSX"), "LESSHISTFILE=-")
	return cmd.Run()
}
