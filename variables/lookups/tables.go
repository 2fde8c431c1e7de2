package lookups

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// csvfile gives a column of the row whose first column is the term.
func csvfile(q *Query) ([]values.Value, error) {
	if err := q.only("file", "delimiter", "col", "default", "keycol", "encoding"); err != nil {
		return nil, err
	}
	var out []values.Value
	for _, term := range q.Terms {
		key, pairs := keyValues(values.Text(term))
		get := func(name, def string) string {
			if text, ok := pairs[name]; ok {
				return text
			}
			return q.text(name, def)
		}
		if key == "" {
			return nil, errors.New("csvfile: Search key is required but was not found")
		}
		v, err := q.csvCell(key, get)
		if err != nil {
			return nil, fmt.Errorf("csvfile: %w", err)
		}
		out = append(out, v)
	}
	return flatten(out), nil
}

func (q *Query) csvCell(key string, get func(name, def string) string) (values.Value, error) {
	path, err := q.find("files", get("file", "ansible.csv"))
	if err != nil {
		return values.Null, err
	}
	data, err := q.From.Read(path)
	if err != nil {
		return values.Null, err
	}
	column, err := strconv.Atoi(get("col", "1"))
	if err != nil {
		return values.Null, fmt.Errorf("col is a number counted from 0: %w", err)
	}
	keyColumn, err := strconv.Atoi(get("keycol", "0"))
	if err != nil {
		return values.Null, fmt.Errorf("keycol is a number counted from 0: %w", err)
	}
	r := csv.NewReader(strings.NewReader(values.Text(data)))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	r.Comma = '\t'
	if d := get("delimiter", "TAB"); d != "TAB" && d != "\t" {
		r.Comma = []rune(d)[0]
	}
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return q.csvDefault(get), nil
		}
		if err != nil {
			return values.Null, err
		}
		if keyColumn < len(row) && row[keyColumn] == key {
			if column < 0 || column >= len(row) {
				return values.Null, fmt.Errorf("%s has no column %d in the row %q", path, column, key)
			}
			return values.String(row[column]), nil
		}
	}
}

func (q *Query) csvDefault(get func(name, def string) string) values.Value {
	if v, ok := q.Options.Get("default"); ok {
		return v
	}
	if text := get("default", ""); text != "" {
		return values.String(text)
	}
	return values.FromSlice(nil)
}

// ini gives the value of a key of an INI or properties file.
func ini(q *Query) ([]values.Value, error) {
	if err := q.only("type", "file", "section", "re", "default", "encoding", "case_sensitive", "allow_no_value"); err != nil {
		return nil, err
	}
	var out []values.Value
	for _, term := range q.Terms {
		key, pairs := keyValues(values.Text(term))
		get := func(name, def string) string {
			if text, ok := pairs[name]; ok {
				return text
			}
			return q.text(name, def)
		}
		found, err := q.iniValues(key, get)
		if err != nil {
			return nil, fmt.Errorf("ini: %w", err)
		}
		out = append(out, found...)
	}
	return out, nil
}

func (q *Query) iniValues(key string, get func(name, def string) string) ([]values.Value, error) {
	path, err := q.find("files", get("file", "ansible.ini"))
	if err != nil {
		return nil, err
	}
	data, err := q.From.Read(path)
	if err != nil {
		return nil, err
	}
	section := get("section", "global")
	properties := get("type", "ini") == "properties"
	fold := func(s string) string { return strings.ToLower(s) }
	if q.flag("case_sensitive", false) {
		fold = func(s string) string { return s }
	}
	match := func(name string) bool { return fold(name) == fold(key) }
	if re := get("re", "False"); strings.EqualFold(re, "true") || strings.EqualFold(re, "yes") {
		pattern, err := regexp.Compile("^(?:" + key + ")")
		if err != nil {
			return nil, err
		}
		match = func(name string) bool { return pattern.MatchString(fold(name)) }
		return iniMatches(values.Text(data), section, properties, match), nil
	}
	if found := iniMatches(values.Text(data), section, properties, match); len(found) > 0 {
		return found[len(found)-1:], nil
	}
	if v, ok := q.Options.Get("default"); ok {
		return []values.Value{v}, nil
	}
	return []values.Value{values.String(get("default", ""))}, nil
}

// iniMatches gives the values of the section's keys that match, in order.
func iniMatches(text, section string, properties bool, match func(string) bool) []values.Value {
	var out []values.Value
	inside := properties
	open := -1 // the value that an indented line continues
	for line := range strings.SplitSeq(text, "\n") {
		trimmed := strings.TrimSpace(line)
		switch {
		case trimmed == "" || trimmed[0] == '#' || trimmed[0] == ';':
			continue
		case line[0] == ' ' || line[0] == '\t':
			if open >= 0 {
				out[open] = values.String(values.Text(out[open]) + "\n" + trimmed)
			}
			continue
		case trimmed[0] == '[' && strings.HasSuffix(trimmed, "]") && !properties:
			inside, open = trimmed[1:len(trimmed)-1] == section, -1
			continue
		}
		open = -1
		i := strings.IndexAny(trimmed, "=:")
		if i < 0 {
			i = len(trimmed)
		}
		if inside && match(strings.TrimSpace(trimmed[:i])) {
			out = append(out, values.String(strings.TrimSpace(strings.TrimLeft(trimmed[i:], "=:"))))
			open = len(out) - 1
		}
	}
	return out
}
