package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gdeploy/gdeploy/redact"
	"github.com/gdeploy/gdeploy/vault"
)

// strongbox is what the commands of gdeploy vault share: flags, passwords, and where
// texts are read from and written to.
type strongbox struct {
	*session
	out, said io.Writer
	keyring   *vault.Keyring
	output    string // --output
}

// boxFlags are the flags of all commands of gdeploy vault.
func boxFlags(o *options, f *pflag.FlagSet) {
	o.vaultFlags(f)
	f.CountVarP(&o.verbose, "verbose", "v", "tell which file of settings was read")
}

// encryptFlags are those of commands that encrypt.
func encryptFlags(f *pflag.FlagSet) {
	f.String("encrypt-vault-id", "", helpOf("vault_encrypt_identity"))
}

func openBox(cmd *cobra.Command, o *options) (*strongbox, error) {
	s := &session{options: o, terminal: newTerminal(), secrets: redact.New(), inputs: newInputs()}
	s.warn = warnTo(cmd.ErrOrStderr(), s.secrets.Text)
	var err error
	if s.settings, err = loadSettings(cmd.Flags(), s.warn); err != nil {
		return nil, err
	}
	if id := cmd.Flags().Lookup("encrypt-vault-id"); id != nil && id.Changed {
		s.settings.VaultEncryptIdentity = id.Value.String()
	}
	if o.verbose > 0 {
		fmt.Fprintln(cmd.ErrOrStderr(), configLine(s.settings.file))
	}
	return &strongbox{session: s, out: cmd.OutOrStdout(), said: cmd.ErrOrStderr()}, nil
}

func configLine(file string) string {
	if file == "" {
		return "No config file found; using defaults"
	}
	return fmt.Sprintf("Using %s as config file", file)
}

// toDecrypt reads the passwords that may open what there is.
func (b *strongbox) toDecrypt(ctx context.Context) error {
	return b.readKeys(ctx, vault.Prompt)
}

// toEncrypt reads the passwords and gives the one to encrypt with. Those that the operator
// types are new, and typed twice.
func (b *strongbox) toEncrypt(ctx context.Context) (vault.Key, error) {
	id := b.settings.VaultEncryptIdentity
	b.gatherKeys(ctx, vault.NewPrompt)
	switch err := b.keyring.CanEncrypt(id); {
	case errors.Is(err, vault.ErrWhichID):
		return vault.Key{}, badOption(err)
	case err != nil:
		return vault.Key{}, err
	}
	if err := b.keyring.Read(b.tell); err != nil {
		return vault.Key{}, err
	}
	return b.keyring.Key(id)
}

func (b *strongbox) readKeys(ctx context.Context, prompt vault.Asker) error {
	b.gatherKeys(ctx, prompt)
	return b.keyring.Read(b.tell)
}

// gatherKeys asks for a password where nobody named one.
func (b *strongbox) gatherKeys(ctx context.Context, prompt vault.Asker) {
	ask := b.asking(ctx)
	b.keyring = b.keys(ask, prompt)
	if len(b.keyring.IDs()) == 0 {
		b.keyring.Add(b.settings.VaultIdentity, prompt(ask, ""))
	}
}

func (b *strongbox) tell(text string) { fmt.Fprintln(b.said, "[WARNING]: "+text) }

// standard is the name of standard input and output.
const standard = "-"

// beside makes questions go to the terminal itself, because standard input holds the text.
func (b *strongbox) beside() {
	if isatty.IsTerminal(os.Stdin.Fd()) {
		return
	}
	if tty, err := os.OpenFile("/dev/tty", os.O_RDWR, 0); err == nil {
		b.terminal = terminalOn(tty) // stays open as long as the command runs
		return
	}
	b.terminal = terminalOn(closed())
}

// closed is a file on which nobody answers.
func closed() *os.File {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return os.Stdin
	}
	return null
}

// inputs gives the names to read: standard input where none is given.
func (b *strongbox) inputs(names []string) []string {
	if len(names) == 0 {
		names = []string{standard}
	}
	for _, name := range names {
		if name == standard {
			b.beside()
		}
	}
	return names
}

// read gives the text of a file or of standard input. what says what the operator types there.
func (b *strongbox) read(name, what string) ([]byte, error) {
	if name == standard {
		if isatty.IsTerminal(os.Stdin.Fd()) {
			fmt.Fprintf(b.said, "Reading %s input from stdin\n", what)
		}
		return io.ReadAll(os.Stdin)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		var because *fs.PathError
		if errors.As(err, &because) {
			err = because.Err
		}
		//lint:ignore ST1005 scripts look for this sentence
		return nil, fmt.Errorf("Unable to read source file (%s): %w", name, err)
	}
	return text, nil
}

// readEncrypted is read for texts that must be encrypted.
func (b *strongbox) readEncrypted(name string) ([]byte, error) {
	text, err := b.read(name, "ciphertext")
	if err != nil {
		return nil, err
	}
	if !vault.IsEncrypted(text) {
		return nil, fmt.Errorf("input is not vault encrypted data. %s is not a vault encrypted file", name)
	}
	return text, nil
}

// open decrypts a file.
func (b *strongbox) open(name string) ([]byte, vault.Key, error) {
	text, err := b.readEncrypted(name)
	if err != nil {
		return nil, vault.Key{}, err
	}
	plain, key, err := b.keyring.Open(text)
	if err != nil {
		return nil, vault.Key{}, fmt.Errorf("%s: %w", name, err)
	}
	return plain, key, nil
}

// rewrite turns every input, and then writes them all, so that a mistake in one leaves all
// as they were.
func (b *strongbox) rewrite(names []string, keep vault.Rights, turn func(name string) ([]byte, error)) error {
	all := make([]changed, 0, len(names))
	for _, name := range names {
		text, err := turn(name)
		if err != nil {
			return err
		}
		all = append(all, changed{name, text})
	}
	return b.write(all, keep)
}

// changed is what becomes of one input.
type changed struct {
	name string
	text []byte
}

// write writes every text over what it came from, or to --output.
func (b *strongbox) write(all []changed, keep vault.Rights) error {
	for _, c := range all {
		to := cmp.Or(b.output, c.name)
		if to == standard || to == "/dev/stdout" {
			if _, err := b.out.Write(c.text); err != nil {
				return err
			}
			continue
		}
		if err := vault.Replace(to, c.text, keep); err != nil {
			return err
		}
	}
	return nil
}

// done says that it went well, to people only.
func (b *strongbox) done(text string) {
	if isatty.IsTerminal(os.Stdout.Fd()) {
		fmt.Fprintln(b.said, text)
	}
}

// oneOutput refuses several inputs for one output.
func (b *strongbox) oneOutput(names []string) error {
	if b.output != "" && len(names) > 1 {
		//lint:ignore ST1005 scripts look for this sentence
		return badOption(errors.New("At most one input file may be used with the --output option"))
	}
	return nil
}
