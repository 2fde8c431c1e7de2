// Package inventory knows which hosts there are, which groups they belong to and which
// variables inventories give them. It reads what Ansible reads: INI, YAML, JSON, scripts,
// directories of these, lists such as "a,b,", and the group_vars and host_vars beside
// them; and it chooses hosts by Ansible's patterns.
//
// Load reads everything and reports every mistake at once. Inventory.Select picks hosts,
// Inventory.Layers gives a host's variables in the order of their strength.
package inventory

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// Warning is something that loads, but is probably not what its writer meant.
type Warning = yaml.Warning

// Options are what loading needs from outside. All of it may be left out.
type Options struct {
	// Decrypt gives the plain text of a whole file that is vault-encrypted.
	Decrypt func(text []byte, file string) ([]byte, error)
	// Warn is told what looks wrong but loads; it may be called while files are read
	// later, from several goroutines.
	Warn func(Warning)
	// Template evaluates the expressions of constructed sources, with the variables of a host.
	Template func(template string, vars *values.Map, pos values.Position) (values.Value, error)
	// Facts gives the cached facts of a host, which constructed sources may use.
	Facts func(host string) *values.Map
	// ExtraVars are those of -e, which constructed sources may use.
	ExtraVars *values.Map
	// Told is told of every file that is read, as Warn is; nil where nobody wants that.
	Told func(path string, content []byte)
	// GroupNames says what becomes of names of groups that could not be names of variables.
	GroupNames GroupNames
	// Formats are what sources may be, of the list of that name; nil is all.
	Formats []string
	// Ignored reports that a file of a directory is passed over, beside those that begin with
	// a dot; nil passes over what Ansible does.
	Ignored func(name string) bool
	// Unreadable is told of a source that cannot be read, and the inventory is made of the
	// others; nil makes that an error.
	Unreadable func(source string, why error)
}

// Inventory is hosts, groups and their variables, as seen from a playbook's directory
// and through a limit. It is safe for concurrent use; hosts that are added while a play
// runs are seen by every view of the same inventory.
type Inventory struct {
	*graph
	files   *files
	sources []string
	// bases are the directories whose group_vars and host_vars count, in the order of the sources.
	bases       []string
	playbookDir string
	beside      []string // the bases without the playbook's directory
	limit       []string // patterns; nil is no limit
	limitText   string
	// empty says that no source could be read.
	empty bool
}

// Unparsed reports that no source could be read, so that there is this machine only.
func (inv *Inventory) Unparsed() bool { return inv.empty }

// Load reads the sources in their order: files, directories, scripts, and lists of hosts
// with a comma. Later sources add to earlier ones and win over them. All mistakes are
// joined into the error, each with file:line:col.
func Load(ctx context.Context, sources []string, opts Options) (*Inventory, error) {
	inv := &Inventory{graph: newGraph(opts.GroupNames), files: newFiles(opts), sources: sources}
	l := loader{ctx: ctx, opts: opts, graph: inv.graph, files: inv.files, bases: func() []string { return inv.bases }}
	for _, source := range sources {
		if dir, ok := baseDir(source); ok {
			inv.bases = append(inv.otherBasesThan(dir), dir)
		}
		l.each(source)
	}
	inv.empty = l.parsed == 0
	if err := errors.Join(l.errs...); err != nil {
		return nil, err
	}
	inv.settle()
	inv.beside = inv.bases
	inv.tellOddNames()
	for _, name := range inv.sharedNames() {
		inv.files.warn(Warning{Msg: fmt.Sprintf("%q is both a group and a host: a pattern of that name means the host", name)})
	}
	return inv, nil
}

// baseDir is the directory beside which a source's group_vars stand.
func baseDir(source string) (dir string, ok bool) {
	switch {
	case isHostList(source):
		return "", false
	case isDir(source):
		return source, true
	}
	return filepath.Dir(source), true
}

// otherBasesThan gives the bases without dir: a directory that is named twice counts at
// its later place only, which gives the same values.
func (inv *Inventory) otherBasesThan(dir string) []string {
	if dir == "" {
		return inv.bases
	}
	return slices.DeleteFunc(slices.Clone(inv.bases), func(base string) bool { return samePath(base, dir) })
}

func samePath(a, b string) bool {
	fullA, errA := filepath.Abs(a)
	fullB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && fullA == fullB
}

// WithPlaybookDir gives a view of the same inventory that also reads the group_vars and
// host_vars in dir, where the playbook is.
func (inv *Inventory) WithPlaybookDir(dir string) *Inventory {
	view := *inv
	view.playbookDir, view.beside = dir, inv.otherBasesThan(dir)
	return &view
}

// WithLimit gives a view whose Select chooses only among the hosts that the pattern
// matches (the flag -l). A part "@file" stands for the patterns in that file, one a line.
// A limit that matches no host is an error.
func (inv *Inventory) WithLimit(pattern string) (*Inventory, error) {
	parts, err := limitParts(pattern)
	if err != nil {
		return nil, err
	}
	view := *inv
	view.limit, view.limitText = nil, ""
	hosts, err := view.match(parts)
	if err != nil {
		return nil, fmt.Errorf("limit %q: %w", pattern, err)
	}
	warnings := view.unmatched(parts)
	if len(hosts) == 0 {
		return nil, noHosts(pattern, warnings)
	}
	for _, w := range warnings {
		inv.files.warn(w)
	}
	view.limit, view.limitText = parts, pattern
	return &view, nil
}

func noHosts(pattern string, why []Warning) error {
	if len(why) == 0 {
		return fmt.Errorf("limit %q leaves no host", pattern)
	}
	reasons := make([]string, len(why))
	for i, w := range why {
		reasons[i] = w.Msg
	}
	return fmt.Errorf("limit %q matches no host: %s", pattern, strings.Join(reasons, "; "))
}
