package lookups

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/jinja/pyre"
	"github.com/gdeploy/gdeploy/values"
)

// iniOptions are those of the lookup ini; a term may have them too, as k=v.
var iniOptions = []string{"type", "file", "section", "re", "default", "encoding", "case_sensitive", "allow_no_value", "allow_none"}

// ini gives the value of a key of an INI or properties file.
func ini(q *Query) ([]values.Value, error) {
	if err := q.only(iniOptions...); err != nil {
		return nil, err
	}
	var out []values.Value
	for _, term := range q.Terms {
		found, err := q.iniTerm(term)
		if err != nil {
			return nil, fmt.Errorf("ini: %w", err)
		}
		out = append(out, found...)
	}
	return out, nil
}

func (q *Query) iniTerm(term values.Value) ([]values.Value, error) {
	key, pairs := keyValues(values.Text(term))
	options := q.Options.Clone()
	for name, text := range pairs {
		if !slices.Contains(iniOptions, name) {
			return nil, fmt.Errorf("%s is not a valid option.", name) //lint:ignore ST1005 as Ansible says it
		}
		options.Set(name, values.String(text))
	}
	here := *q
	here.Options = options
	return here.iniValues(key)
}

// properties is the section that stands for a file without any.
const properties = "java_properties"

func (q *Query) iniValues(key string) ([]values.Value, error) {
	name := q.text("file", "ansible.ini")
	file, wanted, err := q.iniFile(name)
	if err != nil {
		return nil, err
	}
	section := file.sections[wanted]
	if section == nil {
		return nil, fmt.Errorf("No section '%s' in %s", wanted, name) //lint:ignore ST1005 as Ansible says it
	}
	if q.flag("re", false) {
		return iniMatches(file, section, key)
	}
	if file.isBare(section, key) {
		return nil, nil
	}
	text, ok, err := file.get(section, key, 0)
	if err != nil || ok {
		return []values.Value{values.String(text)}, err
	}
	if v, ok := q.Options.Get("default"); ok {
		return flatten([]values.Value{v}), nil
	}
	return []values.Value{values.String("")}, nil
}

// iniFile reads a file, and tells the section to look in.
func (q *Query) iniFile(name string) (file *iniFile, section string, err error) {
	path, err := q.find("files", name)
	if err != nil {
		return nil, "", err
	}
	text, err := q.readIn(path, q.text("encoding", "utf-8"))
	if err != nil {
		return nil, "", err
	}
	section = q.text("section", "global")
	switch kind := q.text("type", "ini"); kind {
	case "ini":
	case "properties":
		section, text = properties, "["+properties+"]\n"+text
	default:
		return nil, "", fmt.Errorf("type is %q, and valid values are: ini, properties", kind)
	}
	file = &iniFile{path: path, fold: strings.ToLower, bare: q.flag("allow_no_value", false) || q.flag("allow_none", false)}
	if q.flag("case_sensitive", false) {
		file.fold = func(s string) string { return s }
	}
	return file, section, file.parse(text)
}

// iniMatches gives the values of the keys whose beginning matches, in order.
func iniMatches(file *iniFile, section *iniSection, pattern string) ([]values.Value, error) {
	re, err := pyre.Compile(pattern, 0)
	if err != nil {
		return nil, err
	}
	var out []values.Value
	for _, name := range file.options(section) {
		m, err := re.MatchStart(name)
		if err != nil {
			return nil, err
		}
		if m == nil {
			continue
		}
		text, _, err := file.get(section, name, 0)
		if err != nil {
			return nil, err
		}
		out = append(out, values.String(text))
	}
	return out, nil
}
