// Package plugins runs filters, tests and lookups of the user's own, which are written in
// Python, as Ansible has them: filter_plugins/, test_plugins/ and lookup_plugins/ beside
// playbooks and in roles, and plugins/ of collections.
//
// One Python process serves a run. It is started when the names that plugins define must be
// known, or a lookup is used, and runs as the user that runs gdeploy: plugins are code of the
// project, as playbooks are.
package plugins

import (
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// The kinds of plugins, as the process names them too.
const (
	filterKind = "filter"
	testKind   = "test"
	lookupKind = "lookup"
)

// Options say where plugins are and what runs them.
type Options struct {
	// Python is the program that runs them: a name in PATH, or a path.
	Python string
	// Timeout is how long one call may take.
	Timeout time.Duration
	// Filters, Tests and Lookups are directories beside those of playbooks and roles.
	Filters, Tests, Lookups []string
	// Collections are directories of ansible_collections.
	Collections []string
	// PlaybookDir is where lookups start to look for files.
	PlaybookDir string
	// Verbosity is what plugins see of -v; from 3 on, the traces of their errors are printed.
	Verbosity int
	// Print is given each line that plugins print; nil drops it.
	Print func(line string)
	// Warn tells the operator something that is no error; nil drops it.
	Warn func(msg string)
	// Told is told of every plugin file; nil where nobody wants that.
	Told func(path string, content []byte)
	// Setting reads a key of ansible.cfg; nil where there is none.
	Setting func(section, key string) (string, bool)
}

// Set holds the plugins of a run. It is safe for concurrent use.
type Set struct {
	options Options
	python  *python

	mu     sync.Mutex
	places []string          // directories of playbooks and roles, in the order in which they came
	found  map[string]*found // by kind, and by kind and directory for those of collections
	warned map[string]bool   // files that could not be loaded
	told   map[string]bool   // files that Told knows
}

// New makes a Set; nothing is read or started yet.
func New(o Options) *Set {
	return &Set{options: o, python: newPython(o), found: map[string]*found{}, warned: map[string]bool{}, told: map[string]bool{}}
}

// Close ends the process, where one was started.
func (s *Set) Close() { s.python.stop("the run is over") }

// Add makes the plugins in the directories of a playbook or a role known. It reports whether
// there are any that were not known before.
func (s *Set) Add(dir string) bool {
	dir = absolute(dir)
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.Contains(s.places, dir) {
		return false
	}
	s.places = append(s.places, dir)
	grew := false
	for _, kind := range []string{filterKind, testKind, lookupKind} {
		if len(pythonFiles(filepath.Join(dir, kind+"_plugins"))) > 0 {
			delete(s.found, kind)
			grew = true
		}
	}
	return grew
}

// Check gives an error where there are filters or tests of the user's own, and no Python: which
// names they define is not known then.
func (s *Set) Check() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kind := range []string{filterKind, testKind} {
		if files := s.of(kind).files; len(files) > 0 {
			return s.needPython(kind, files[0])
		}
	}
	return nil
}

// needPython gives an error where there is no Python for the plugin in file.
func (s *Set) needPython(kind, file string) error {
	if _, err := exec.LookPath(s.options.Python); err == nil {
		return nil
	}
	return fmt.Errorf("the %s plugin %s needs Python on the controller, and there is no %s: install python3, or name one in the setting plugins_python (GDEPLOY_PLUGINS_PYTHON), or take the plugin away",
		kind, file, s.options.Python)
}

// found is what lies in the directories of a kind.
type found struct {
	kind string
	// files are those with plugins, in the order in which they count.
	files []string
	// hidden are files that do not count because one of the same name came first.
	hidden map[string]string
	// names tells the file of each filter or test; nil before Python was asked.
	names map[string]string
	// bad tells why a file has none.
	bad map[string]string
}

