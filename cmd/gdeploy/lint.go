package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/inventory"
	"github.com/gdeploy/gdeploy/lint"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/redact"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
	"github.com/gdeploy/gdeploy/variables"
)

func lintCommand() *cobra.Command {
	o := &options{}
	asJSON, strict := false, false
	cmd := &cobra.Command{
		Use:   "lint PLAYBOOK...",
		Short: "Tell what is wrong, doubtful or old in playbooks, without touching a host",
		Long: `Reads playbooks, their roles, and the files that they include under names that are known
before a run, and tells

  errors    what a run would refuse, at once or when it gets there
  warnings  tasks that would fail although the playbook goes on, what is probably not meant,
            handlers that are missing, and old names

Where an inventory is named, by -i or in the settings, its variables and the vars_files are
read too. Lines are file:line:col: severity: message [rule]; --json prints an array of objects
with file, line, col, end, rule, severity, message and hint. Errors end with exit code 4; with
--strict warnings do too.` + exits(exitFine, exitGeneric, exitUnreachable, exitOptions),
		Args: arguments(1, anyNumber, "a playbook"),
		RunE: func(cmd *cobra.Command, args []string) error {
			found, err := lintPlaybooks(cmd, o, args)
			if err != nil {
				return err
			}
			write := lint.WriteText
			if asJSON {
				write = lint.WriteJSON
			}
			if err := write(cmd.OutOrStdout(), found.All()); err != nil {
				return err
			}
			return lintVerdict(found, strict)
		},
	}
	cmd.ValidArgsFunction = completePlaybooks
	f := cmd.Flags()
	o.inventoryFlags(f)
	f.StringArrayVarP(&o.extraVars, "extra-vars", "e", nil, "variables: k=v, JSON or YAML, or @FILE; they win over all others")
	f.StringArrayP("module-path", "M", nil, helpOf("library")+"; may be repeated")
	f.BoolVar(&asJSON, "json", false, "one JSON array in place of lines")
	f.BoolVar(&strict, "strict", false, "warnings end with exit code 4 too")
	completeFlags(cmd, o)
	return cmd
}

func lintVerdict(found *lint.Findings, strict bool) error {
	wrong, doubtful := found.Count(lint.Error), found.Count(lint.Warning)
	if wrong == 0 && (doubtful == 0 || !strict) {
		return nil
	}
	return &exit{code: exitUnreachable, err: fmt.Errorf("%s, %s", counted(wrong, "error"), counted(doubtful, "warning"))}
}

func lintPlaybooks(cmd *cobra.Command, o *options, args []string) (*lint.Findings, error) {
	files, err := findPlaybooks(args, collectionsOf(cmd))
	if err != nil {
		return nil, err
	}
	doubts := &lint.Findings{}
	s, hasInventory, err := lintSession(cmd, o, playbookDir(files), doubts)
	if err != nil {
		return nil, err
	}
	found := &lint.Findings{Read: s.loader.ReadFile}
	var whole []*playbooks.Playbook
	for _, file := range files {
		book, err := s.loader.Playbook(file)
		addMistakes(found, err)
		if book == nil {
			continue
		}
		lint.Check(book, s.loader, found)
		if err == nil {
			whole = append(whole, book)
		}
	}
	if hasInventory && len(whole) > 0 {
		addMistakes(found, s.checkHosts(whole))
	}
	for _, d := range doubts.All() { // last: the same may have been told as what it leads to
		found.Add(values.Position{File: d.File, Line: d.Line, Col: d.Col}, d.Rule, d.Severity, d.Message, d.Hint)
	}
	return found, nil
}

// lintSession is a session that may do without an inventory. Warnings become doubts.
func lintSession(cmd *cobra.Command, o *options, playbookDir string, doubts *lint.Findings) (s *session, hasInventory bool, err error) {
	s = &session{options: o, terminal: newTerminal(), secrets: redact.New(), started: time.Now(), inputs: newInputs()}
	s.warn = warnTo(cmd.ErrOrStderr(), s.secrets.Text)
	if s.settings, err = loadSettings(cmd.Flags(), s.warn); err != nil {
		return nil, false, err
	}
	var one sync.Mutex
	s.warn = func(pos values.Position, text string) {
		one.Lock()
		defer one.Unlock()
		rule := lint.Doubtful
		if strings.Contains(text, " is deprecated") {
			rule = lint.Deprecated
		}
		severity := lint.Warning
		if yaml.TellsOfTwice(text) {
			switch s.settings.DuplicateKeys {
			case "ignore":
				return
			case "error":
				rule, severity = lint.Refused, lint.Error
			}
		}
		doubts.Add(pos, rule, severity, text, "")
	}
	vault := learning{s.keyring(cmd.Context()), s.secrets}
	if s.extra, err = variables.ParseExtraVars(o.extraVars, vault); err != nil {
		return nil, false, badOption(fmt.Errorf("--extra-vars: %w", err))
	}
	s.makePlugins(cmd.ErrOrStderr(), playbookDir, true)
	if _, none := s.settings.inventories(); none == nil {
		hasInventory = true
		err = s.readInventory(cmd.Context(), false, playbookDir, vault)
	} else {
		s.inventory, err = inventory.Load(cmd.Context(), nil, inventory.Options{})
	}
	if err != nil {
		return nil, false, err
	}
	s.makeStore(playbookDir, vault)
	s.makeLoader(cmd.Context(), vault)
	return s, hasInventory, nil
}

// addMistakes adds what an error tells, taken apart.
func addMistakes(found *lint.Findings, err error) {
	switch e := err.(type) {
	case nil:
	case playbooks.Mistakes:
		for _, m := range e {
			found.Add(m.Pos, lint.Refused, lint.Error, m.Msg, m.Hint)
		}
	case *yaml.Error:
		found.Add(e.Pos, lint.Refused, lint.Error, e.Msg, e.Hint)
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			addMistakes(found, inner)
		}
	default:
		if inner := errors.Unwrap(err); inner != nil && mistakes(err) > 0 {
			addMistakes(found, inner)
			return
		}
		pos, text := placeIn(err.Error())
		found.Add(pos, lint.Refused, lint.Error, text, "")
	}
}

// placeIn takes file:line:col off the front of a message.
func placeIn(text string) (values.Position, string) {
	first, _, _ := strings.Cut(text, "\n")
	parts := strings.SplitN(first, ":", 4)
	if len(parts) < 4 {
		return values.Position{}, text
	}
	pos := values.Position{File: parts[0]}
	if _, err := fmt.Sscanf(parts[1]+" "+parts[2], "%d %d", &pos.Line, &pos.Col); err != nil {
		return values.Position{}, text
	}
	if _, err := os.Stat(pos.File); err != nil {
		return values.Position{}, text
	}
	return pos, strings.TrimSpace(parts[3])
}
