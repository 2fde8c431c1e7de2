package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/redact"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// place is a task that --task names.
type place struct {
	file string
	line int
}

func explainCommand() *cobra.Command {
	o := &options{}
	task, playbook := "", ""
	cmd := &cobra.Command{
		Use:   "explain HOST VARIABLE",
		Short: "Tell what a variable is on a host, and which file says so",
		Long: `Prints the value that a variable has on a host, the place that won, and all places that
lost, in the order of precedence. With --task it is the value that a task of a playbook sees;
the file may be the playbook, or one that it imports or a role's (then name the playbook too).
No host is touched: facts and results of tasks are not known, cached facts are.

  gdeploy explain web1 http_port
  gdeploy explain web1 http_port --task site.yml:12
  gdeploy explain web1 http_port --playbook site.yml --task roles/web/tasks/main.yml:3
  gdeploy explain web1 keep --playbook deploy.yml` + exits(exitFine, exitGeneric, exitUnreachable, exitOptions),
		Args: arguments(2, 2, "a host and a variable"),
		RunE: func(cmd *cobra.Command, args []string) error {
			at, err := parsePlace(task)
			if err != nil {
				return err
			}
			book := cmp.Or(playbook, at.file)
			dir := workingDir()
			if book != "" {
				found, err := findPlaybook(book)
				if err != nil {
					return err
				}
				if at.file == book {
					at.file = found
				}
				book, dir = found, playbookDir([]string{found})
			}
			s, err := newSession(cmd, o, dir)
			if err != nil {
				return err
			}
			scope, err := s.scopeAt(cmd, args[0], book, at)
			if err != nil {
				return err
			}
			return s.explain(cmd.OutOrStdout(), scope, args[0], args[1])
		},
	}
	f := cmd.Flags()
	o.inventoryFlags(f)
	f.StringVar(&task, "task", "", "as the task at FILE:LINE sees it")
	f.StringVar(&playbook, "playbook", "", "the playbook that the task belongs to; without a task its first play")
	f.StringArrayVarP(&o.extraVars, "extra-vars", "e", nil, "variables: k=v, JSON or YAML, or @FILE; they win over all others")
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return o.completeHosts(cmd, args, word)
	}
	completeFlags(cmd, o)
	return cmd
}

func parsePlace(text string) (place, error) {
	if text == "" {
		return place{}, nil
	}
	i := strings.LastIndexByte(text, ':')
	if i > 0 {
		if line, err := strconv.Atoi(text[i+1:]); err == nil && line > 0 {
			return place{text[:i], line}, nil
		}
	}
	return place{}, badOption(fmt.Errorf("--task is %q, and must be FILE:LINE", text))
}

// scopeAt gives the variables of a host, as a play or task sees them where one is named.
func (s *session) scopeAt(cmd *cobra.Command, host, playbook string, at place) (*variables.Scope, error) {
	if s.inventory.Host(host) == nil {
		return nil, badOption(fmt.Errorf("the inventory has no host %q%s", host, didYouMean(host, s.hostNames())))
	}
	c := variables.Context{Ctx: cmd.Context(), Host: host}
	if playbook == "" {
		return s.store.Scope(c), nil
	}
	books, err := s.loadPlaybooks([]string{playbook})
	if err != nil {
		return nil, err
	}
	if at.file == "" && len(books[0].Plays) > 0 {
		c.Play = books[0].Plays[0]
		return s.store.Scope(c), nil
	}
	where := books[0].At(at.file, at.line)
	if where.Play == nil {
		return nil, badOption(noTaskAt(books[0], playbook, at))
	}
	c.Play, c.Task = where.Play, where.Task
	return s.store.Scope(c), nil
}

func (s *session) hostNames() []string { return names(s.inventory.Hosts()) }

func noTaskAt(book *playbooks.Playbook, playbook string, at place) error {
	lines := book.Lines(at.file)
	if len(lines) == 0 {
		return fmt.Errorf("%s has no tasks in %s: name the playbook that reads it with --playbook (what include_tasks and include_role read is not known before a run)", playbook, at.file)
	}
	slices.Sort(lines)
	return fmt.Errorf("no task begins at %s:%d or before; the first is at line %d", at.file, at.line, lines[0])
}

// explain prints the value of a variable and its sources. A name with parts behind it,
// such as users[0].name, is looked up whole; the sources are those of its first part.
func (s *session) explain(out io.Writer, scope *variables.Scope, host, name string) error {
	first := name
	if end := strings.IndexAny(name, ".["); end > 0 {
		first = name[:end]
	}
	found := scope.Explain(first)
	if len(found) == 0 {
		return fmt.Errorf("%s is defined nowhere for %s%s", first, host, didYouMean(first, scope.Names()))
	}
	v, err := valueOf(scope, name)
	var table strings.Builder
	w := tabwriter.NewWriter(&table, 0, 0, 2, ' ', 0)
	for _, source := range found {
		s.explainSource(w, source)
	}
	if flushed := w.Flush(); flushed != nil {
		return flushed
	}
	if err != nil {
		fmt.Fprintf(out, "%s on %s has no value\n%s", name, host, table.String())
		return errors.New(s.secrets.Text(err.Error()))
	}
	_, err = fmt.Fprintf(out, "%s on %s is %s\n%s", name, host, s.shown(v), table.String())
	return err
}

func valueOf(scope *variables.Scope, name string) (values.Value, error) {
	if strings.ContainsAny(name, ".[") {
		return scope.Render(values.String("{{ " + name + " }}").At(values.Position{File: name}))
	}
	v, _, err := scope.Lookup(name)
	if u, ok := v.AsObject(); ok && err == nil {
		if undefined, ok := u.(*jinja.Undefined); ok {
			return v, errors.New(cmp.Or(undefined.Hint, undefined.Name+" is undefined"))
		}
	}
	return v, err
}

// plain are the levels whose name says all.
var plain = []variables.Level{variables.TaskVars, variables.BlockVars, variables.PlayVars, variables.PlayVarsPrompt, variables.ExtraVars, variables.IncludeParams}

func (s *session) explainSource(w io.Writer, source variables.Source) {
	verdict := "loses"
	if source.Wins {
		verdict = "wins"
	}
	at := source.Pos
	at.File = fromHere(at.File)
	what := source.Level.String()
	if source.Where != "" && source.Where != what && !slices.Contains(plain, source.Level) {
		what += " (" + source.Where + ")"
	}
	fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", verdict, cmp.Or(at.String(), "-"), what, s.shown(source.Value))
}

// fromHere names a file as it is called from the working directory, where it is below it.
func fromHere(file string) string {
	if rel, err := filepath.Rel(workingDir(), file); err == nil && filepath.IsAbs(file) && !strings.HasPrefix(rel, "..") {
		return rel
	}
	return file
}

// shown writes a value in one line of JSON, without secrets.
func (s *session) shown(v values.Value) string {
	if v.Secret() || v.Kind() == values.KindObject {
		return redact.Mask
	}
	return s.secrets.Text(string(values.JSON(s.secrets.Value(v))))
}
