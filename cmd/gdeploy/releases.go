package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/gdeploy/gdeploy/executor"
	"github.com/gdeploy/gdeploy/release"
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
			table := &releaseTable{all: all}
			s, outcome, err := runStock(cmd, o, "releases.yml", table)
			if err != nil {
				return err
			}
			table.sort(names(s.inventory.Hosts()))
			return errors.Join(table.print(cmd.OutOrStdout()), outcomeError(outcome, ""))
		},
	}
	o.connectionFlags(cmd.Flags())
	completeFlags(cmd, o)
	cmd.Flags().BoolVar(&verify, "verify", false, "compare the live release's files with its manifest")
	cmd.Flags().BoolVar(&all, "all", false, "list all releases of each node, not only the live one")
	return cmd
}

// releaseTable gathers what release_facts returned.
type releaseTable struct {
	all   bool
	nodes []tableNode
}

type tableNode struct {
	release.Node
	Drift    []string `json:"drift"`
	LockedBy string   `json:"locked_by"`
	problem  string
}

// Record takes note of a host's answer.
func (t *releaseTable) Record(r executor.Record) {
	e, ok := r.Event.(executor.HostResult)
	if !ok {
		return
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
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "HOST\tLIVE\tREF\tSTATE\tSINCE\tBY\tPREVIOUS")
	for _, n := range t.nodes {
		if n.problem != "" {
			fmt.Fprintf(w, "%s\t%s\n", n.Host, n.problem)
			continue
		}
		n.row(w)
		if t.all {
			n.others(w)
		}
	}
	return w.Flush()
}

func (n tableNode) row(w io.Writer) {
	r := n.find(n.Current)
	live := n.Current
	if live == "" {
		live = "(" + n.Kind + ")"
	}
	fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", n.Host, live, cmp.Or(r.Ref, "-"), cmp.Or(string(r.State), "-"), clock(r.Live), cmp.Or(r.Who, "-"), cmp.Or(n.Previous, "-"))
	for _, line := range n.Drift {
		fmt.Fprintf(w, "\tdrift: %s\n", line)
	}
	if n.LockedBy != "" {
		fmt.Fprintf(w, "\tlocked by %s\n", n.LockedBy)
	}
}

func (n tableNode) others(w io.Writer) {
	for _, r := range n.Releases {
		if r.Version == n.Current {
			continue
		}
		fmt.Fprintf(w, "\t%s\t%s\t%s\t%s\t%s\n", r.Version, cmp.Or(r.Ref, "-"), r.State, clock(r.Live), r.Who)
	}
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
