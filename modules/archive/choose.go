package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/archives"
)

// packing is what goes where.
type packing struct {
	*Module
	sys    modules.System
	dest   string
	format archives.Format
	// packs tells that it becomes an archive, not just a compressed file.
	packs bool
	// expanded are all paths, excluded those that exclude_path takes off; missing are not
	// there, and targets are.
	expanded, excluded, missing []string
	targets                     []modules.Stat
	// root is the part of all paths that is not in the archive, with its slash.
	root     string
	members  []modules.Stat
	warnings []string
}

// choose works out what is to be packed.
func (m *Module) choose(sys modules.System) (*packing, error) {
	p := &packing{
		Module: m, sys: sys, format: archives.Format(m.Format), dest: m.Dest,
		expanded: expand(sys, m.Path), excluded: expand(sys, m.ExcludePath), missing: []string{},
	}
	wanted := slices.DeleteFunc(distinct(p.expanded), func(name string) bool { return slices.Contains(p.excluded, name) })
	if len(wanted) == 0 {
		return nil, modules.Fail("Error, no source paths were found")
	}
	p.root = commonRoot(wanted)
	if err := p.look(wanted); err != nil {
		return nil, err
	}
	many := m.ForceArchive || len(wanted) > 1 || slices.ContainsFunc(m.Path, isPattern) || slices.ContainsFunc(p.targets, p.isDir)
	p.packs = many || p.format == archives.Tar || p.format == archives.Zip
	if p.dest == "" {
		if many {
			return nil, modules.Fail("Error, must specify \"dest\" when archiving multiple files or trees")
		}
		p.dest = path.Clean(wanted[0]) + "." + m.Format
	}
	return p, errors.Join(p.check(), p.list())
}

// check refuses to destroy what is to be packed, or the archive.
func (p *packing) check() error {
	if st, err := p.sys.Stat(p.dest); err == nil && st.Mode.IsDir() {
		return fmt.Errorf("dest %s is a directory, and must name the archive itself", p.dest)
	}
	for _, t := range p.targets {
		switch name := t.Path; {
		case name == path.Clean(p.dest):
			return fmt.Errorf("dest %s is what is to be packed", p.dest)
		case p.Remove && strings.HasPrefix(path.Clean(p.dest), name+"/"):
			return modules.Fail("Error, created archive can not be contained in source paths when remove=true")
		}
	}
	return nil
}

// expand puts what fits patterns in their place.
func expand(sys modules.Reader, list []string) []string {
	expanded := []string{}
	for _, name := range list {
		if !isPattern(name) {
			expanded = append(expanded, name)
			continue
		}
		expanded = append(expanded, modules.Glob(sys, name)...)
	}
	return expanded
}

func isPattern(name string) bool { return strings.ContainsAny(name, "*?[") }

func distinct(list []string) []string {
	var once []string
	for _, s := range list {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return once
}

// commonRoot is the longest beginning of all the directories that names are in.
func commonRoot(names []string) string {
	root := dirOf(clean(names[0]))
	for _, name := range names[1:] {
		dir := dirOf(clean(name))
		n := 0
		for n < len(root) && n < len(dir) && root[n] == dir[n] {
			n++
		}
		root = root[:n]
	}
	return root[:strings.LastIndexByte(root, '/')+1]
}

func dirOf(name string) string { return name[:strings.LastIndexByte(name, '/')+1] }

// look divides names into those that are there and those that are not.
func (p *packing) look(names []string) error {
	for _, name := range names {
		st, err := p.sys.Lstat(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			p.missing = append(p.missing, name)
		case err != nil:
			return err
		default:
			st.Path = path.Clean(name)
			p.targets = append(p.targets, st)
		}
	}
	return nil
}

// isDir tells whether it is a directory, or a link to one.
func (p *packing) isDir(st modules.Stat) bool {
	to, err := p.sys.Stat(st.Path)
	return err == nil && to.Mode.IsDir()
}

// list gathers the members before anything is written: the archive may lie among them.
func (p *packing) list() error {
	for _, t := range p.targets {
		if !p.isDir(t) {
			p.take(t)
			continue
		}
		entries, err := p.sys.ReadDir(t.Path)
		if err != nil {
			return err
		}
		for _, e := range entries {
			err := modules.Walk(p.sys, path.Join(t.Path, path.Base(e.Path)), func(st modules.Stat) error {
				p.take(st)
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	sort.SliceStable(p.members, func(i, j int) bool { return p.members[i].Path < p.members[j].Path })
	p.members = slices.CompactFunc(p.members, func(a, b modules.Stat) bool { return a.Path == b.Path })
	return nil
}

func (p *packing) take(st modules.Stat) {
	by := p.name(st)
	if p.format == archives.Zip {
		by = st.Path
	}
	left := func(pattern string) bool { return archives.Match(pattern, by) }
	switch {
	case st.Path == path.Clean(p.dest), slices.ContainsFunc(p.ExclusionPatterns, left):
	case st.Mode.Type()&^(fs.ModeDir|fs.ModeSymlink) != 0:
		p.warnings = append(p.warnings, st.Path+" is a device, a pipe or a socket, and left out")
	default:
		p.members = append(p.members, st)
	}
}

// name is that of a member.
func (p *packing) name(st modules.Stat) string { return strings.TrimPrefix(st.Path, p.root) }

// clean is a path in its shortest form; a slash at its end stays, since it says that the
// directory itself is not part of the names.
func clean(name string) string {
	short := path.Clean(name)
	if strings.HasSuffix(name, "/") && short != "/" {
		short += "/"
	}
	return short
}
