package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

func adhocCommand() *cobra.Command {
	o := &options{}
	var module, args string
	var listHosts bool
	cmd := &cobra.Command{
		Use:   "run PATTERN",
		Short: "Run one module on hosts",
		Long: `Runs one module on the hosts of a pattern and prints what each answers.

  gdeploy run web -a uptime
  gdeploy run 'web:!n1' -b -m systemd -a 'name=nginx state=restarted'` + exits(allCodes...),
		Args:              arguments(1, 1, "the hosts: a pattern"),
		ValidArgsFunction: o.completeHosts,
		RunE: func(cmd *cobra.Command, pattern []string) error {
			s, err := newSession(cmd, o, workingDir())
			if err != nil {
				return err
			}
			if listHosts { // the task does not matter
				module, args = "ping", ""
			}
			books, err := s.oneTask(pattern[0], module, args)
			if err != nil {
				return err
			}
			if listHosts {
				return s.listHosts(cmd.OutOrStdout(), books[0].Plays[0])
			}
			if err := s.ready(cmd.Context(), books); err != nil {
				return err
			}
			run, err := s.startRun(cmd, []string{"run:" + module})
			if err != nil {
				return err
			}
			outcome, err := s.execute(cmd.Context(), run, executor.Request{Playbooks: books}, s.answers(cmd))
			return errors.Join(err, outcomeError(outcome, ""), endRun(cmd, run))
		},
	}
	f := cmd.Flags()
	o.connectionFlags(f)
	f.StringVarP(&module, "module-name", "m", "command", "the module")
	f.StringVarP(&args, "args", "a", "", "its parameters: k=v, free text, or JSON")
	f.BoolVar(&listHosts, "list-hosts", false, "only list the hosts")
	completeFlags(cmd, o)
	return cmd
}

// listHosts prints the hosts of a play as ansible --list-hosts does.
func (s *session) listHosts(out io.Writer, p *playbooks.Play) error {
	hosts := s.hostsOf(p)
	_, err := fmt.Fprintf(out, "  hosts (%d):\n", len(hosts))
	for _, name := range hosts {
		fmt.Fprintf(out, "    %s\n", name)
	}
	return err
}

// oneTask is a playbook of one task. It is read like any other, so that its mistakes are
// found the same way.
func (s *session) oneTask(pattern, module, args string) ([]*playbooks.Playbook, error) {
	params, err := parameters(module, args)
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal([]any{map[string]any{
		"name": "run " + module, "hosts": pattern, "gather_facts": false,
		"tasks": []any{map[string]any{"name": module, module: params}},
	}})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "gdeploy-run")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "run")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return nil, err
	}
	book, err := s.loader.Playbook(file)
	if err != nil {
		return nil, badOption(withoutPlaces(err))
	}
	for _, play := range book.Plays {
		play.File = filepath.Join(workingDir(), "run") // relative paths start here
		fromFlag(play.Tasks[0])
	}
	return []*playbooks.Playbook{book}, nil
}

// fromFlag makes the parameters of a task say that they come from -a.
func fromFlag(node playbooks.Node) {
	task, ok := node.(*playbooks.Task)
	if !ok {
		return
	}
	place := values.Position{File: "-a"}.Scattered()
	for name, value := range task.Args.Clone().All() {
		task.Args.SetKey(name, value.At(place))
	}
	task.ArgsTemplate = task.ArgsTemplate.At(place)
}

// parameters reads what -a says.
func parameters(module, args string) (any, error) {
	switch {
	case slices.Contains(languageWords, module):
		return nil, badOption(fmt.Errorf("%s is for playbooks: it makes no sense for a single task", module))
	case args == "" && slices.Contains([]string{"command", "shell", "raw", "script"}, module):
		return nil, badOption(fmt.Errorf("say with -a what %s shall run", module))
	case args == "":
		return nil, nil
	case !strings.HasPrefix(strings.TrimSpace(args), "{") || strings.HasPrefix(args, "{{"):
		return args, nil
	}
	var params map[string]any
	if err := json.Unmarshal([]byte(args), &params); err != nil {
		return nil, badOption(fmt.Errorf("--args: %w", err))
	}
	return params, nil
}

// withoutPlaces gives mistakes as -m and -a show them: there is no file to point at.
func withoutPlaces(err error) error {
	var mistakes playbooks.Mistakes
	if !errors.As(err, &mistakes) {
		return err
	}
	bare := make(playbooks.Mistakes, len(mistakes))
	for i, m := range mistakes {
		bare[i] = playbooks.Mistake{Msg: m.Msg, Hint: m.Hint}
	}
	return bare
}
