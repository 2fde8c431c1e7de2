package release

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/record"
)

// Node is what one host tells of its releases, as release_facts returns it.
type Node struct {
	Host string `json:"host"`
	// Kind is what lies at the webroot's place; see LinkMissing.
	Kind string `json:"link"`
	// Target is what a foreign link points to; empty where the link is a release's.
	Target string `json:"target"`
	// Current is the live version; empty where there is none.
	Current  string        `json:"current"`
	Previous string        `json:"previous"`
	Releases []NodeRelease `json:"releases"`
	// Lineage and Left are what Ledger.Lineage gives.
	Lineage []string `json:"lineage"`
	Left    []string `json:"left"`
}

// NodeRelease is one release of a Node.
type NodeRelease struct {
	Version  string `json:"version"`
	State    Event  `json:"state"`
	Revision string `json:"revision"`
	Ref      string `json:"ref"`
	// ConfigRevision is the configuration's, where it has a project of its own.
	ConfigRevision string `json:"config_revision"`
	Digests
	Pinned  bool      `json:"pinned"`
	Failed  bool      `json:"failed"`
	Present bool      `json:"present"`
	Who     string    `json:"who"`
	Run     string    `json:"run"`
	Born    time.Time `json:"born"`
	Live    time.Time `json:"live"`
	LiveBy  string    `json:"live_by"`
}

