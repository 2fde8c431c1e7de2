package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	udiff "github.com/aymanbagabas/go-udiff"
	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/report"
	"github.com/gdeploy/gdeploy/values"
)

func diffCommand() *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "diff VERSION VERSION",
		Short: "List the files that differ between two releases",
		Long: `Lists the files that differ between two releases, from the manifests and archives that the
controller keeps; those below config/ are of the configuration. A is a file that only the second
release has, D one that only the first has, M one that differs; -D shows how text files differ.
A version may be written by its beginning, or by the tag it was built from.

  gdeploy diff 1a2b3c 4d5e6f
  gdeploy diff v1 v2 -D` + exits(exitFine, exitGeneric, exitFailed, exitOptions, exitInterrupted),
		Args: arguments(2, 2, "two versions"),
		RunE: func(cmd *cobra.Command, args []string) error {
			contents, err := cmd.Flags().GetBool("diff")
			if err != nil {
				return err
			}
			o.extraVars = append(o.extraVars, fmt.Sprintf(`{"diff_from": %q, "diff_to": %q, "diff_contents": %t}`, args[0], args[1], contents))
			files := &differences{out: cmd.OutOrStdout(), console: report.NewConsole(cmd.OutOrStdout(), cmd.ErrOrStderr(), report.Options{})}
			_, outcome, err := runStock(cmd, o, "diff.yml", files)
			if err != nil {
				return err
			}
			return errors.Join(files.err, outcomeError(outcome, files.problem))
		},
	}
	o.connectionFlags(cmd.Flags())
	completeFlags(cmd, o)
	return cmd
}

// differences prints what release_diff returns.
type differences struct {
	out     io.Writer
	console executor.Sink
	problem string
	err     error
}

// Record prints the files.
func (d *differences) Record(r executor.Record) {
	if _, warning := r.Event.(executor.Warning); warning {
		d.console.Record(r)
	}
	e, ok := r.Event.(executor.HostResult)
	if !ok {
		return
	}
	if e.Status == executor.Failed {
		msg, _ := e.Result.Get("msg")
		d.problem = values.Text(msg)
		return
	}
	var result struct {
		Files []struct {
			Name, How, Before, After string
			Shown                    bool
		}
	}
	d.err = errors.Join(d.err, json.Unmarshal(values.JSON(e.Result), &result))
	for _, f := range result.Files {
		fmt.Fprintf(d.out, "%s %s\n", f.How, f.Name)
		if f.Shown {
			fmt.Fprint(d.out, ended(udiff.Unified("before/"+f.Name, "after/"+f.Name, f.Before, f.After)))
		}
	}
}

func ended(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}
