package variables

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// VarsSource says what include_vars reads, under its parameters' names.
type VarsSource struct {
	// File is one file; Dir is a directory of which all files count.
	File, Dir string
	// Name puts all into one variable of that name.
	Name string
	// Depth is how many levels of Dir are read; 0 means all.
	Depth int
	// FilesMatching, where set, is a regular expression for the names of files in Dir.
	FilesMatching string
	// IgnoreFiles are regular expressions for names that are left out.
	IgnoreFiles []string
	// Extensions of files in Dir; yaml, yml and json where nil. Others are an error
	// unless IgnoreUnknownExtensions is set.
	Extensions              []string
	IgnoreUnknownExtensions bool
	// Merge merges maps of the same name, also with those that the host has; the run's
	// setting where nil.
	Merge *bool
}

// ReadVars reads what include_vars names and gives the variables, and the files in the
// order in which they were read. The values are as written, templates and all.
func (sc *Scope) ReadVars(src VarsSource) (vars *values.Map, files []string, err error) {
	if (src.File == "") == (src.Dir == "") {
		return nil, nil, errors.New("include_vars needs either file or dir")
	}
	if src.Dir != "" {
		files, err = sc.varsIn(src)
	} else {
		files, err = sc.varsFileNamed(src.File)
	}
	if err != nil {
		return nil, nil, err
	}
	merge := sc.store.options.MergeHashes
	if src.Merge != nil {
		merge = *src.Merge
	}
	vars = values.NewMap(0)
	for i, file := range files {
		m, err := sc.store.LoadVars(file)
		if err != nil {
			return nil, files[:i], err
		}
		vars = combine(vars, m, merge)
	}
	if src.Name != "" {
		named := values.NewMap(1)
		named.Set(src.Name, values.FromMap(vars))
		vars = named
	}
	if merge && !sc.store.options.MergeHashes {
		vars, err = sc.ontoExisting(vars)
	}
	return vars, files, err
}

// ontoExisting merges each variable with what the host has under its name, which must be
// mappings both, as Ansible wants them.
func (sc *Scope) ontoExisting(vars *values.Map) (*values.Map, error) {
	out := values.NewMap(vars.Len())
	for key, v := range vars.All() {
		old, _, err := sc.raw(values.Text(key))
		if err != nil {
			return nil, err
		}
		if old.Kind() != values.KindMap || v.Kind() != values.KindMap {
			return nil, fmt.Errorf("failed to combine variables, expected dicts but got %s and %s: hash_behaviour: merge is for a variable that is there already, and %s is none such",
				old.Kind().Phrase(), v.Kind().Phrase(), values.Text(key))
		}
		out.SetKey(key, combineValues(old, v))
	}
	return out, nil
}

func (sc *Scope) varsFileNamed(name string) ([]string, error) {
	path, tried := sc.Finder().Find("vars", name)
	if path == "" {
		//lint:ignore ST1005 as Ansible says it
		return nil, fmt.Errorf("Could not find or access '%s'\nSearched in:\n\t%s on the Ansible Controller.\nIf you are using a module and expect the file to exist on the remote, see the remote_src option", name, strings.Join(tried, "\n\t"))
	}
	return []string{path}, nil
}

// varsIn lists the files of a directory, each directory's own before those below it.
func (sc *Scope) varsIn(src VarsSource) ([]string, error) {
	root := sc.varsDir(expandHome(src.Dir))
	info, err := os.Stat(root)
	if err != nil {
		return nil, fmt.Errorf("%s directory does not exist", root)
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is not a directory", root)
	}
	keep, err := src.filter(root, sc.c.role() != nil && root == sc.c.role().Path+"/vars")
	if err != nil {
		return nil, err
	}
	return walkVars(root, 1, src.Depth, keep)
}

// varsDir is where a relative dir stands: in the role's vars, else beside the task.
func (sc *Scope) varsDir(dir string) string {
	if filepath.IsAbs(dir) {
		return filepath.Clean(dir)
	}
	role := sc.c.role()
	if role == nil {
		f := sc.Finder()
		if f.TaskDir != "" {
			return filepath.Join(f.TaskDir, dir)
		}
		return filepath.Join(f.PlaybookDir, dir)
	}
	if first, _, _ := strings.Cut(dir, "/"); first == "vars" {
		if inRole := filepath.Join(role.Path, dir); exists(inRole) {
			return inRole
		}
	}
	return filepath.Join(role.Path, "vars", dir)
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

// filter decides about one file: keep it, leave it out, or refuse it.
func (src VarsSource) filter(root string, roleVars bool) (func(path string) (bool, error), error) {
	var matching *regexp.Regexp
	var ignored []*regexp.Regexp
	var err error
	if src.FilesMatching != "" {
		if matching, err = regexp.Compile(src.FilesMatching); err != nil {
			return nil, fmt.Errorf("files_matching: %w", err)
		}
	}
	for _, text := range src.IgnoreFiles {
		re, err := regexp.Compile(text + "$")
		if err != nil {
			return nil, fmt.Errorf("ignore_files: %w", err)
		}
		ignored = append(ignored, re)
	}
	extensions := src.Extensions
	if extensions == nil {
		extensions = []string{"yaml", "yml", "json"}
	}
	return func(path string) (bool, error) {
		name := filepath.Base(path)
		ext := strings.TrimPrefix(filepath.Ext(name), ".")
		switch {
		case roleVars && filepath.Dir(path) == root && strings.TrimSuffix(name, filepath.Ext(name)) == "main":
			return false, nil // the role has it already
		case matching != nil && !matching.MatchString(name):
			return false, nil
		case slices.ContainsFunc(ignored, func(re *regexp.Regexp) bool { return re.MatchString(name) }):
			return false, nil
		case slices.Contains(extensions, ext):
			return true, nil
		case src.IgnoreUnknownExtensions:
			return false, nil
		}
		return false, fmt.Errorf("%s does not have a valid extension: %s", path, strings.Join(extensions, ", "))
	}, nil
}

func walkVars(dir string, level, depth int, keep func(string) (bool, error)) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", dir, err)
	}
	var files []string
	var below []string
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if isDir(path, e) {
			below = append(below, path)
			continue
		}
		ok, err := keep(path)
		if err != nil {
			return nil, err
		}
		if ok {
			files = append(files, path)
		}
	}
	if depth > 0 && level >= depth {
		return files, nil
	}
	for _, path := range below {
		more, err := walkVars(path, level+1, depth, keep)
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	return files, nil
}

// isDir follows links to directories, but not in circles: a link is followed only where
// it leads out of its own parents.
func isDir(path string, e fs.DirEntry) bool {
	if e.Type()&fs.ModeSymlink == 0 {
		return e.IsDir()
	}
	target, err := filepath.EvalSymlinks(path)
	if err != nil || strings.HasPrefix(path+"/", target+"/") {
		return false
	}
	info, err := os.Stat(target)
	return err == nil && info.IsDir()
}
