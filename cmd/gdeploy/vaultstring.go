package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/vault"
)

// stringFlags are the flags of encrypt_string.
type stringFlags struct {
	names     []string
	stdinName string
	prompt    bool
	showInput bool
	output    string
}

func encryptStringCommand() *cobra.Command {
	o, given := &options{}, stringFlags{}
	cmd := &cobra.Command{
		Use:   "encrypt_string [TEXT]...",
		Short: "Encrypt values, to be pasted into YAML",
		Long: `Prints texts as encrypted values for files of variables. What stands on the command line
can be seen by others on this machine and stays in the history of the shell; so rather let
it be asked for (-p), or give it on standard input, as a file without a line end:

  gdeploy vault encrypt_string -n db_password -p
  printf %s "$PASSWORD" | gdeploy vault encrypt_string --stdin-name db_password` + exits(vaultCodes...),
		RunE: func(cmd *cobra.Command, texts []string) error {
			b, err := openBox(cmd, o)
			if err != nil {
				return err
			}
			b.output = given.output
			return b.encryptStrings(cmd.Context(), given, texts)
		},
	}
	f := cmd.Flags()
	boxFlags(o, f)
	encryptFlags(f)
	f.StringArrayVarP(&given.names, "name", "n", nil, "name of the variable; may be repeated, one for each text")
	f.StringVar(&given.stdinName, "stdin-name", "", "name of the variable whose value comes from standard input")
	f.BoolVarP(&given.prompt, "prompt", "p", false, "ask for the value")
	f.BoolVar(&given.showInput, "show-input", false, "with --prompt: show what is typed")
	f.StringVar(&given.output, "output", "", "write to this file; - is standard output")
	return cmd
}

// plainText is one text to encrypt.
type plainText struct{ name, text, from string }

func (b *strongbox) encryptStrings(ctx context.Context, given stringFlags, args []string) error {
	fromStdin := given.stdinName != "" || slices.Contains(args, standard) || len(args) == 0 && !given.prompt
	if fromStdin && given.prompt {
		//lint:ignore ST1005 scripts look for this sentence
		return badOption(errors.New("The --prompt option is not supported if also reading input from stdin"))
	}
	if fromStdin {
		b.beside()
	}
	key, err := b.toEncrypt(ctx)
	if err != nil {
		return err
	}
	var all []plainText
	switch {
	case given.prompt:
		all, err = b.askString(ctx, given, len(args) == 0)
	case fromStdin:
		all, err = b.stdinString(given.stdinName)
	}
	if err != nil {
		return err
	}
	named, err := b.argumentStrings(given.names, slices.DeleteFunc(args, func(s string) bool { return s == standard }))
	if err != nil {
		return err
	}
	return b.printStrings(key, append(all, named...))
}

func (b *strongbox) askString(ctx context.Context, given stringFlags, alone bool) ([]plainText, error) {
	name := ""
	if alone && len(given.names) > 0 {
		name = given.names[0] // there is no other text that it could be meant for
	} else {
		var err error
		if name, err = b.terminal.Prompt(ctx, "Variable name (enter for no name): ", true); err != nil {
			return nil, err
		}
	}
	question := "String to encrypt (hidden): "
	if given.showInput {
		question = "String to encrypt:"
	}
	text, err := b.terminal.Prompt(ctx, question, given.showInput)
	if err != nil {
		return nil, err
	}
	if text == "" {
		//lint:ignore ST1005 scripts look for this sentence
		return nil, badOption(errors.New("The plaintext provided from the prompt was empty, not encrypting"))
	}
	return []plainText{{name, text, "the interactive prompt"}}, nil
}

func (b *strongbox) stdinString(name string) ([]plainText, error) {
	if isatty.IsTerminal(os.Stdin.Fd()) {
		fmt.Fprintln(b.said, "Reading plaintext input from stdin. (ctrl-d to end input, twice if your content does not already have a newline)")
	}
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return nil, err
	}
	if len(text) == 0 {
		return nil, badOption(errors.New("stdin was empty, not encrypting"))
	}
	return []plainText{{name, string(text), "stdin"}}, nil
}

func (b *strongbox) argumentStrings(names, texts []string) ([]plainText, error) {
	if len(names) > 0 && len(texts) > 0 && len(names) != len(texts) {
		fmt.Fprintf(b.said, "The number of --name options do not match the number of args.\nThe last named variable will be %q. The rest will not have names.\n", names[len(names)-1])
	}
	all := make([]plainText, len(texts))
	for i, text := range texts {
		if text == "" {
			//lint:ignore ST1005 scripts look for this sentence
			return nil, badOption(errors.New("The plaintext provided from the command line args was empty, not encrypting"))
		}
		all[i] = plainText{"", text, "the command line args"}
		if i < len(names) {
			all[i].name = names[i]
		}
	}
	return all, nil
}

// printStrings prints the values one below the other, and on stderr which is which.
func (b *strongbox) printStrings(key vault.Key, all []plainText) error {
	blocks := make([]string, len(all))
	for i, p := range all {
		sealed, err := key.Seal([]byte(p.text))
		if err != nil {
			return err
		}
		blocks[i] = yamlBlock(p.name, string(sealed))
		if len(all) > 1 {
			fmt.Fprint(b.said, whichOne(p, i+1))
		}
	}
	text := []byte(strings.Join(blocks, "\n"))
	if err := b.write([]changed{{standard, text}}, vault.SameRights); err != nil {
		return err
	}
	b.done("Encryption successful")
	return nil
}

// yamlBlock writes an encrypted text as a value in YAML.
func yamlBlock(name, sealed string) string {
	lines := strings.Split(strings.TrimSuffix(sealed, "\n"), "\n")
	block := "!vault |\n          " + strings.Join(lines, "\n          ")
	if name == "" {
		return block
	}
	return name + ": " + block
}

func whichOne(p plainText, number int) string {
	if p.name == "" {
		return fmt.Sprintf("# The encrypted version of the string #%d from %s.)\n", number, p.from)
	}
	return fmt.Sprintf("# The encrypted version of variable (%q, the string #%d from %s).\n", p.name, number, p.from)
}
