package inventory

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
)

// iniReader reads Ansible's INI: sections of hosts, of children and of variables.
type iniReader struct {
	*document
	line    string // the current line, trimmed
	lineNo  int
	indent  int // bytes that were trimmed on the left
	group   string
	section string // hosts, children or vars
}

var (
	sectionLine = regexp.MustCompile(`^\[([^:\]\s]+)(?::([\pL\pN_]+))?\]\s*(?:#.*)?$`)
	groupLine   = regexp.MustCompile(`^([^:\]\s]+)\s*(?:#.*)?$`)
)

// readINI reads src; mistakes are kept in the document.
func readINI(src []byte, file string) *document {
	r := iniReader{document: &document{file: file, src: src}, group: "ungrouped", section: "hosts"}
	for line := range strings.Lines(strings.TrimPrefix(string(src), "\ufeff")) {
		r.lineNo++
		r.line = strings.TrimSpace(line)
		r.indent = len(line) - len(strings.TrimLeft(line, " \t\r\n\v\f"))
		if r.line == "" || r.line[0] == '#' || r.line[0] == ';' {
			continue
		}
		if !utf8.ValidString(line) {
			r.fail(r.at(0), "this line is not UTF-8: save the file as UTF-8")
			continue
		}
		r.read()
	}
	return r.document
}

// at gives the position of a byte of the current line.
func (r *iniReader) at(offset int) values.Position {
	return values.Position{File: r.file, Line: r.lineNo, Col: r.indent + utf8.RuneCountInString(r.line[:offset]) + 1}
}

func (r *iniReader) read() {
	switch {
	case sectionLine.MatchString(r.line):
		r.startSection()
	case strings.HasPrefix(r.line, "[") && strings.HasSuffix(r.line, "]"):
		r.fail(r.at(0), "a section is [group], [group:children] or [group:vars], without spaces")
	case r.section == "hosts":
		r.readHosts()
	case r.section == "vars":
		r.readVariable()
	case r.section == "children":
		r.readChild()
	}
}

func (r *iniReader) startSection() {
	m := sectionLine.FindStringSubmatch(r.line)
	r.group, r.section = m[1], m[2]
	switch r.section {
	case "":
		r.section = "hosts"
	case "hosts", "children", "vars":
	default:
		r.fail(r.at(0), "[%s:%s] is no section: want [%s], [%[1]s:children] or [%[1]s:vars]%[4]s",
			r.group, r.section, r.group, nearest(r.section, []string{"hosts", "children", "vars"}))
		r.section = "" // its lines say nothing that could be checked
		return
	}
	kind := sayGroup
	if r.section == "vars" {
		kind = sayGroupVar
	}
	r.say(statement{kind: kind, pos: r.at(0), group: r.group})
}

func (r *iniReader) readHosts() {
	words, err := splitWords(r.line)
	if err != nil {
		r.fail(r.at(0), "%s", err)
		return
	}
	names, port, err := expandHosts(words[0].text)
	if err != nil {
		r.fail(r.at(0), "%s", err)
		return
	}
	vars := values.NewMap(len(words))
	for _, word := range words[1:] {
		key, text, ok := strings.Cut(word.text, "=")
		if !ok {
			r.fail(r.at(word.at), "want name=value after the host, not %q (a value with spaces needs quotes)", word.text)
			continue
		}
		pos := r.at(word.at)
		vars.SetKey(values.String(key).At(pos), literalAt(text, pos))
	}
	r.say(statement{kind: sayHosts, pos: r.at(0), group: r.group, names: names, port: port, vars: vars})
}

func (r *iniReader) readVariable() {
	key, text, ok := strings.Cut(r.line, "=")
	if !ok {
		r.fail(r.at(0), "want name=value in [%s:vars], not %q", r.group, r.line)
		return
	}
	pos := r.at(0)
	vars := values.NewMap(1)
	vars.SetKey(values.String(strings.TrimSpace(key)).At(pos), literalAt(strings.TrimSpace(text), pos))
	r.say(statement{kind: sayGroupVar, pos: pos, group: r.group, vars: vars})
}

func (r *iniReader) readChild() {
	m := groupLine.FindStringSubmatch(r.line)
	if m == nil {
		r.fail(r.at(0), "want the name of one group in [%s:children], not %q", r.group, r.line)
		return
	}
	r.say(statement{kind: sayChild, pos: r.at(0), group: r.group, names: m[1:2]})
}

// literalAt gives a literal with its position in all that it contains.
func literalAt(text string, pos values.Position) values.Value {
	return placed(literal(text), pos)
}

func placed(v values.Value, pos values.Position) values.Value {
	for i, item := range v.Items() {
		v.Items()[i] = placed(item, pos)
	}
	if m, ok := v.AsMap(); ok {
		for key, item := range m.All() {
			m.SetKey(key, placed(item, pos))
		}
	}
	return v.At(pos)
}
