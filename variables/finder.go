package variables

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Finder finds files on the controller by Ansible's search path.
type Finder struct {
	// RolePaths are the directories of the task's role and of those around it, nearest first.
	RolePaths []string
	// TaskDir is the directory of the file that the task stands in; empty where unknown.
	TaskDir string
	// PlaybookDir is the directory of the play's file.
	PlaybookDir string
}

// Finder gives the search path of the scope's task.
func (sc *Scope) Finder() Finder {
	f := Finder{PlaybookDir: sc.store.options.PlaybookDir}
	if p := sc.c.Play; p != nil && p.File != "" {
		f.PlaybookDir = absolute(filepath.Dir(p.File))
	}
	if role := sc.c.role(); role != nil {
		f.addRole(role.Path)
	}
	for _, use := range roleUses(sc.c) {
		f.addRole(use.Role.Path)
	}
	if t := sc.c.Task; t != nil && t.Pos.File != "" {
		f.TaskDir = absolute(filepath.Dir(t.Pos.File))
	}
	return f
}

func (f *Finder) addRole(path string) {
	path = absolute(path)
	if path != "" && !slices.Contains(f.RolePaths, path) {
		f.RolePaths = append(f.RolePaths, path)
	}
}

// dirs are the directories of the search path, as ansible_search_path has them.
func (f Finder) dirs() []string {
	dirs := slices.Clone(f.RolePaths)
	for _, dir := range []string{f.TaskDir, f.PlaybookDir} {
		if dir != "" && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// Find gives the path of name, and every path that was tried. kind is the directory of
// a role or playbook where such files are kept: files, templates, vars, tasks. An empty
// path means that it is nowhere.
func (f Finder) Find(kind, name string) (path string, tried []string) {
	tried = f.candidates(kind, name)
	for _, path := range tried {
		if _, err := os.Stat(path); err == nil {
			return path, tried
		}
	}
	return "", tried
}

func (f Finder) candidates(kind, name string) []string {
	name = expandHome(name)
	if filepath.IsAbs(name) {
		return []string{filepath.Clean(name)}
	}
	if kind == "tasks" || kind == "handlers" {
		return f.taskFiles(kind, name)
	}
	var list []string
	for _, dir := range f.dirs() {
		list = append(list, filepath.Join(dir, kind, name), filepath.Join(dir, name))
	}
	return list
}

// taskFiles are where include_tasks looks: in the role's tasks, beside the file that
// includes, in the playbook's directory.
func (f Finder) taskFiles(kind, name string) []string {
	var list []string
	if len(f.RolePaths) > 0 {
		list = append(list, filepath.Join(f.RolePaths[0], kind, name), filepath.Join(f.RolePaths[0], name))
	}
	if f.TaskDir != "" {
		list = append(list, filepath.Join(f.TaskDir, name))
	}
	return append(list, filepath.Join(f.PlaybookDir, name))
}

func expandHome(name string) string {
	rest, ok := strings.CutPrefix(name, "~")
	if !ok || rest != "" && rest[0] != '/' {
		return name
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return name
	}
	return home + rest
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil && path != "" {
		return abs
	}
	return path
}
