package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

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
				balancers:    map[string][]balancerAnswer{},
			}
			return showStock(cmd, o, "status.yml", table)
		},
	}
	o.connectionFlags(cmd.Flags())
	completeFlags(cmd, o)
	return cmd
}

// statusTable gathers what release_facts returned and what the balancer said.
type statusTable struct {
	releaseTable
	balancers map[string][]balancerAnswer
}

// balancerAnswer is how a balancer has a node: "in", or a word for how it is out.
type balancerAnswer struct{ balancer, state, note string }

// Record takes note of a host's answer, or of what the balancer said of it.
func (t *statusTable) Record(r executor.Record) {
	switch e := r.Event.(type) {
	case executor.ItemResult:
		if e.Task.Action == "lb" && e.Status != executor.Skipped {
			t.note(e.Host, e.Delegate, e.Result)
		}
		return
	case executor.HostResult:
		if e.Task.Action == "lb" {
			if !e.Looped && e.Status != executor.Skipped {
				t.note(e.Host, e.Delegate, e.Result)
			}
			return
		}
	}
	t.releaseTable.Record(r)
}

func (t *statusTable) note(host, balancer string, said values.Value) {
	a := readBalancer(said)
	a.balancer = balancer
	t.balancers[host] = append(t.balancers[host], a)
}

func readBalancer(said values.Value) balancerAnswer {
	text := func(name string) string {
		v, _ := said.Get(name)
		if v.IsNull() {
			return ""
		}
		return values.Text(v)
	}
	known, _ := said.Get("known")
	state := text("state")
	switch {
	case text("msg") != "" && state == "":
		return balancerAnswer{state: "?", note: "the balancer cannot be asked: " + text("msg")}
	case !known.Truthy():
		return balancerAnswer{state: "out", note: "the balancer does not know this node"}
	case state == "ready":
		return balancerAnswer{state: "in"}
	case text("taken_by") != "":
		return balancerAnswer{state: state, note: "taken out of the balancer by " + text("taken_by")}
	}
	return balancerAnswer{state: state}
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
	state, notes := traffic(t.balancers[n.Host])
	rows := []tableRow{{cells: []string{
		n.Host, cmp.Or(n.Current, "("+n.Kind+")"), cmp.Or(string(r.State), "-"), cmp.Or(state, "-"), clock(r.Live), cmp.Or(r.LiveBy, r.Who, "-"),
	}}}
	for _, note := range notes {
		rows = append(rows, tableRow{cells: []string{""}, note: note})
	}
	return append(rows, n.notes()...)
}

// traffic is how the balancers have a node, in a word where they agree, and what there is to
// be told of each.
func traffic(all []balancerAnswer) (state string, notes []string) {
	var states []string
	for _, a := range all {
		if !slices.Contains(states, a.state) {
			states = append(states, a.state)
		}
	}
	for _, a := range all {
		switch {
		case len(states) > 1:
			notes = append(notes, fmt.Sprintf("%s: %s", a.balancer, cmp.Or(a.note, a.state)))
		case a.note != "" && !slices.Contains(notes, a.note):
			notes = append(notes, a.note)
		}
	}
	return strings.Join(states, ", "), notes
}
