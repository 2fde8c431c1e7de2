package lookups

import (
	"fmt"
	"strings"
)

// iniFile is an INI file as Python's configparser reads it.
type iniFile struct {
	sections map[string]*iniSection
	defaults *iniSection
	fold     func(name string) string // what names are compared as
	bare     bool                     // names may stand without a value
	path     string

	section *iniSection
	option  string // the one that an indented line continues
	indent  int
}

type iniSection struct {
	names  []string
	values map[string][]string // the lines of each
}

func newIniSection() *iniSection { return &iniSection{values: map[string][]string{}} }

// parse reads text; a nameless part before the first section is an error.
func (f *iniFile) parse(text string) error {
	f.sections, f.defaults = map[string]*iniSection{}, newIniSection()
	for i, line := range strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n") {
		if err := f.line(line); err != nil {
			return fmt.Errorf("%s:%d: %w", f.path, i+1, err)
		}
	}
	return nil
}

func (f *iniFile) line(line string) error {
	trimmed := strings.TrimSpace(line)
	if trimmed != "" && (trimmed[0] == '#' || trimmed[0] == ';') {
		return nil
	}
	indent := len(line) - len(strings.TrimLeft(line, " \t"))
	open := f.section != nil && f.option != "" && f.section.values[f.option] != nil
	switch {
	case trimmed == "":
		if open {
			f.section.values[f.option] = append(f.section.values[f.option], "")
		}
		return nil
	case open && indent > f.indent:
		f.section.values[f.option] = append(f.section.values[f.option], trimmed)
		return nil
	}
	f.indent = indent
	if end := strings.LastIndexByte(trimmed, ']'); trimmed[0] == '[' && end > 1 {
		return f.begin(trimmed[1:end])
	}
	return f.assign(trimmed)
}

func (f *iniFile) begin(name string) error {
	f.option = ""
	if name == "DEFAULT" {
		f.section = f.defaults
		return nil
	}
	if f.sections[name] != nil {
		return fmt.Errorf("section '%s' already exists", name)
	}
	f.section = newIniSection()
	f.sections[name] = f.section
	return nil
}

func (f *iniFile) assign(line string) error {
	if f.section == nil {
		return fmt.Errorf("File contains no section headers: %q", line) //lint:ignore ST1005 as Python says it
	}
	i := strings.IndexAny(line, "=:")
	if i == 0 || i < 0 && !f.bare {
		return fmt.Errorf("Source contains parsing errors: %q is no name=value", line) //lint:ignore ST1005 as Python says it
	}
	var lines []string
	name := line
	if i > 0 {
		name, lines = strings.TrimRight(line[:i], " \t"), []string{strings.TrimSpace(line[i+1:])}
	}
	f.option = f.fold(name)
	if _, ok := f.section.values[f.option]; ok {
		return fmt.Errorf("Duplicate option: option '%s' already exists", f.option) //lint:ignore ST1005 as Ansible says it
	}
	f.section.names = append(f.section.names, f.option)
	f.section.values[f.option] = lines
	return nil
}

// options are the names that a section has: the defaults first.
func (f *iniFile) options(section *iniSection) []string {
	names := append([]string{}, f.defaults.names...)
	for _, name := range section.names {
		if _, ok := f.defaults.values[name]; !ok {
			names = append(names, name)
		}
	}
	return names
}

// isBare reports that a name stands without a value.
func (f *iniFile) isBare(section *iniSection, name string) bool {
	lines, ok := section.values[f.fold(name)]
	return ok && lines == nil
}

// get gives a value, with what %(name)s refers to filled in.
func (f *iniFile) get(section *iniSection, name string, depth int) (text string, ok bool, err error) {
	lines, ok := section.values[f.fold(name)]
	if !ok {
		lines, ok = f.defaults.values[f.fold(name)]
	}
	if !ok {
		return "", false, nil
	}
	text, err = f.interpolate(section, strings.TrimRight(strings.Join(lines, "\n"), " \t\n"), depth)
	return text, true, err
}

func (f *iniFile) interpolate(section *iniSection, text string, depth int) (string, error) {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "%")
		b.WriteString(before)
		if !found {
			return b.String(), nil
		}
		name, rest, closed := strings.Cut(strings.TrimPrefix(after, "("), ")s")
		switch {
		case strings.HasPrefix(after, "%"):
			b.WriteByte('%')
			text = after[1:]
			continue
		case !strings.HasPrefix(after, "(") || !closed:
			return "", fmt.Errorf("'%%' must be followed by '%%' or '(', found: '%%%s'", after)
		case depth >= 10:
			return "", fmt.Errorf("%%(%s)s refers to itself", name)
		}
		value, ok, err := f.get(section, name, depth+1)
		if err == nil && !ok {
			err = fmt.Errorf("Bad value substitution: there is no '%s'", name) //lint:ignore ST1005 as Python says it
		}
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		text = rest
	}
}
