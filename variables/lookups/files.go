package lookups

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

func (q *Query) find(kind, name string) (string, error) {
	path, tried := q.From.Find(kind, name)
	if path == "" {
		return "", fmt.Errorf("could not locate file in lookup: %s; looked at %s", name, strings.Join(tried, ", "))
	}
	return path, nil
}

// file gives the content of files.
func file(q *Query) ([]values.Value, error) {
	if err := q.only("lstrip", "rstrip"); err != nil {
		return nil, err
	}
	return q.each(func(name string) (values.Value, error) {
		path, err := q.find("files", name)
		if err != nil {
			return values.Null, err
		}
		data, err := q.From.Read(path)
		if err != nil {
			return values.Null, err
		}
		text := values.Text(data)
		if q.flag("lstrip", false) {
			text = strings.TrimLeft(text, " \t\r\n\f\v")
		}
		if q.flag("rstrip", true) {
			text = strings.TrimRight(text, " \t\r\n\f\v")
		}
		return values.String(text).Inherit(data), nil
	})
}

// unvault gives the content of encrypted files as it is.
func unvault(q *Query) ([]values.Value, error) {
	if err := q.only(); err != nil {
		return nil, err
	}
	return q.each(func(name string) (values.Value, error) {
		path, err := q.find("files", name)
		if err != nil {
			return values.Null, err
		}
		return q.From.Read(path)
	})
}

// template renders template files.
func template(q *Query) ([]values.Value, error) {
	err := q.only("convert_data", "jinja2_native", "template_vars", "variable_start_string", "variable_end_string", "comment_start_string", "comment_end_string")
	if err != nil {
		return nil, err
	}
	o := TemplateOptions{
		Data: q.flag("convert_data", true), Native: q.flag("jinja2_native", false),
		VariableStart: q.text("variable_start_string", ""), VariableEnd: q.text("variable_end_string", ""),
		CommentStart: q.text("comment_start_string", ""), CommentEnd: q.text("comment_end_string", ""),
	}
	if v, ok := q.Options.Get("template_vars"); ok {
		o.Vars, _ = v.AsMap()
	}
	return q.each(func(name string) (values.Value, error) {
		path, _ := q.From.Find("templates", name)
		if path == "" {
			return values.Null, fmt.Errorf("the template file %s could not be found for the lookup", name)
		}
		return q.From.Template(path, o)
	})
}

// fileglob gives the paths of the files that match, sorted.
func fileglob(q *Query) ([]values.Value, error) {
	if err := q.only(); err != nil {
		return nil, err
	}
	var out []values.Value
	for _, term := range q.Terms {
		for _, pattern := range q.globs(values.Text(term)) {
			paths, err := filepath.Glob(pattern)
			if err != nil {
				return nil, fmt.Errorf("pattern %q: %w", values.Text(term), err)
			}
			if paths = slices.DeleteFunc(paths, isNoFile); len(paths) > 0 {
				out = append(out, values.Strings(paths...).Items()...)
				break
			}
		}
	}
	return out, nil
}

// globs are the patterns to try for a term, in order.
func (q *Query) globs(term string) []string {
	dir, base := filepath.Split(term)
	if dir != "" {
		if found, _ := q.From.Find("files", strings.TrimSuffix(dir, "/")); found != "" {
			return []string{filepath.Join(found, base)}
		}
		if filepath.IsAbs(dir) {
			return []string{term}
		}
		return nil
	}
	var list []string
	for _, dir := range q.From.Dirs() {
		list = append(list, filepath.Join(dir, "files", base), filepath.Join(dir, base))
	}
	return list
}

func isNoFile(path string) bool {
	info, err := os.Stat(path)
	return err != nil || !info.Mode().IsRegular()
}

// firstFound gives the first of several files that exists.
func firstFound(q *Query) ([]values.Value, error) {
	if err := q.only("files", "paths", "skip"); err != nil {
		return nil, err
	}
	skip := q.flag("skip", false)
	names, skipHere, err := searchNames(q.Terms)
	if err != nil {
		return nil, err
	}
	kind := q.Kind
	if kind == "" {
		kind = "files"
	}
	for _, name := range names {
		if path, _ := q.From.Find(kind, name); path != "" {
			return []values.Value{values.String(path)}, nil
		}
	}
	if skip || skipHere {
		return []values.Value{}, nil
	}
	//lint:ignore ST1005 scripts look for this sentence
	return nil, fmt.Errorf("No file was found when using first_found.")
}

// searchNames reads the terms of first_found: names, lists of them, and maps of files and paths.
func searchNames(terms []values.Value) (names []string, skip bool, err error) {
	for _, term := range terms {
		switch term.Kind() {
		case values.KindMap:
			more, s, err := searchMap(term)
			if err != nil {
				return nil, false, err
			}
			names, skip = append(names, more...), s
		case values.KindList:
			more, s, err := searchNames(term.Items())
			if err != nil {
				return nil, false, err
			}
			names, skip = append(names, more...), skip || s
		case values.KindString:
			names = append(names, values.Text(term))
		default:
			return nil, false, fmt.Errorf("first_found takes names of files, or maps with files and paths, not %s", values.Repr(term))
		}
	}
	return names, skip, nil
}

func searchMap(term values.Value) (names []string, skip bool, err error) {
	m, _ := term.AsMap()
	q := Query{Name: "first_found", Options: m}
	if err := q.only("files", "paths", "skip"); err != nil {
		return nil, false, err
	}
	files, _ := term.Get("files")
	paths, _ := term.Get("paths")
	fileList, pathList := splitNames(files, ",;"), splitNames(paths, ",:;")
	if len(pathList) == 0 {
		return fileList, q.flag("skip", false), nil
	}
	for _, path := range pathList {
		for _, name := range fileList {
			if !filepath.IsAbs(name) {
				name = filepath.Join(path, name)
			}
			names = append(names, name)
		}
	}
	return names, q.flag("skip", false), nil
}

// splitNames splits each text at the separators.
func splitNames(v values.Value, separators string) []string {
	if v.IsNull() {
		return nil
	}
	list := v.Items()
	if v.Kind() != values.KindList {
		list = []values.Value{v}
	}
	var names []string
	for _, item := range list {
		names = append(names, strings.FieldsFunc(values.Text(item), func(r rune) bool { return strings.ContainsRune(separators, r) })...)
	}
	return names
}
