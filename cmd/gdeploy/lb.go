package main

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/values"
)

func lbCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lb",
		Short: "Show how load balancers have the nodes",
		Long:  "Shows how load balancers have the nodes: gdeploy lb status." + exits(statusCodes...),
		Args:  noSuchCommand,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(lbStatusCommand())
	return cmd
}

var statusCodes = []int{exitFine, exitGeneric, exitFailed, exitUnreachable, exitOptions, exitInterrupted}

func lbStatusCommand() *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show which nodes get traffic, and who took the others out",
		Long: `Shows for each selected node whether its balancer sends it traffic, and for one that is out
which run took it out, whose that was, and since when. A node that is out and that no run took
out was taken out by other means.

  gdeploy lb status -l prod` + exits(statusCodes...),
		Args: arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			table := &lbTable{}
			return showStock(cmd, o, "lb_status.yml", table)
		},
	}
	o.connectionFlags(cmd.Flags())
	completeFlags(cmd, o)
	return cmd
}

// lbTable gathers how balancers have nodes.
type lbTable struct{ nodes []lbNode }

// lbNode is what a balancer said of a node.
type lbNode struct {
	host, balancer string
	problem        string
	said           values.Value
}

// Record takes note of an answer: one for each balancer of a node, or why there is none.
func (t *lbTable) Record(r executor.Record) {
	switch e := r.Event.(type) {
	case executor.ItemResult:
		if e.Task.Action == "lb" {
			t.add(lbNode{host: e.Host, balancer: cmp.Or(e.Delegate, e.Host), said: e.Result}, e.Status)
		}
	case executor.HostResult:
		if !e.Looped && (e.Task.Action == "lb" || isBad(e.Status)) {
			t.add(lbNode{host: e.Host, balancer: cmp.Or(e.Delegate, e.Host), said: e.Result}, e.Status)
		}
	}
}

func (t *lbTable) add(n lbNode, status executor.Status) {
	if isBad(status) {
		n.problem = string(status) + ": " + text(n.said, "msg")
	}
	t.nodes = append(t.nodes, n)
}

func isBad(s executor.Status) bool { return s == executor.Failed || s == executor.Unreachable }

// sort brings the nodes into the order of the inventory.
func (t *lbTable) sort(hosts []string) {
	slices.SortStableFunc(t.nodes, func(a, b lbNode) int {
		return cmp.Compare(slices.Index(hosts, a.host), slices.Index(hosts, b.host))
	})
}

func (t *lbTable) print(out io.Writer) error {
	rows := []tableRow{{cells: []string{"NODE", "BALANCER", "TRAFFIC", "STATE", "SESSIONS", "WEIGHT", "OUT BY", "RUN", "SINCE"}}}
	for _, n := range t.nodes {
		rows = append(rows, n.row())
	}
	return writeTable(out, rows)
}

func (n lbNode) row() tableRow {
	if n.problem != "" {
		return tableRow{cells: []string{n.host, n.balancer}, note: n.problem}
	}
	if !n.is("known") {
		return tableRow{cells: []string{n.host, n.balancer, "out", "not in the balancer's configuration"}, note: "add: " + text(n.said, "line")}
	}
	cells := []string{n.host, n.balancer, n.traffic(), n.state(), n.count("sessions"), n.count("weight")}
	return tableRow{cells: append(cells, n.takenBy()...)}
}

func (n lbNode) is(name string) bool {
	v, _ := n.said.Get(name)
	yes, _ := v.AsBool()
	return yes
}

// traffic says whether requests go there.
func (n lbNode) traffic() string {
	switch state := text(n.said, "state"); {
	case state == "unknown":
		return "?"
	case state == "ready" && n.is("up"):
		return "in"
	}
	return "out"
}

// state is how the balancer has the node, with its own word where the node is not up.
func (n lbNode) state() string {
	state := text(n.said, "state")
	if state == "ready" && !n.is("up") {
		state += ", " + text(n.said, "check")
	}
	return state
}

// count is a number, or - where the balancer does not tell.
func (n lbNode) count(name string) string {
	v, _ := n.said.Get(name)
	if i, ok := v.AsInt(); ok && i >= 0 {
		return fmt.Sprint(i)
	}
	return "-"
}

// takenBy names who took the node out, in which run, and when.
func (n lbNode) takenBy() []string {
	who, run := text(n.said, "taken_who"), text(n.said, "taken_run")
	if _, told := n.said.Get("taken_run"); !told {
		if state := text(n.said, "state"); state == "drain" || state == "maint" {
			return []string{"not gdeploy", "-", "-"}
		}
		return []string{"-", "-", "-"}
	}
	since, err := time.Parse(time.RFC3339, text(n.said, "taken_since"))
	if err != nil {
		since = time.Time{}
	}
	return []string{who, run, clock(since)}
}
