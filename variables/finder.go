package variables

// Finder finds files on the controller by Ansible's search path.
type Finder struct {
	// RolePaths are the directories of the task's role and of those it was included
	// from, nearest first.
	RolePaths []string
	// TaskDir is the directory of the file that the task stands in.
	TaskDir string
	// PlaybookDir is the directory of the play's file.
	PlaybookDir string
}

// Find gives the path of name, and every path that was tried. kind is the directory of a
// role where it is looked for: files, templates, vars, tasks. An empty path means that
// it is nowhere.
func (f Finder) Find(kind, name string) (path string, tried []string) { return "", nil }

// Finder gives the search path of the scope's task.
func (sc *Scope) Finder() Finder { return Finder{PlaybookDir: sc.store.options.PlaybookDir} }
