package main

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// playFlags are the flags of gdeploy play alone.
type playFlags struct {
	syntaxCheck, listHosts, listTasks, listTags bool
	flushCache                                  bool
	step, forceHandlers                         bool
	startAt, override                           string
}

func playCommand() *cobra.Command {
	o := &options{}
	p := playFlags{}
	cmd := &cobra.Command{
		Use:   "play PLAYBOOK...",
		Short: "Run playbooks on hosts",
		Long: `Runs playbooks, one after the other. A playbook is a file; of those that gdeploy ships
(bootstrap.yml, deploy.yml, rollback.yml), one of the same name here or in playbooks/ wins.

  gdeploy play deploy.yml -l prod
  gdeploy play rollback.yml -l prod -e version=x
  gdeploy play site.yml -i hosts.ini --tags web -C -D` + exits(allCodes...),
		Args: arguments(1, anyNumber, "a playbook"),
		RunE: func(cmd *cobra.Command, args []string) error { return play(cmd, o, p, args) },
	}
	cmd.ValidArgsFunction = completePlaybooks
	f := cmd.Flags()
	o.connectionFlags(f)
	f.StringArrayVarP(&o.tags, "tags", "t", nil, "only tasks with these tags")
	f.StringArrayVar(&o.skipTags, "skip-tags", nil, "no tasks with these tags")
	f.BoolVar(&p.syntaxCheck, "syntax-check", false, "only read the playbooks and report what is wrong")
	f.BoolVar(&p.listHosts, "list-hosts", false, "only list the hosts of each play")
	f.BoolVar(&p.listTasks, "list-tasks", false, "only list the tasks")
	f.BoolVar(&p.listTags, "list-tags", false, "only list the tags")
	f.BoolVar(&p.step, "step", false, "ask before each task")
	f.StringVar(&p.startAt, "start-at-task", "", "leave out all tasks before the one of this name")
	f.BoolVar(&p.forceHandlers, "force-handlers", false, "run notified handlers on failed hosts too")
	f.BoolVar(&p.flushCache, "flush-cache", false, "forget the cached facts of all hosts of the inventory first")
	f.StringVar(&p.override, "override", "", "go on in a freeze window of the inventory; the reason is kept in the run's record")
	completeFlags(cmd, o)
	return cmd
}

func play(cmd *cobra.Command, o *options, p playFlags, args []string) error {
	files, err := findPlaybooks(args)
	if err != nil {
		return err
	}
	o.tags, o.skipTags = splitTags(o.tags), splitTags(o.skipTags)
	s, err := newSession(cmd, o, playbookDir(files))
	if err != nil {
		return err
	}
	books, err := s.loadPlaybooks(files)
	if err != nil {
		return err
	}
	if p.syntaxCheck || p.listHosts || p.listTasks || p.listTags {
		return s.list(cmd.OutOrStdout(), p, books)
	}
	if p.flushCache {
		if err := s.flushCache(); err != nil {
			return err
		}
	}
	if err := s.ready(cmd.Context(), books); err != nil {
		return err
	}
	run, err := s.startRun(cmd, args)
	if err != nil {
		return err
	}
	request := executor.Request{Override: p.override, Step: p.step, StartAtTask: p.startAt, ForceHandlers: p.forceHandlers, Playbooks: books}
	outcome, err := s.execute(cmd.Context(), run, request, s.console(cmd))
	return errors.Join(err, outcomeError(outcome, ""), endRun(cmd, run))
}

func findPlaybooks(names []string) ([]string, error) {
	files := make([]string, len(names))
	for i, name := range names {
		file, err := findPlaybook(name)
		if err != nil {
			return nil, err
		}
		files[i] = file
	}
	return files, nil
}

// splitTags takes "a,b" apart, as Ansible does.
func splitTags(given []string) []string {
	var tags []string
	for _, g := range given {
		for tag := range strings.SplitSeq(g, ",") {
			if tag = strings.TrimSpace(tag); tag != "" {
				tags = append(tags, tag)
			}
		}
	}
	return tags
}

// list prints what --list-hosts, --list-tasks and --list-tags ask for; --syntax-check
// names the playbooks.
func (s *session) list(out io.Writer, p playFlags, books []*playbooks.Playbook) error {
	listing := playbooks.Listing{Tasks: p.listTasks, Tags: p.listTags, Select: s.selected(), Evaluate: s.evaluateFor}
	if p.listHosts {
		listing.Hosts = s.hostsOf
	}
	for _, book := range books {
		if err := listing.Write(out, book); err != nil {
			return err
		}
	}
	return nil
}

// evaluateFor gives the value of a template of a play, or the template where it has none yet.
func (s *session) evaluateFor(p *playbooks.Play, v values.Value) values.Value {
	rendered, err := s.store.Scope(variables.Context{Play: p}).Render(v)
	if err != nil {
		return v
	}
	return rendered
}
