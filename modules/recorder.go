package modules

import (
	"errors"
	"io"
	"path"
	"slices"
	"strings"
)

// ErrWouldRun is what Exec gives in check mode: the program did not run, and what it
// would have done is not known. A module hands it up.
var ErrWouldRun = errors.New("would run a program, which a dry run cannot foresee")

// Recorder is a System that notes each change it passes on. With check set it passes
// none on: later reads see the files as they would be.
type Recorder struct {
	System
	changes []Change
	check   bool
	leftOut bool // a dry run came to something that is no change
	diff    bool
	secrets []string
	// warnings tell what a dry run took for granted.
	warnings []string
	plan     *plan
	scratch  []string
}

// NewRecorder wraps sys. With check nothing is changed; with diff, small text files
// are recorded with their contents, unless one of the secrets is in them.
func NewRecorder(sys System, check, diff bool, secrets []string) *Recorder {
	return &Recorder{System: sys, check: check, diff: diff, secrets: secrets, plan: newPlan(sys)}
}

// Changes are the changes so far, in order.
func (r *Recorder) Changes() []Change { return r.changes }

// Flags gives the flags of a file as chattr knows them, and its version.
func (r *Recorder) Flags(name string) (flags, version uint32, err error) {
	if f, ok := r.System.(Flags); ok {
		return f.Flags(name)
	}
	return 0, 0, errors.ErrUnsupported
}

// Getenv gives a variable of the environment in which programs run.
func (r *Recorder) Getenv(name string) (string, bool) {
	if env, ok := r.System.(Environ); ok {
		return env.Getenv(name)
	}
	return "", false
}

func (r *Recorder) record(c Change) {
	c.Path = r.masked(c.Path)
	c.Before, c.After = r.masked(c.Before), r.masked(c.After)
	r.changes = append(r.changes, c)
}

func (r *Recorder) warn(text string) {
	if text = r.masked(text); !slices.Contains(r.warnings, text) {
		r.warnings = append(r.warnings, text)
	}
}

// masked blots out secrets.
func (r *Recorder) masked(text string) string {
	for _, s := range r.secrets {
		if len(s) >= 4 || text == s {
			text = strings.ReplaceAll(text, s, "********")
		}
	}
	return text
}

// Lstat describes path itself.
func (r *Recorder) Lstat(path string) (Stat, error) {
	if r.plan.empty() || r.isScratch(path) {
		return r.System.Lstat(path)
	}
	return r.plan.lstat(path)
}

// Stat describes what path points to.
func (r *Recorder) Stat(path string) (Stat, error) {
	if r.plan.empty() || r.isScratch(path) {
		return r.System.Stat(path)
	}
	return r.plan.statOf(path, true)
}

// Open reads a file.
func (r *Recorder) Open(path string) (io.ReadCloser, error) {
	if r.plan.empty() || r.isScratch(path) {
		return r.System.Open(path)
	}
	return r.plan.open(path)
}

// ReadDir lists a directory.
func (r *Recorder) ReadDir(path string) ([]Stat, error) {
	if r.plan.empty() || r.isScratch(path) {
		return r.System.ReadDir(path)
	}
	return r.plan.readDir(path)
}

// TempDir makes a directory that is not recorded, and neither is what happens in it.
func (r *Recorder) TempDir() (string, error) {
	dir, err := r.System.TempDir()
	if err == nil {
		r.scratch = append(r.scratch, dir)
	}
	return dir, err
}

// WriteTemp puts content into a file that is not recorded.
func (r *Recorder) WriteTemp(name string, content []byte) (string, error) {
	file, err := r.System.WriteTemp(name, content)
	if err == nil {
		r.scratch = append(r.scratch, path.Dir(file))
	}
	return file, err
}

// isScratch reports whether a path lies in a temporary directory of this call.
func (r *Recorder) isScratch(name string) bool {
	for _, dir := range r.scratch {
		if name == dir || strings.HasPrefix(path.Clean(name), dir+"/") {
			return true
		}
	}
	return false
}

// HoldLock takes a lock; a dry run takes none, so that it holds nobody up.
func (r *Recorder) HoldLock(name string, content []byte) (bool, []byte, error) {
	if r.check {
		return true, content, nil
	}
	return r.System.HoldLock(name, content)
}

// ReleaseLock lets go of a lock.
func (r *Recorder) ReleaseLock(name string) error {
	if r.check {
		return nil
	}
	return r.System.ReleaseLock(name)
}
