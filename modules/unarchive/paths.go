package unarchive

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/archives"
)

// paths knows where members go.
type paths struct {
	sys  modules.System
	dest string
	// links are those of the archive so far, checked the directories that were looked at.
	links   map[string]string
	checked map[string]bool
}

func (p *paths) path(name string) string { return path.Join(p.dest, name) }

// reach refuses a member below a link that leads out of the directory, whether it is one
// of the archive or one that somebody planted there. Writing would refuse it too, but half
// way.
func (p *paths) reach(e archives.Entry) error {
	if e.Mode&fs.ModeSymlink != 0 {
		p.links[e.Name] = e.Link
	}
	for dir := path.Dir(e.Name); dir != "." && !p.checked[dir]; dir = path.Dir(dir) {
		target, isLink := p.links[dir]
		if isLink && leaves(path.Dir(dir), target) || !isLink && p.leadsAway(dir) {
			return fmt.Errorf("member %q lies below the link %s, which leads out of %s", e.Name, p.path(dir), p.dest)
		}
		p.checked[dir] = true
	}
	return nil
}

// leaves tells whether a link's target, seen from its directory, is outside.
func leaves(dir, target string) bool {
	to := path.Join(dir, target)
	return path.IsAbs(target) || to == ".." || strings.HasPrefix(to, "../")
}

// leadsAway tells whether something that is there is a link to a place outside.
func (p *paths) leadsAway(dir string) bool {
	st, err := p.sys.Lstat(p.path(dir))
	if err != nil || st.Mode&fs.ModeSymlink == 0 {
		return false
	}
	root, err := modules.Resolve(p.sys, p.dest)
	if err != nil {
		return false
	}
	to, err := modules.Resolve(p.sys, st.Path)
	return err == nil && to != root && !strings.HasPrefix(to, strings.TrimSuffix(root, "/")+"/") || path.IsAbs(st.Target)
}
