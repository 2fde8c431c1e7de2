package main

import (
	"cmp"
	"encoding/json"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/release"
	"github.com/gdeploy/gdeploy/report"
	"github.com/gdeploy/gdeploy/values"
)

func releasesCommand() *cobra.Command {
	o := &options{}
	var verify, all bool
	cmd := &cobra.Command{
		Use:   "releases",
		Short: "Show which release each node has",
		Long:  "Shows for each node the live release, what it was built from, whether it passed its test, since when, by whom, and the one before it." + exits(exitFine, exitGeneric, exitFailed, exitUnreachable, exitOptions, exitInterrupted),
		Args:  arguments(0, 0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if verify {
				o.extraVars = append(o.extraVars, "verify=yes")
			}
			table := &releaseTable{all: all, warnings: report.NewConsole(cmd.OutOrStdout(), cmd.ErrOrStderr(), report.Options{})}
			return showStock(cmd, o, "releases.yml", table)
		},
	}
	o.connectionFlags(cmd.Flags())
	completeFlags(cmd, o)
	cmd.Flags().BoolVar(&verify, "verify", false, "compare the live release's files with its manifest")
	cmd.Flags().BoolVar(&all, "all", false, "list all releases of each node, not only the live one")
	cmd.AddCommand(
		pinCommand("pin", "pinned", "Keep a release on the nodes that have it, however old it gets"),
		pinCommand("unpin", "unpinned", "Let a pinned release go when it is old"),
	)
	return cmd
}

// releaseTable gathers what release_facts returned.
type releaseTable struct {
	all   bool
	nodes []tableNode
	// warnings shows what else there is to tell.
	warnings executor.Sink
}

type tableNode struct {
	release.Node
	Drift    []string `json:"drift"`
	LockedBy string   `json:"locked_by"`
	LeftBy   string   `json:"left_by"`
	OnHold   string   `json:"on_hold"`
	problem  string
}

// Record takes note of a host's answer.
func (t *releaseTable) Record(r executor.Record) {
	e, ok := r.Event.(executor.HostResult)
	if _, warning := r.Event.(executor.Warning); warning {
		t.warnings.Record(r)
	}
	if !ok {
		return
	}
	for _, text := range e.Warnings {
		t.warnings.Record(executor.Record{Time: r.Time, Event: executor.Warning{Host: e.Host, Text: text}})
	}
	n := tableNode{}
	if e.Status == executor.Failed || e.Status == executor.Unreachable {
		msg, _ := e.Result.Get("msg")
		n.problem = string(e.Status) + ": " + values.Text(msg)
	} else if err := json.Unmarshal(values.JSON(e.Result), &n); err != nil {
		n.problem = err.Error()
	}
	n.Host = e.Host
	t.nodes = append(t.nodes, n)
}

// sort brings the nodes into the order of the inventory.
func (t *releaseTable) sort(hosts []string) {
	slices.SortStableFunc(t.nodes, func(a, b tableNode) int {
		return cmp.Compare(slices.Index(hosts, a.Host), slices.Index(hosts, b.Host))
	})
}

func (t *releaseTable) print(out io.Writer) error {
	rows := []tableRow{{cells: []string{"HOST", "LIVE", "REF", "STATE", "SINCE", "BY", "PREVIOUS"}}}
	for _, n := range t.nodes {
		rows = append(rows, n.rows(t.all)...)
	}
	return writeTable(out, rows)
}

// rows are a node's live release and what is to be said about it; all adds the others.
func (n tableNode) rows(all bool) []tableRow {
	if n.problem != "" {
		return []tableRow{{cells: []string{n.Host}, note: n.problem}}
	}
	rows := append([]tableRow{n.live()}, n.notes()...)
	if n.LeftBy != "" {
		rows = append(rows, tableRow{cells: []string{""}, note: "the lock is free; it was left behind by " + n.LeftBy})
	}
	if n.OnHold != "" {
		rows = append(rows, tableRow{cells: []string{""}, note: "on hold by " + n.OnHold})
	}
	for _, r := range n.Releases {
		if all && r.Version != n.Current {
			rows = append(rows, tableRow{cells: append([]string{"", r.Version}, releaseCells(r)...)})
		}
	}
	return rows
}

// notes are what is to be said about the node beside its release.
func (n tableNode) notes() []tableRow {
	var rows []tableRow
	for _, line := range n.Drift {
		rows = append(rows, tableRow{cells: []string{""}, note: "drift: " + line})
	}
	if n.LockedBy != "" {
		rows = append(rows, tableRow{cells: []string{""}, note: "locked by " + n.LockedBy})
	}
	return rows
}

func (n tableNode) live() tableRow {
	name := n.Current
	if name == "" {
		name = "(" + n.Kind + ")"
	}
	cells := append([]string{n.Host, name}, releaseCells(n.find(n.Current))...)
	return tableRow{cells: append(cells, cmp.Or(n.Previous, "-"))}
}

func releaseCells(r release.NodeRelease) []string {
	state := cmp.Or(string(r.State), "-")
	if r.Pinned {
		state += ", pinned"
	}
	return []string{cmp.Or(r.Ref, "-"), state, clock(r.Live), cmp.Or(r.LiveBy, r.Who, "-")}
}

func (n tableNode) find(version string) release.NodeRelease {
	for _, r := range n.Releases {
		if r.Version == version {
			return r
		}
	}
	return release.NodeRelease{}
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format(time.DateTime)
}
