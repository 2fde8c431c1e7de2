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
	"github.com/gdeploy/gdeploy/runlog"
	"github.com/gdeploy/gdeploy/values"
)

// adhocFlags are the flags of gdeploy run alone.
type adhocFlags struct {
	listHosts, oneLine bool
	background         int
	tree               string
}

func adhocCommand() *cobra.Command {
	o := &options{thisMachineToo: true}
	a := adhocFlags{}
	cmd := &cobra.Command{
		Use:     "run PATTERN",
		Version: versionText(),
		Short:   "Run one module on hosts",
		Long: `Runs one module on the hosts of a pattern and prints what each answers.

  gdeploy run web -a uptime
  gdeploy run 'web:!n1' -b -m systemd -a 'name=nginx state=restarted'` + exits(allCodes...),
		Args:              arguments(1, 1, "the hosts: a pattern"),
		ValidArgsFunction: o.completeHosts,
		RunE:              func(cmd *cobra.Command, args []string) error { return runAdhoc(cmd, o, a, args[0]) },
	}
	f := cmd.Flags()
	o.connectionFlags(f)
	f.StringP("module-name", "m", "command", helpOf("module_name"))
	f.StringP("args", "a", "", helpOf("module_args"))
	f.String("playbook-dir", "", helpOf("playbook_dir"))
	f.IntVarP(&a.background, "background", "B", 0, "leave the module alone after that many seconds at the latest; see --poll")
	f.IntP("poll", "P", 15, helpOf("poll_interval")+"; 0 does not wait for it")
	f.BoolVarP(&a.oneLine, "one-line", "o", false, "print each answer in one line")
	f.StringVarP(&a.tree, "tree", "t", "", "also write each answer into a file of this directory, named as the host")
	f.BoolVar(&a.listHosts, "list-hosts", false, "only list the hosts")
	completeFlags(cmd, o)
	return cmd
}

func runAdhoc(cmd *cobra.Command, o *options, a adhocFlags, pattern string) error {
	s, err := newSession(cmd, o, "")
	if err != nil {
		return err
	}
	s.tellConfig(cmd)
	module, args := s.settings.ModuleName, s.settings.ModuleArgs
	if a.listHosts { // the task does not matter
		module, args = "ping", ""
	}
	books, err := s.oneTask(pattern, module, args, a.background)
	if err != nil {
		return err
	}
	if err := s.doWithout(books); err != nil {
		return err
	}
	if a.listHosts {
		return s.listHosts(cmd.OutOrStdout(), books[0].Plays[0])
	}
	if err := s.ready(cmd.Context(), books); err != nil {
		return err
	}
	sinks, err := s.answers(cmd, a)
	if err != nil {
		return badOption(err)
	}
	s.learn(books[0].Plays[0].Tasks[0])
	run, err := s.startRun(cmd, runlog.Meta{Playbooks: []string{"run:" + module}, Single: true})
	if err != nil {
		return err
	}
	outcome, err := s.execute(cmd.Context(), run, executor.Request{Playbooks: books}, sinks...)
	return errors.Join(err, outcomeError(outcome, ""), endRun(cmd, run))
}

// learn makes the secret parameters of a task known, so that the run's record does not show
// how they were given.
func (s *session) learn(node playbooks.Node) {
	task, ok := node.(*playbooks.Task)
	if !ok || task.Spec == nil || task.Args == nil {
		return
	}
	for _, p := range task.Spec.Parameters() {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			if v, given := task.Args.Get(name); given && p.Secret {
				s.secrets.Add(values.Text(v))
			}
		}
	}
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
func (s *session) oneTask(pattern, module, args string, background int) ([]*playbooks.Playbook, error) {
	params, err := parameters(module, args)
	if err != nil {
		return nil, err
	}
	task := map[string]any{"name": module, module: params}
	if background > 0 {
		task["async"], task["poll"] = background, s.settings.PollInterval
	}
	text, err := json.Marshal([]any{map[string]any{
		"name": "run " + module, "hosts": pattern, "gather_facts": false, "tasks": []any{task},
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
		play.File = filepath.Join(s.playbookDir, "run") // relative paths start here
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
