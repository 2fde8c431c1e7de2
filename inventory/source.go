package inventory

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// loader reads sources into a graph and collects what is wrong with them.
type loader struct {
	ctx   context.Context
	opts  Options
	graph *graph
	files *files
	errs  []error
	// bases gives the directories whose group_vars count, those of the current source too.
	bases func() []string
	// parsed counts the sources that could be read.
	parsed int
}

// each reads one -i. One that cannot be read is told of where the inventory may do without.
func (l *loader) each(source string) {
	wrong := len(l.errs)
	l.source(source)
	if l.opts.Unreadable != nil && len(l.errs) > wrong {
		l.opts.Unreadable(source, errors.Join(l.errs[wrong:]...))
		l.errs = l.errs[:wrong]
	}
}

// source reads one -i: a list of hosts, a directory, or a file.
func (l *loader) source(source string) {
	if isHostList(source) {
		l.hostList(source)
		return
	}
	info, err := os.Stat(source)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.errs = append(l.errs, fmt.Errorf("inventory %q: no such file or directory (a list of hosts needs a comma: %q)", source, source+","))
	case err != nil:
		l.errs = append(l.errs, fmt.Errorf("inventory %q: %w", source, errors.Unwrap(err)))
	case info.IsDir():
		if l.directory(source) == 0 && l.iniFiles(source) == 0 {
			l.errs = append(l.errs, fmt.Errorf("inventory %q: the directory holds no inventory file", source))
		}
	default:
		l.file(source, info)
	}
}

// isHostList tells "a,b" and "a," from files: it has a comma and there is no such file.
func isHostList(source string) bool {
	if !strings.Contains(source, ",") {
		return false
	}
	_, err := os.Stat(source)
	return err != nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (l *loader) hostList(source string) {
	if !l.reads("host_list", "advanced_host_list") {
		l.errs = append(l.errs, l.notEnabled(source, "host_list"))
		return
	}
	l.parsed++
	for name := range strings.SplitSeq(source, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		host, port, ok := splitPort(name)
		if !ok || strings.Contains(host, "[") {
			host, port = name, 0
		}
		names := []string{host}
		if l.expandsLists() {
			var err error
			if names, port, err = expandHosts(name); err != nil {
				l.errs = append(l.errs, fmt.Errorf("inventory %q: %w", source, err))
				continue
			}
		}
		for _, one := range names {
			l.graph.join(l.graph.ungrouped, l.graph.addHost(one, port, source))
		}
	}
}

// directory reads every file of a directory, in the order of their names, and gives how many.
func (l *loader) directory(dir string) int {
	entries, err := os.ReadDir(dir)
	if err != nil {
		l.errs = append(l.errs, fmt.Errorf("inventory %q: %w", dir, errors.Unwrap(err)))
		return 1
	}
	read := 0
	for _, entry := range entries {
		if l.isIgnored(entry.Name()) {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		info, err := os.Stat(path)
		switch {
		case err != nil:
			l.errs = append(l.errs, fmt.Errorf("inventory %q: %w", path, errors.Unwrap(err)))
		case info.IsDir():
			read += l.directory(path)
		default:
			l.file(path, info)
			read++
		}
	}
	return read
}

// iniFiles reads the .ini files of a directory that holds nothing else, and gives how many. Ansible passes them over in directories, because they may be the
// settings of scripts; where nothing else is there, they must be what is meant.
func (l *loader) iniFiles(dir string) int {
	if l.opts.Ignored != nil {
		return 0
	}
	entries, _ := os.ReadDir(dir) // it could be read a moment ago
	read := 0
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		info, err := os.Stat(path)
		if err == nil && info.Mode().IsRegular() && filepath.Ext(path) == ".ini" && !strings.HasPrefix(entry.Name(), ".") {
			l.file(path, info)
			read++
		}
	}
	return read
}

// IgnoredEndings are what Ansible passes over in inventory directories.
var IgnoredEndings = []string{".pyc", ".pyo", ".swp", ".bak", "~", ".rpm", ".md", ".txt", ".rst", ".orig", ".ini", ".cfg", ".retry"}

func (l *loader) isIgnored(name string) bool {
	if strings.HasPrefix(name, ".") || name == "group_vars" || name == "host_vars" || name == "vars_plugins" {
		return true
	}
	if l.opts.Ignored != nil {
		return l.opts.Ignored(name)
	}
	return slices.ContainsFunc(IgnoredEndings, func(end string) bool { return strings.HasSuffix(name, end) })
}

// file reads one file: a script where it is executable, else by its extension.
func (l *loader) file(path string, info fs.FileInfo) {
	src, err := l.files.read(path)
	if err != nil {
		l.errs = append(l.errs, err)
		return
	}
	doc, err := l.document(path, info, src)
	if err != nil {
		l.errs = append(l.errs, err)
		return
	}
	for _, w := range doc.warnings {
		l.files.warn(w)
	}
	if doc.plugin != nil {
		if name := pluginOf(doc); !l.reads("auto", name) {
			l.errs = append(l.errs, l.notEnabled(path, name))
			return
		}
		wrong := len(l.errs)
		if l.plugin(doc); len(l.errs) == wrong {
			l.parsed++
		}
		return
	}
	if formatOf(path) == "yaml" && !l.reads("yaml") && !doc.script {
		l.errs = append(l.errs, l.notEnabled(path, "yaml"))
		return
	}
	if l.opts.Unreadable != nil && len(doc.errs) > 0 { // nothing of it is taken
		l.errs = append(l.errs, doc.errs...)
		return
	}
	if err := doc.build(l.graph); err != nil {
		l.errs = append(l.errs, err)
		return
	}
	l.parsed++
}

func (l *loader) document(path string, info fs.FileInfo, src []byte) (*document, error) {
	script := bytes.HasPrefix(src, []byte("#!"))
	if info.Mode()&0o111 != 0 && (script || bytes.HasPrefix(src, []byte("\x7fELF"))) && l.reads("script") {
		return readScript(l.ctx, path)
	}
	format := formatOf(path)
	switch {
	case format == "" && l.reads("yaml") && l.reads("ini"):
		return readUnnamed(src, path, script)
	case format == "" && l.reads("yaml"):
		format = "yaml"
	case format == "":
		format = "ini"
	}
	if !l.reads(format) && !(format == "yaml" && l.reads("auto", "constructed", "generator")) {
		return nil, l.notEnabled(path, format)
	}
	if filepath.Ext(path) == ".json" {
		format = "json"
	}
	return decode(format, src, path, sourceFormats)
}

// readUnnamed reads a file whose name does not tell its format: YAML where it is a
// mapping, else INI.
func readUnnamed(src []byte, path string, script bool) (*document, error) {
	tree, err := decode("yaml", src, path, sourceFormats)
	if err != nil || len(tree.errs) == 0 {
		return tree, err
	}
	ini, err := decode("ini", src, path, sourceFormats)
	if err != nil || len(ini.errs) == 0 {
		return ini, err
	}
	if script {
		return nil, fmt.Errorf("%s:1:1: this starts as a script does, but is not executable: chmod +x it", path)
	}
	if looksLikeTree(src) {
		return tree, nil
	}
	return ini, nil
}

// looksLikeTree guesses the meant format from the first line that says something.
func looksLikeTree(src []byte) bool {
	for line := range strings.Lines(string(src)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		return strings.HasPrefix(line, "---") || strings.HasPrefix(line, "{") || strings.HasSuffix(line, ":")
	}
	return false
}
