package main

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/runlog"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// playFlags are the flags of gdeploy play alone.
type playFlags struct {
	syntaxCheck, listHosts, listTasks, listTags bool
	flushCache                                  bool
	step                                        bool
	startAt, override                           string
}

// playing is one command line that runs playbooks.
type playing struct {
	cmd   *cobra.Command
	o     *options
	flags playFlags
	args  []string
	began beginning
	// before is the run that goes on; nil for one that begins. retryOf is the run whose
	// unfinished hosts this one is for.
	before  *runlog.Run
	retryOf string
}

func playCommand() *cobra.Command { return newPlay().cmd }

// newPlay makes the command with the flags that it fills.
func newPlay() *playing {
	p := &playing{o: &options{thisMachineToo: true}, began: thisBeginning()}
	o := p.o
	p.cmd = &cobra.Command{
		Use:     "play PLAYBOOK...",
		Version: versionText(),
		Short:   "Run playbooks on hosts",
		Long: `Runs playbooks, one after the other. A playbook is a file; of those that gdeploy ships
(bootstrap.yml, deploy.yml, rollback.yml), one of the same name here or in playbooks/ wins.

  gdeploy play deploy.yml -l prod
  gdeploy play rollback.yml -l prod -e version=x
  gdeploy play site.yml -i hosts.ini --tags web -C -D` + exits(allCodes...),
		Args: arguments(1, anyNumber, "a playbook"),
		RunE: func(_ *cobra.Command, args []string) error {
			p.args = args
			return p.run()
		},
	}
	p.cmd.ValidArgsFunction = completePlaybooks
	f := p.cmd.Flags()
	o.connectionFlags(f)
	f.StringArrayVarP(&o.tags, "tags", "t", nil, "only tasks with these tags")
	f.StringArrayVar(&o.skipTags, "skip-tags", nil, "no tasks with these tags")
	f.BoolVar(&p.flags.syntaxCheck, "syntax-check", false, "only read the playbooks and report what is wrong")
	f.BoolVar(&p.flags.listHosts, "list-hosts", false, "only list the hosts of each play")
	f.BoolVar(&p.flags.listTasks, "list-tasks", false, "only list the tasks")
	f.BoolVar(&p.flags.listTags, "list-tags", false, "only list the tags")
	f.BoolVar(&p.flags.step, "step", false, "ask before each task")
	f.StringVar(&p.flags.startAt, "start-at-task", "", "leave out all tasks before the one of this name")
	f.Bool("force-handlers", false, helpOf("force_handlers"))
	f.BoolVar(&p.flags.flushCache, "flush-cache", false, "forget the cached facts of all hosts of the inventory first")
	f.StringVar(&p.flags.override, "override", "", "go on in a freeze window of the inventory; the reason is kept in the run's record")
	completeFlags(p.cmd, o)
	return p
}

// run runs the playbooks, or only lists what they would do.
func (p *playing) run() error {
	s, books, err := p.open()
	if err != nil || books == nil {
		return err
	}
	run, err := s.startRun(p.cmd, runlog.Meta{Playbooks: p.args, RetryOf: p.retryOf})
	if err != nil {
		return err
	}
	if err := run.Commit(keepBeginning, p.began); err != nil {
		return err
	}
	s.inputs.begin(run)
	outcome, err := s.execute(p.cmd.Context(), run, p.request(books), s.consoles(p.cmd)...)
	return errors.Join(err, outcomeError(outcome, whatNext(outcome, run.ID())), endRun(p.cmd, run))
}

// open reads all that the run needs. The playbooks are nil where they were only to be listed.
func (p *playing) open() (*session, []*playbooks.Playbook, error) {
	files, err := findPlaybooks(p.args, collectionsOf(p.cmd))
	if err != nil {
		return nil, nil, err
	}
	s, err := newSessionOf(p.cmd, p.o, playbookDir(files), p.before)
	if err != nil {
		return nil, nil, err
	}
	s.tellConfig(p.cmd)
	books, err := s.loadPlaybooks(files)
	if err != nil {
		return nil, nil, err
	}
	if err := s.doWithout(books); err != nil {
		return nil, nil, err
	}
	s.tellNobody()
	if f := p.flags; f.syntaxCheck || f.listHosts || f.listTasks || f.listTags {
		return s, nil, s.list(p.cmd.OutOrStdout(), f, books)
	}
	if p.flags.flushCache && p.before == nil {
		if err := s.flushCache(); err != nil {
			return nil, nil, err
		}
	}
	return s, books, s.ready(p.cmd.Context(), books)
}

func (p *playing) request(books []*playbooks.Playbook) executor.Request {
	f := p.flags
	return executor.Request{Override: f.override, Step: f.step, StartAtTask: f.startAt, Playbooks: books}
}

// collectionsOf are the directories in which playbooks of collections are looked for.
func collectionsOf(cmd *cobra.Command) []string {
	s, err := loadSettings(cmd.Flags(), func(values.Position, string) {})
	if err != nil {
		return nil // told when they are read for the session
	}
	return s.CollectionsPath
}

// findPlaybooks gives the files of playbooks by their names; collections are looked
// through for those that are named NAMESPACE.COLLECTION.PLAYBOOK.
func findPlaybooks(names, collections []string) ([]string, error) {
	files := make([]string, len(names))
	for i, name := range names {
		file, err := findPlaybook(name)
		if path := playbooks.CollectionPlaybook(name, collections); err != nil && path != "" {
			file, err = path, nil
		}
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
