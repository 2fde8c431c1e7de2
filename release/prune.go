package release

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
)

// Prune removes old releases until keep are left, and gives the versions that it removed.
// It never removes the live one, the previous one, a pinned one, one in which a file system is
// mounted (Mounted), or one in protect, so that more than keep may stay.
func Prune(sys modules.System, l Layout, keep int, protect []string) ([]string, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	ledger, err := Read(sys, l)
	if err != nil {
		return nil, err
	}
	kind, live, err := Live(sys, l, ledger)
	if err != nil {
		return nil, err
	}
	if kind == LinkForeign || kind == LinkDirectory {
		return nil, fmt.Errorf("%s does not point to a release of the ledger (%s), so it is not known which releases are in use: nothing was removed", l.Link, kind)
	}
	mounted, err := Mounted(sys, l)
	if err != nil {
		return nil, err
	}
	if err := finishRemovals(sys, l, ledger, live, mounted); err != nil {
		return nil, err
	}
	for version := range mounted {
		protect = append(protect[:len(protect):len(protect)], version)
	}
	var removed []string
	for _, version := range Surplus(ledger, live, keep, protect) {
		if err := remove(sys, l, &ledger, version); err != nil {
			return removed, err
		}
		removed = append(removed, version)
	}
	return removed, nil
}

// finishRemovals removes what is left of releases that a crash kept from being removed wholly.
// What was adopted is not the ledger's to judge: it may be all that there is of a webroot.
func finishRemovals(sys modules.System, l Layout, ledger Ledger, live string, mounted map[string]string) error {
	for _, r := range ledger.Releases() {
		if r.Present || mounted[r.Version] != "" || r.State != Pruned || r.Version == live || strings.HasPrefix(r.Version, adopted) || !there(sys, l.Dir(r.Version)) {
			continue
		}
		if err := Fenced(sys, func() error { return removeTree(sys, l.Dir(r.Version)) }); err != nil {
			return fmt.Errorf("remove what is left of release %s: %w", r.Version, err)
		}
	}
	return nil
}

// Surplus gives the versions that may go so that keep are left: those that failed first,
// and of each kind the oldest first.
func Surplus(ledger Ledger, live string, keep int, protect []string) []string {
	present := slices.DeleteFunc(ledger.Releases(), func(r Release) bool { return !r.Present })
	surplus := len(present) - keep
	sort.SliceStable(present, func(i, j int) bool { return worth(present[i]) < worth(present[j]) })
	var list []string
	for _, r := range present {
		if len(list) >= surplus {
			break
		}
		if r.Version == live || r.Version == ledger.Before(live) || r.Pinned || slices.Contains(protect, r.Version) {
			continue
		}
		list = append(list, r.Version)
	}
	return list
}

// worth ranks a release that failed below the others: nobody goes back to it.
func worth(r Release) int {
	if r.State == Bad {
		return 0
	}
	return 1
}

func remove(sys modules.System, l Layout, ledger *Ledger, version string) error {
	return Fenced(sys, func() error {
		// The ledger first: a release that is half removed must not be taken for a whole one.
		if err := ledger.Record(sys, l, Entry{Event: Pruned, Version: version}); err != nil {
			return err
		}
		if err := removeTree(sys, l.Dir(version)); err != nil {
			return fmt.Errorf("remove release %s: %w", version, err)
		}
		return sys.Remove(l.Manifest(version))
	})
}
