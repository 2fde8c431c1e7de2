package modules

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"path"
	"sort"
	"strings"
	"syscall"
	"time"
)

// plan is the file system as it would be after the changes that a dry run recorded.
// It holds what differs, as a tree of nodes over what real reads.
type plan struct {
	real Reader
	root *node
	// here is where relative paths begin.
	here *node
}

// node is a planned or looked-up place in the tree.
type node struct {
	stat Stat
	// origin is the real path that supplies content, and the children that are not in
	// children; empty for what exists in the plan only.
	origin   string
	content  func() (io.ReadCloser, error)
	children map[string]*node
	removed  bool
}

func newPlan(real Reader) *plan {
	dir := Stat{Mode: fs.ModeDir | 0o755}
	return &plan{real: real, root: &node{origin: "/", stat: dir}, here: &node{origin: ".", stat: dir}}
}

// empty reports whether nothing is planned, so that reads can go straight through.
func (p *plan) empty() bool { return len(p.root.children) == 0 && len(p.here.children) == 0 }

// start is the node where a path begins, its path, and the parts to go from there.
func (p *plan) start(name string) (n *node, at string, parts []string) {
	n, at = p.root, "/"
	clean := path.Clean(name)
	if !path.IsAbs(clean) {
		n, at = p.here, "."
	}
	for part := range strings.SplitSeq(clean, "/") {
		if part != "" && part != "." {
			parts = append(parts, part)
		}
	}
	return n, at, parts
}

const maxLinks = 40

var errLinks = errors.New("too many levels of symbolic links")

// find walks to a path; follow resolves a link at its end too.
func (p *plan) find(name string, follow bool) (*node, string, error) {
	for range maxLinks {
		n, at, next, err := p.walk(name, follow)
		if err != nil || next == "" {
			return n, at, err
		}
		name = next
	}
	return nil, "", &fs.PathError{Op: "open", Path: name, Err: errLinks}
}

// walk goes down one path; where it meets a link to follow, next is the path to go on with.
func (p *plan) walk(name string, follow bool) (n *node, at, next string, err error) {
	n, at, parts := p.start(name)
	for i, part := range parts {
		child, err := p.child(n, part)
		if err != nil {
			return nil, "", "", &fs.PathError{Op: "open", Path: name, Err: cause(err)}
		}
		last := i == len(parts)-1
		if child.stat.Mode&fs.ModeSymlink != 0 && (follow || !last) {
			rest := path.Join(parts[i+1:]...)
			return nil, "", join(at, child.stat.Target, rest), nil
		}
		n, at = child, path.Join(at, part)
	}
	return n, at, "", nil
}

func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}

// join resolves a link's target found in the directory at.
func join(at, target, rest string) string {
	if path.IsAbs(target) {
		return path.Join(target, rest)
	}
	return path.Join(at, target, rest)
}

func (p *plan) child(n *node, name string) (*node, error) {
	if c, ok := n.children[name]; ok {
		if c.removed {
			return nil, fs.ErrNotExist
		}
		return c, nil
	}
	if n.origin == "" {
		return nil, fs.ErrNotExist
	}
	origin := path.Join(n.origin, name)
	st, err := p.real.Lstat(origin)
	if err != nil {
		return nil, err
	}
	return &node{stat: st, origin: origin}, nil
}

// keep walks to the directory that holds name and pins it, and all above it, in the
// tree; it gives that directory's node and the last part of the name. Directories that
// are missing are taken to be made by something before: in a dry run of a whole play
// they would have been.
func (p *plan) keep(name string) (*node, string, error) {
	dir, base := path.Split(path.Clean(name))
	at, err := p.existing(dir)
	if err != nil {
		return nil, "", err
	}
	n, _, parts := p.start(at)
	for _, part := range parts {
		child, err := p.child(n, part)
		if errors.Is(err, fs.ErrNotExist) {
			child, err = dirNode(newMode(true), n.stat.UID, n.stat.GID, n.stat.ModTime), nil
		}
		if err != nil {
			return nil, "", err
		}
		n.put(part, child)
		n = child
	}
	if !n.stat.Mode.IsDir() {
		return nil, "", &fs.PathError{Op: "open", Path: dir, Err: syscall.ENOTDIR}
	}
	return n, base, nil
}

