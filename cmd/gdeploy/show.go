package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/report"
	"github.com/gdeploy/gdeploy/runlog"
	"github.com/gdeploy/gdeploy/values"
)

// showFlags say what gdeploy show shows.
type showFlags struct {
	host    string
	verbose bool
	output  string
}

func showCommand() *cobra.Command {
	var f showFlags
	cmd := &cobra.Command{
		Use:   "show [RUN]",
		Short: "Show what a run did, host by host and task by task",
		Long: `Shows a run: who started it and how, how it ended or how to go on with it, and each task with
how it ended on each host, how long that took, and what it changed. Secrets are masked, as they
were when it ran. Without RUN it is the newest.

  gdeploy show
  gdeploy show 20261128-101500-1a2b3c --host n3 -v` + exits(exitFine, exitGeneric, exitOptions),
		Args: arguments(0, 1, "a run"),
		RunE: func(cmd *cobra.Command, args []string) error { return show(cmd.OutOrStdout(), f, args) },
	}
	cmd.Flags().StringVar(&f.host, "host", "", "only this host")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "also the results of tasks that went well")
	cmd.Flags().StringVar(&f.output, "output", "console", "console, or json for the events as they were told, one a line")
	return cmd
}

func show(out io.Writer, f showFlags, args []string) error {
	dir, err := runlog.Dir()
	if err != nil {
		return err
	}
	s, err := runToShow(dir, args)
	if err != nil {
		return err
	}
	if f.output == "json" {
		return copyFile(out, filepath.Join(dir, s.ID, "events.jsonl"))
	}
	tasks, err := runlog.Tasks(dir, s.ID)
	if err != nil {
		return err
	}
	writeHeader(out, s)
	for _, row := range taskLines(tasks, f) {
		fmt.Fprintln(out, row)
	}
	return nil
}

func runToShow(dir string, args []string) (runlog.Standing, error) {
	if len(args) > 0 {
		return runlog.Look(dir, args[0])
	}
	s, found, err := runlog.Newest(dir, func(runlog.Standing) bool { return true })
	if err == nil && !found {
		err = fmt.Errorf("there is no run in %s yet", dir)
	}
	return s, err
}

func copyFile(out io.Writer, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(out, f)
	return err
}

// writeHeader tells what the run was and how it stands.
func writeHeader(out io.Writer, s runlog.Standing) {
	const layout = "2006-01-02 15:04:05 UTC"
	fmt.Fprintf(out, "run %s of %s: %s\n", s.ID, s.Who, strings.Join(s.Arguments, " "))
	fmt.Fprintf(out, "began %s", s.Started.UTC().Format(layout))
	for _, at := range s.Resumed {
		fmt.Fprintf(out, ", went on %s", at.UTC().Format(layout))
	}
	if !s.Ended.IsZero() {
		fmt.Fprintf(out, ", ended %s", s.Ended.UTC().Format(layout))
	}
	fmt.Fprintln(out)
	if s.RetryOf != "" {
		fmt.Fprintf(out, "for the hosts that run %s did not finish\n", s.RetryOf)
	}
	fmt.Fprintln(out, standing(s))
	for _, sw := range s.Switches {
		verb := "switched"
		if sw.Undo {
			verb = "switched back"
		}
		fmt.Fprintf(out, "%s: %s %s from %s to %s\n", sw.Host, sw.App, verb, orNone(sw.From), orNone(sw.To))
	}
}

func orNone(version string) string {
	if version == "" {
		return "nothing"
	}
	return version
}

// standing says how a run ended, and what can be done about it.
func standing(s runlog.Standing) string {
	switch {
	case s.Alive:
		return "it goes on"
	case s.Outcome == nil && s.Why == "":
		return fmt.Sprintf("its controller died: gdeploy resume %s goes on with it, gdeploy resume --undo %s takes it back", s.ID, s.ID)
	case s.Outcome == nil:
		return "its controller died; it cannot go on: " + s.Why
	case s.Why == "":
		return fmt.Sprintf("%s: gdeploy resume %s goes on with it, gdeploy resume --undo %s takes it back", s.Result(), s.ID, s.ID)
	case s.WhyNotBack == "":
		return s.Result() + "; " + s.Why
	case len(s.Unfinished) > 0 && !s.Check && !s.Single:
		return fmt.Sprintf("%s; not finished: %s; gdeploy retry %s is for those", s.Result(), strings.Join(s.Unfinished, ", "), s.ID)
	}
	return s.Result()
}

// taskLines are the plays, their tasks, and below each how it ended on each host.
func taskLines(tasks []runlog.Told, f showFlags) (lines []string) {
	play := "\x00"
	for _, t := range tasks {
		var rows []string
		for _, r := range t.Results {
			if f.host == "" || f.host == r.Host {
				rows = append(rows, resultLines(r, f.verbose)...)
			}
		}
		if len(rows) == 0 {
			continue
		}
		if t.Play != play {
			play = t.Play
			lines = append(lines, "", "PLAY "+play)
		}
		lines = append(lines, fmt.Sprintf("  %s%s", kindWord(t.Task.Kind), t.Task.Name))
		lines = append(lines, rows...)
	}
	return lines
}

func kindWord(k executor.Kind) string {
	switch k {
	case executor.Handling:
		return "handler: "
	case executor.Undoing:
		return "undo: "
	}
	return ""
}

// resultLines tell how a task ended on a host.
func resultLines(r executor.HostResult, verbose bool) []string {
	status := string(r.Status)
	if r.Ignored {
		status += " (ignored)"
	}
	where := r.Host
	if r.Delegate != "" && r.Delegate != r.Host {
		where += " -> " + r.Delegate
	}
	lines := []string{fmt.Sprintf("    %-12s %-24s %8.2f s", status, where, r.Seconds)}
	for _, path := range changedPaths(r.Result) {
		lines = append(lines, "      changed "+path)
	}
	bad := r.Status == executor.Failed || r.Status == executor.Unreachable
	if bad || verbose && r.Status != executor.Skipped {
		lines = append(lines, "      "+report.JSON(r.Result, 0))
	}
	return lines
}

// changedPaths are the files that the diff of a result tells of.
func changedPaths(result values.Value) (paths []string) {
	diff, _ := result.Get("diff")
	for _, d := range diff.Items() {
		if path := changedPath(d); path != "" && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// changedPath is the file that a difference is of.
func changedPath(diff values.Value) string {
	for _, side := range []string{"after_header", "before_header"} {
		if v, ok := diff.Get(side); ok {
			path := strings.TrimSuffix(values.Text(v), " (content)")
			return strings.TrimSuffix(path, " (file attributes)")
		}
	}
	after, _ := diff.Get("after")
	path, _ := after.Get("path")
	return values.Text(path)
}
