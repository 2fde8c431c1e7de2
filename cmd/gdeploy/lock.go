package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/runlog"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

func lockCommand() *cobra.Command {
	o, reason := &options{}, ""
	cmd := &cobra.Command{
		Use:   "lock [APP]",
		Short: "Put deploys on hold, until they are unlocked",
		Long: `Puts deploys of an application on hold on the selected nodes: until gdeploy unlock, a deploy
or rollback there ends with exit code 6 and says who put it on hold, since when and why.
rollback.yml with mode=emergency or mode=now goes on all the same, with a warning. APP is needed
where the inventory does not say app. A hold outlives reboots; a run that is under way goes on.

  gdeploy lock shop -l prod --reason "the database is being moved"` + exits(holdCodes...),
		Args: arguments(0, 1, "one application"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if strings.TrimSpace(reason) == "" {
				return badOption(errors.New("say with --reason why nobody shall deploy: those who try are told"))
			}
			return changeHold(cmd, o, args, hold{state: "present", reason: reason, verb: "lock"})
		},
	}
	o.connectionFlags(cmd.Flags())
	completeFlags(cmd, o)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for those who want to deploy")
	return cmd
}

func unlockCommand() *cobra.Command {
	o, reason := &options{}, ""
	cmd := &cobra.Command{
		Use:   "unlock [APP]",
		Short: "Let deploys go on that were put on hold",
		Long: `Lifts the hold that gdeploy lock set on the selected nodes, whoever set it. The lock of a run
that is under way is another thing: it goes with the run.

  gdeploy unlock shop -l prod --reason "the database has moved"` + exits(holdCodes...),
		Args: arguments(0, 1, "one application"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return changeHold(cmd, o, args, hold{state: "absent", reason: reason, verb: "unlock"})
		},
	}
	o.connectionFlags(cmd.Flags())
	completeFlags(cmd, o)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the run's record")
	return cmd
}

var holdCodes = []int{exitFine, exitGeneric, exitFailed, exitUnreachable, exitOptions, exitInterrupted}

// hold is what is to become of the hold.
type hold struct{ state, reason, verb string }

// changeHold sets or lifts the hold on the selected nodes. It is kept as a run, so that
// gdeploy history tells of it.
func changeHold(cmd *cobra.Command, o *options, args []string, h hold) error {
	given := values.MapOf("lock_state", values.String(h.state), "lock_reason", values.String(h.reason))
	o.extraVars = append(o.extraVars, string(values.JSON(given)))
	if len(args) > 0 {
		o.extraVars = append(o.extraVars, string(values.JSON(values.MapOf("app", values.String(args[0])))))
	}
	s, books, err := openStock(cmd, o, "on_hold.yml")
	if err != nil {
		return err
	}
	run, err := s.startRun(cmd, runlog.Meta{App: s.app(), Playbooks: []string{h.verb}, Why: h.reason, Single: true})
	if err != nil {
		return err
	}
	outcome, err := s.execute(cmd.Context(), run, executor.Request{Playbooks: books}, &holdAnswers{out: cmd.OutOrStdout(), hold: h})
	return errors.Join(err, outcomeError(outcome, ""), endRun(cmd, run))
}

// app is the application that the inventory, or -e, names for the first host that has one.
func (s *session) app() string {
	for _, h := range s.inventory.Hosts() {
		v, ok, err := s.store.Scope(variables.Context{Host: h.Name}).Lookup("app")
		if name, isText := v.AsString(); ok && err == nil && isText {
			return name
		}
	}
	return ""
}

// holdAnswers prints a line for each node.
type holdAnswers struct {
	out  io.Writer
	hold hold
}

// Record prints what became of the hold on a host.
func (a *holdAnswers) Record(r executor.Record) {
	e, ok := r.Event.(executor.HostResult)
	if !ok || e.Task.Action != "release_hold" && e.Status != executor.Failed && e.Status != executor.Unreachable {
		return
	}
	fmt.Fprintf(a.out, "%s: %s\n", e.Host, a.words(e))
}

func (a *holdAnswers) words(e executor.HostResult) string {
	by := text(e.Result, "by")
	was, _ := e.Result.Get("was_on_hold")
	wasOn, _ := was.AsBool()
	switch {
	case e.Status == executor.Failed || e.Status == executor.Unreachable:
		return string(e.Status) + ": " + text(e.Result, "msg")
	case a.hold.state == "present" && wasOn:
		return "was on hold already, by " + by
	case a.hold.state == "present":
		return "on hold by " + by
	case wasOn:
		return "no longer on hold; it was by " + by
	}
	return "was not on hold"
}

func text(v values.Value, name string) string {
	field, _ := v.Get(name)
	return values.Text(field)
}
