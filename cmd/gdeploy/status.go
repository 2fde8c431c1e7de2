package main

import (
	"cmp"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/report"
	"github.com/gdeploy/gdeploy/values"
)

func statusCommand() *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how each node is: release, balancer, drift, lock",
		Long: `Shows for each node the live release, whether it passed its test, since when, by whom, and
how the balancer has the node. Below that, what is not as it should be: files that differ from
those that were released, a lock and who holds it, a balancer that cannot be asked.

  gdeploy status -l prod` + exits(exitFine, exitGeneric, exitFailed, exitUnreachable, exitOptions, exitInterrupted),
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			table := &statusTable{
				releaseTable: releaseTable{warnings: report.NewConsole(cmd.OutOrStdout(), cmd.ErrOrStderr(), report.Options{})},
				balancer:     map[string]balancerAnswer{},
			}
			s, outcome, err := runStock(cmd, o, "status.yml", table)
			if err != nil {
				return err
			}
			table.sort(names(s.inventory.Hosts()))
			return errors.Join(table.print(cmd.OutOrStdout()), outcomeError(outcome, ""))
		},
	}
	o.connectionFlags(cmd.Flags())
	completeFlags(cmd, o)
	return cmd
}

// statusTable gathers what release_facts returned and what the balancer said.
type statusTable struct {
	releaseTable
	balancer map[string]balancerAnswer
}

// balancerAnswer is how the balancer has a node: "in", or a word for how it is out.
type balancerAnswer struct{ state, note string }

// Record takes note of a host's answer, or of what the balancer said of it.
func (t *statusTable) Record(r executor.Record) {
	e, ok := r.Event.(executor.HostResult)
	if !ok || e.Task.Action != "lb" {
		t.releaseTable.Record(r)
		return
	}
	if e.Status != executor.Skipped {
		t.balancer[e.Host] = readBalancer(e)
	}
}

func readBalancer(e executor.HostResult) balancerAnswer {
	text := func(name string) string {
		v, _ := e.Result.Get(name)
		if v.IsNull() {
			return ""
		}
		return values.Text(v)
	}
	known, _ := e.Result.Get("known")
	state := text("state")
	switch {
	case text("msg") != "" && state == "":
		return balancerAnswer{"?", "the balancer cannot be asked: " + text("msg")}
	case !known.Truthy():
		return balancerAnswer{"out", "the balancer does not know this node"}
	case state == "ready":
		return balancerAnswer{"in", ""}
	case text("taken_by") != "":
		return balancerAnswer{state, "taken out of the balancer by " + text("taken_by")}
	}
	return balancerAnswer{state, ""}
}

func (t *statusTable) print(out io.Writer) error {
	rows := []tableRow{{cells: []string{"HOST", "RELEASE", "STATE", "BALANCER", "SINCE", "BY"}}}
	for _, n := range t.nodes {
		rows = append(rows, t.rows(n)...)
	}
	return writeTable(out, rows)
}

func (t *statusTable) rows(n tableNode) []tableRow {
	if n.problem != "" {
		return []tableRow{{cells: []string{n.Host}, note: n.problem}}
	}
	r := n.find(n.Current)
	b := t.balancer[n.Host]
	rows := []tableRow{{cells: []string{
		n.Host, cmp.Or(n.Current, "("+n.Kind+")"), cmp.Or(string(r.State), "-"), cmp.Or(b.state, "-"), clock(r.Live), cmp.Or(r.LiveBy, r.Who, "-"),
	}}}
	if b.note != "" {
		rows = append(rows, tableRow{cells: []string{""}, note: b.note})
	}
	return append(rows, n.notes()...)
}