// of gives what was found of a kind beside playbooks, in roles and by the settings.
func (s *Set) of(kind string) *found {
	if f := s.found[kind]; f != nil {
		return f
	}
	var dirs []string
	for _, place := range s.places {
		dirs = append(dirs, filepath.Join(place, kind+"_plugins"))
	}
	dirs = append(dirs, map[string][]string{filterKind: s.options.Filters, testKind: s.options.Tests, lookupKind: s.options.Lookups}[kind]...)
	f := search(kind, dirs)
	s.found[kind] = f
	s.tell(f.files)
	return f
}

// ofCollection gives the plugins for a full name, and the name that they have there.
func (s *Set) ofCollection(kind, full string) (*found, string) {
	parts := strings.Split(full, ".")
	if len(parts) < 3 || full != filepath.Base(full) {
		return nil, ""
	}
	inside := filepath.Join(append([]string{"ansible_collections", parts[0], parts[1], "plugins", kind}, parts[2:len(parts)-1]...)...)
	roots := slices.Clone(s.options.Collections)
	for i, place := range s.places {
		roots = slices.Insert(roots, i, filepath.Join(place, "collections"))
	}
	for _, root := range roots {
		dir := filepath.Join(root, inside)
		if f := s.found[dir]; f != nil {
			return f, parts[len(parts)-1]
		}
		if files := pythonFiles(dir); len(files) > 0 {
			f := &found{kind: kind, files: files}
			s.found[dir] = f
			s.tell(files)
			return f, parts[len(parts)-1]
		}
	}
	return nil, ""
}

// lookFor gives the file that defines a filter or test; empty where there is none.
func (s *Set) lookFor(kind, name string) (file, short string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, short := s.of(kind), strings.TrimPrefix(name, "ansible.legacy.")
	if strings.Contains(short, ".") {
		f, short = s.ofCollection(kind, name)
	}
	if f == nil || len(f.files) == 0 {
		return "", "", nil
	}
	if err := s.ask(f); err != nil {
		return "", "", err
	}
	return f.names[short], short, nil
}

// lookupFile gives the file of a lookup: it is named as the lookup is.
func (s *Set) lookupFile(name string) (file, short string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, short := s.of(lookupKind), strings.TrimPrefix(name, "ansible.legacy.")
	if strings.Contains(short, ".") {
		f, short = s.ofCollection(lookupKind, name)
	}
	if f != nil {
		for _, file := range f.files {
			if baseName(file) == short {
				return file, short
			}
		}
	}
	return "", short
}

// Names are the short names of a kind, filter or test, for suggestions.
func (s *Set) Names(kind string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.of(kind).names))
}

// Why says what may have kept a filter or test from being found; often nothing.
func (s *Set) Why(kind, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.of(kind)
	for _, file := range slices.Sorted(maps.Keys(f.bad)) {
		if mentions(file, name) {
			return "the plugin " + file + " is not used: " + f.bad[file]
		}
	}
	for _, file := range slices.Sorted(maps.Keys(f.hidden)) {
		if mentions(file, name) {
			return "the plugin " + file + " is not used, because " + f.hidden[file] + " has the same name and comes first, as in Ansible: rename one of them"
		}
	}
	return ""
}

// UsesLookup gives an error where text has the name of a lookup of the user's own in quotes and
// there is no Python for it.
func (s *Set) UsesLookup(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, file := range s.of(lookupKind).files {
		name := baseName(file)
		if strings.Contains(text, "'"+name+"'") || strings.Contains(text, `"`+name+`"`) {
			return s.needPython(lookupKind, file)
		}
	}
	return nil
}

// tell tells of plugin files that were not told of before.
func (s *Set) tell(files []string) {
	if s.options.Told == nil {
		return
	}
	for _, file := range files {
		if !s.told[file] {
			s.told[file] = true
			s.options.Told(file, readWhole(file))
		}
	}
}

func (s *Set) warn(format string, args ...any) {
	if s.options.Warn != nil {
		s.options.Warn(fmt.Sprintf(format, args...))
	}
}
