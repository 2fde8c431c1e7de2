package main

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/playbooks/stock"
)

// sample is an inventory to start from.
//
//go:embed sample
var sample embed.FS

func initCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "init DIR",
		Short: "Write the shipped playbooks and a sample inventory for editing",
		Long:  "Writes gdeploy.yaml, inventory/ and playbooks/ into DIR. Files that are there already are left as they are, and named." + exits(exitFine, exitGeneric, exitOptions),
		Args:  arguments(1, 1, "a directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			files, err := fs.Sub(sample, "sample")
			if err != nil {
				return err
			}
			w := writer{dir: args[0], say: func(line string) { fmt.Fprintln(cmd.OutOrStdout(), line) }}
			return errors.Join(w.all(files, ""), w.all(stock.Files, "playbooks"))
		},
	}
}

// writer copies trees of files and never overwrites one.
type writer struct {
	dir string
	say func(string)
}

func (w writer) all(files fs.FS, below string) error {
	return fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(w.dir, below, name)
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		return w.file(files, name, to)
	})
}

func (w writer) file(files fs.FS, name, to string) error {
	text, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, fs.ErrExist) {
		w.say("left as it is: " + to)
		return nil
	}
	if err != nil {
		return fmt.Errorf("write the sample: %w", err)
	}
	_, err = f.Write(text)
	w.say("wrote " + to)
	return errors.Join(err, f.Close())
}
