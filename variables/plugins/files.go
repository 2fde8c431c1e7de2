package plugins

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// search lists the plugins of directories. Of files with one name the first counts, as Ansible
// has it.
func search(kind string, dirs []string) *found {
	f := &found{kind: kind, hidden: map[string]string{}}
	first := map[string]string{}
	for _, dir := range dirs {
		for _, file := range pythonFiles(dir) {
			name := baseName(file)
			switch before := first[name]; before {
			case "":
			case file:
				continue // the directory is named twice
			default:
				f.hidden[file] = before
				continue
			}
			first[name] = file
			f.files = append(f.files, file)
		}
	}
	return f
}

// pythonFiles lists the Python files of a directory by name; a directory that is not there has
// none. What lies in directories below does not count, as in Ansible.
func pythonFiles(dir string) []string {
	entries, _ := os.ReadDir(dir)
	var files []string
	for _, e := range entries {
		if name := e.Name(); filepath.Ext(name) == ".py" && name != "__init__.py" && !strings.HasPrefix(name, ".") && !e.IsDir() {
			files = append(files, absolute(filepath.Join(dir, name)))
		}
	}
	return files
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// baseName is a file's name without its ending.
func baseName(file string) string { return strings.TrimSuffix(filepath.Base(file), ".py") }

// readWhole gives what is in a file; nothing where it cannot be read, which Python will tell.
func readWhole(file string) []byte {
	data, _ := os.ReadFile(file)
	return data
}

// mentions reports whether a file has name in it, as a word.
func mentions(file, name string) bool {
	return slices.Contains(words.FindAllString(string(readWhole(file)), -1), name)
}

var words = regexp.MustCompile(`\w+`)
