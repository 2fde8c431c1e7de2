package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/report"
	"github.com/gdeploy/gdeploy/values"
)

// console gives what shows a run to the operator: the console, or a line of JSON per event.
func (s *session) console(cmd *cobra.Command) executor.Sink {
	if s.options.output == "json" {
		return report.Lines(cmd.OutOrStdout())
	}
	return report.NewConsole(cmd.OutOrStdout(), cmd.ErrOrStderr(), s.look())
}

// consoles are the console of a run of playbooks and what stands before it.
func (s *session) consoles(cmd *cobra.Command) []executor.Sink {
	sinks := append(s.watch(cmd), s.console(cmd))
	if !s.settings.RetryFiles {
		return sinks
	}
	out := cmd.OutOrStdout()
	if s.options.output == "json" {
		out = cmd.ErrOrStderr()
	}
	return slices.Insert(sinks, 0, executor.Sink(&retryFile{dir: s.settings.RetryFilesPath, out: out, warn: s.warn}))
}

// answers gives what shows the answers of gdeploy run, and keeps them where --tree says.
func (s *session) answers(cmd *cobra.Command, a adhocFlags) ([]executor.Sink, error) {
	sinks := s.watch(cmd)
	switch {
	case s.options.output == "json":
		sinks = append(sinks, report.Lines(cmd.OutOrStdout()))
	case a.oneLine:
		sinks = append(sinks, report.NewOneLine(cmd.OutOrStdout(), cmd.ErrOrStderr(), s.look()))
	default:
		sinks = append(sinks, report.NewAnswers(cmd.OutOrStdout(), cmd.ErrOrStderr(), s.look()))
	}
	if a.tree == "" {
		return sinks, nil
	}
	dir := expand(a.tree)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("--tree: %w", err)
	}
	return append(sinks, report.Tree(dir, func(text string) { s.warn(values.Position{}, text) })), nil
}

// look is how the console shows things on this terminal.
func (s *session) look() report.Options {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		width = 0
	}
	set := s.settings
	return report.Options{
		Verbosity: s.verbosity(), Color: s.colors(), Colors: set.colors(), Width: width,
		HideSkipped: !set.ShowSkipped, HideOK: !set.ShowOK, FailedToErrors: set.FailedToErrors,
		ShowArgs: set.ShowArgs, PathOnFailure: set.PathOnFailure, CustomStats: set.ShowCustomStats, CheckMarkers: set.CheckMarkers,
		HideModuleWarnings: !set.ActionWarnings, YAML: set.ResultFormat == "yaml", Pretty: set.ResultPretty, DiffContext: &set.DiffContext,
	}
}

// colors are the settings of that kind, by what they are for.
func (s Settings) colors() report.Colors {
	all := report.Colors{}
	fields := reflect.ValueOf(s)
	for i, key := range settingKeys() {
		if name, ok := strings.CutPrefix(key, "color_"); ok {
			all[name] = fields.Field(i).String()
		}
	}
	return all
}

// colors are for terminals, unless NO_COLOR or --no-color is there.
func (s *session) colors() bool {
	if s.flags.Changed("no-color") && s.settings.NoColor || os.Getenv("NO_COLOR") != "" {
		return false
	}
	if s.settings.ForceColor || os.Getenv("FORCE_COLOR") != "" {
		return true
	}
	if s.settings.NoColor {
		return false
	}
	return isatty.IsTerminal(os.Stdout.Fd())
}

// tellConfig says with -v which files the settings come from, and with -vv what this is.
func (s *session) tellConfig(cmd *cobra.Command) {
	if s.verbosity() == 0 || s.options.output == "json" {
		return
	}
	console := report.NewConsole(cmd.OutOrStdout(), cmd.ErrOrStderr(), s.look())
	if s.verbosity() > 1 {
		console.Tell(strings.TrimSuffix(s.versionBlock(), "\n"))
	}
	for _, file := range []string{s.settings.ansible, s.settings.file} {
		if abs, err := filepath.Abs(file); file != "" && err == nil {
			console.Tell("Using " + abs + " as config file")
		}
	}
	if s.settings.ansible == "" && s.settings.file == "" {
		console.Tell("No config file found; using defaults")
	}
}