// existing follows the links of a directory's path as far as there is something.
func (p *plan) existing(dir string) (string, error) {
	_, at, err := p.find(dir, true)
	if !errors.Is(err, fs.ErrNotExist) {
		return at, err
	}
	above, base := path.Split(path.Clean(dir))
	at, err = p.existing(above)
	return path.Join(at, base), err
}

func (n *node) put(name string, child *node) {
	if n.children == nil {
		n.children = map[string]*node{}
	}
	n.children[name] = child
}

// put plans a node at name.
func (p *plan) put(name string, n *node) error {
	dir, base, err := p.keep(name)
	if err != nil {
		return err
	}
	n.stat.Path = name
	dir.put(base, n)
	return nil
}

// change pins the node at name and lets edit change its stat.
func (p *plan) change(name string, edit func(*Stat)) error {
	dir, base, err := p.keep(name)
	if err != nil {
		return err
	}
	n, err := p.child(dir, base)
	if err != nil {
		return &fs.PathError{Op: "chmod", Path: name, Err: cause(err)}
	}
	edit(&n.stat)
	dir.put(base, n)
	return nil
}

func (p *plan) lstat(name string) (Stat, error) { return p.statOf(name, false) }

func (p *plan) statOf(name string, follow bool) (Stat, error) {
	n, _, err := p.find(name, follow)
	if err != nil {
		return Stat{}, err
	}
	st := n.stat
	st.Path = name
	return st, nil
}

// made reports whether name is there in the plan only.
func (p *plan) made(name string) bool {
	if p.empty() {
		return false
	}
	n, _, err := p.find(name, false)
	return err == nil && n.origin == ""
}

func (p *plan) open(name string) (io.ReadCloser, error) {
	n, _, err := p.find(name, true)
	if err != nil {
		return nil, err
	}
	if n.content != nil {
		return n.content()
	}
	if n.stat.Mode.IsDir() {
		return nil, &fs.PathError{Op: "read", Path: name, Err: syscall.EISDIR}
	}
	return p.real.Open(n.origin)
}

func (p *plan) readDir(name string) ([]Stat, error) {
	n, _, err := p.find(name, true)
	if err != nil {
		return nil, err
	}
	var list []Stat
	if n.origin != "" {
		if list, err = p.real.ReadDir(n.origin); err != nil {
			return nil, err
		}
	}
	var merged []Stat
	for _, st := range list {
		base := path.Base(st.Path)
		if _, planned := n.children[base]; !planned {
			st.Path = path.Join(name, base)
			merged = append(merged, st)
		}
	}
	for base, child := range n.children {
		if !child.removed {
			st := child.stat
			st.Path = path.Join(name, base)
			merged = append(merged, st)
		}
	}
	sort.Slice(merged, func(i, j int) bool { return merged[i].Path < merged[j].Path })
	return merged, nil
}

// fileNode is a planned file.
func fileNode(mode fs.FileMode, uid, gid int, size int64, now time.Time, content func() (io.ReadCloser, error)) *node {
	return &node{content: content, stat: Stat{
		Mode: mode, UID: uid, GID: gid, Size: size, Links: 1, ModTime: now, AccessTime: now, ChangeTime: now,
	}}
}

// dirNode is a planned directory.
func dirNode(mode fs.FileMode, uid, gid int, now time.Time) *node {
	n := fileNode(fs.ModeDir|mode&permissions, uid, gid, 0, now, nil)
	n.stat.Links = 2
	return n
}

// linkNode is a planned symbolic link.
func linkNode(target string, uid, gid int, now time.Time) *node {
	n := fileNode(fs.ModeSymlink|0o777, uid, gid, int64(len(target)), now, nil)
	n.stat.Target = target
	return n
}

func fromBytes(content []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }
}
