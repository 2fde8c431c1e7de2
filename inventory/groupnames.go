package inventory

import (
	"fmt"
	"strings"
)

// GroupNames says what becomes of the names of groups that could not be names of variables,
// such as web-1. Those that constructed sources make are always replaced.
type GroupNames string

// The words are those of Ansible's setting. The zero GroupNames is KeepSilently.
const (
	KeepNames       GroupNames = "never"
	KeepSilently    GroupNames = "ignore"
	ReplaceNames    GroupNames = "always"
	ReplaceSilently GroupNames = "silently"
)

// named is the name that a group gets which is written as name.
func (g *graph) named(name string) string {
	if g.groups[name] != nil {
		return name
	}
	safe := safeGroupName(name)
	if safe == name {
		return name
	}
	if !g.oddTold[name] {
		g.oddTold[name] = true
		g.odd = append(g.odd, name)
	}
	if g.naming == ReplaceNames || g.naming == ReplaceSilently {
		return safe
	}
	return name
}

// tellOddNames warns of the names that were met since it was last called, where that is wanted.
func (inv *Inventory) tellOddNames() {
	odd := inv.odd
	inv.odd = nil
	fate := map[GroupNames]string{KeepNames: "but not replaced", ReplaceNames: "and automatically replaced"}[inv.naming]
	if len(odd) == 0 || fate == "" {
		return
	}
	more := ""
	if n := len(odd) - 5; n > 0 {
		odd, more = odd[:5], fmt.Sprintf(" and %d more", n)
	}
	inv.files.warn(Warning{Msg: fmt.Sprintf("Invalid characters were found in group names %s: %s%s", fate, strings.Join(odd, ", "), more)})
}