// ReadNodes reads results of release_facts.
func ReadNodes(results []values.Value) ([]Node, error) {
	nodes := make([]Node, len(results))
	for i, v := range results {
		if err := record.FromValue(v, &nodes[i]); err != nil {
			return nil, fmt.Errorf("item %d is no result of release_facts: %w", i, err)
		}
		if err := nodes[i].check(); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

// check refuses a node that tells of versions which no ledger can have: they become parts of
// paths on the controller, and the node may have been broken into.
func (n Node) check() error {
	told := append([]string{n.Current, n.Previous}, append(n.Lineage, n.Left...)...)
	for _, r := range n.Releases {
		told = append(told, r.Version)
	}
	for _, version := range told {
		if version == "" {
			continue
		}
		if err := CheckName("version", version); err != nil {
			return fmt.Errorf("what %s tells of its releases is not to be believed: %w", n.Host, err)
		}
	}
	return nil
}

// Has reports whether the node has the version's directory.
func (n Node) Has(version string) bool {
	r, ok := n.release(version)
	return ok && r.Present
}

func (n Node) release(version string) (NodeRelease, bool) {
	for _, r := range n.Releases {
		if r.Version == version {
			return r, true
		}
	}
	return NodeRelease{}, false
}

// before gives the last version that was good on the node before the given one and is not
// among those to pass over.
func (n Node) before(version string, pass func(string) bool) string {
	i := slices.Index(n.Lineage, version)
	if i < 0 {
		i = len(n.Lineage)
	}
	for _, v := range slices.Backward(n.Lineage[:i]) {
		if !pass(v) {
			return v
		}
	}
	return ""
}

// ErrNoPrevious says that there is nothing to go back to.
var ErrNoPrevious = errors.New("no earlier release was good on these hosts: name one with -e version=x, or deploy")

// Previous decides for all the nodes together what "previous" is: the last release that
// was good before the newest one that is live on any of them. A deploy that stopped half
// way so goes back to what the untouched half still runs. A release that failed on one
// of them never counts, nor does one that a node was taken back from.
func Previous(nodes []Node, archives ...NodeRelease) (string, error) {
	made := births(nodes, archives)
	newest, ok := newestLive(nodes, made)
	if !ok {
		return "", errors.New("no host has a live release: there is nothing to roll back from")
	}
	runs := slices.DeleteFunc(slices.Clone(nodes), func(n Node) bool { return n.Current != newest })
	for _, group := range [][]Node{runs, nodes} {
		if v := mostCommonBefore(group, nodes, newest, made); v != "" {
			return v, nil
		}
	}
	return "", ErrNoPrevious
}

// births tells when each version was made, by the controller's clock: a host that got it
// later, as a new one does, does not make it younger.
func births(nodes []Node, archives []NodeRelease) map[string]time.Time {
	made := map[string]time.Time{}
	note := func(r NodeRelease) {
		if first, ok := made[r.Version]; !ok || r.Born.Before(first) {
			made[r.Version] = r.Born
		}
	}
	for _, n := range nodes {
		for _, r := range n.Releases {
			note(r)
		}
	}
	for _, r := range archives {
		note(r)
	}
	return made
}

// newestLive is the live version that no other one succeeded; where the ledgers do not
// tell, the one that was made last.
func newestLive(nodes []Node, made map[string]time.Time) (newest string, found bool) {
	for _, n := range nodes {
		if n.Current != "" && (!found || newer(nodes, made, n.Current, newest)) {
			newest, found = n.Current, true
		}
	}
	return newest, found
}

// newer reports whether version came to the nodes after other did.
func newer(nodes []Node, made map[string]time.Time, version, other string) bool {
	after := 0
	for _, n := range nodes {
		v, o := n.stands(version), n.stands(other)
		switch {
		case v < 0 || o < 0:
		case v > o:
			after++
		case v < o:
			after--
		}
	}
	if after == 0 {
		return made[version].After(made[other])
	}
	return after > 0
}

// stands is the place of a version in what led to the one that is live; negative where it
// has none.
func (n Node) stands(version string) int {
	i := slices.Index(n.Lineage, version)
	if i < 0 && n.Current == version {
		return len(n.Lineage)
	}
	return i
}

// mostCommonBefore asks each node of the group what was good before version, and takes the
// most frequent answer; the younger one of two.
func mostCommonBefore(group, all []Node, version string, made map[string]time.Time) string {
	votes := map[string]int{}
	for _, n := range group {
		if v := n.before(version, func(v string) bool { return unworthy(all, v) }); v != "" {
			votes[v]++
		}
	}
	best := ""
	for v, count := range votes {
		if best == "" || count > votes[best] || count == votes[best] && made[v].After(made[best]) {
			best = v
		}
	}
	return best
}

// unworthy tells of a version that nobody shall go back to: it failed on a node, or a node
// was taken back from it.
func unworthy(nodes []Node, version string) bool {
	return slices.ContainsFunc(nodes, func(n Node) bool {
		r, ok := n.release(version)
		return ok && r.Failed || slices.Contains(n.Left, version)
	})
}

// Resolve finds the version that a person means by name: a version, a unique beginning
// of one, a tag or branch it was built from (the newest such), "current" or "previous".
// Nodes are the selected hosts, others those of the cluster beside them: current is what
// the others run, or where none of them has a release, the selected ones. Archives are the
// versions that the controller has archives of.
func Resolve(name string, nodes, others []Node, archives []NodeRelease) (string, error) {
	switch name {
	case "", "previous":
		return Previous(nodes, archives...)
	case "current":
		if slices.ContainsFunc(others, func(n Node) bool { return n.Current != "" }) {
			return current(others)
		}
		return current(nodes)
	}
	known := All(slices.Concat(nodes, others), archives...)
	if slices.ContainsFunc(known, func(r NodeRelease) bool { return r.Version == name }) {
		return name, nil
	}
	if v, ok := newestOf(known, name); ok {
		return v, nil
	}
	return byPrefix(known, name)
}

// current is the version that the cluster runs; it must be one.
func current(nodes []Node) (string, error) {
	versions := map[string][]string{}
	for _, n := range nodes {
		if n.Current != "" {
			versions[n.Current] = append(versions[n.Current], n.Host)
		}
	}
	switch len(versions) {
	case 0:
		return "", errors.New("no host has a live release, so there is no current version")
	case 1:
		for v := range versions {
			return v, nil
		}
	}
	var parts []string
	for v, hosts := range versions {
		parts = append(parts, fmt.Sprintf("%s on %s", v, strings.Join(hosts, ", ")))
	}
	slices.Sort(parts)
	return "", fmt.Errorf("the hosts run different versions (%s): name one with -e version=x", strings.Join(parts, "; "))
}

// All lists each version once, with the time when it was made, oldest first.
func All(nodes []Node, archives ...NodeRelease) []NodeRelease {
	var list []NodeRelease
	seen := map[string]bool{}
	made := births(nodes, archives)
	add := func(r NodeRelease) {
		if !seen[r.Version] {
			seen[r.Version] = true
			r.Born = made[r.Version]
			list = append(list, r)
		}
	}
	for _, n := range nodes {
		for _, r := range n.Releases {
			add(r)
		}
	}
	for _, r := range archives {
		add(r)
	}
	sort.SliceStable(list, func(i, j int) bool { return list[i].Born.Before(list[j].Born) })
	return list
}

func newestOf(known []NodeRelease, ref string) (string, bool) {
	for _, r := range slices.Backward(known) {
		if r.Ref == ref {
			return r.Version, true
		}
	}
	return "", false
}

func byPrefix(known []NodeRelease, prefix string) (string, error) {
	var found []string
	for _, r := range known {
		if strings.HasPrefix(r.Version, prefix) {
			found = append(found, r.Version)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return "", fmt.Errorf("no release is called %q%s", prefix, listed(known))
	}
	return "", fmt.Errorf("%q is the beginning of %d releases (%s): write more of it", prefix, len(found), strings.Join(found, ", "))
}

func listed(known []NodeRelease) string {
	if len(known) == 0 {
		return ": the hosts and the archive directory have none yet"
	}
	names := make([]string, 0, 10)
	for _, r := range slices.Backward(known) {
		if len(names) == 10 {
			names = append(names, "...")
			break
		}
		names = append(names, r.Version)
	}
	return "; there are: " + strings.Join(names, ", ")
}

// Describe gathers what one host tells of its releases.
func Describe(sys modules.Reader, l Layout, ledger Ledger) (Node, error) {
	kind, live, err := Live(sys, l, ledger)
	if err != nil {
		return Node{}, err
	}
	target, err := foreignTarget(sys, l, kind)
	if err != nil {
		return Node{}, err
	}
	node := Node{Kind: kind, Target: target, Current: live, Previous: ledger.Before(live), Releases: []NodeRelease{}}
	line, left := ledger.Lineage()
	node.Lineage, node.Left = append([]string{}, line...), append([]string{}, left...) // lists, never null, for the templates that read them
	for _, r := range ledger.Releases() {
		node.Releases = append(node.Releases, NodeRelease{
			Version: r.Version, State: r.State, Revision: r.Revision, Ref: r.Ref, ConfigRevision: r.ConfigRevision, Digests: r.Digests,
			Pinned: r.Pinned, Failed: r.Failed, Present: r.Present, Who: r.Who, Run: r.Run, Born: r.Born, Live: r.Live, LiveBy: r.LiveBy,
		})
	}
	return node, nil
}

func foreignTarget(sys modules.Reader, l Layout, kind string) (string, error) {
	if kind != LinkForeign {
		return "", nil
	}
	st, err := sys.Lstat(l.Link)
	return st.Target, err
}
