// Package lineinfile makes sure that a line is in a file, or that it is not.
package lineinfile

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/pythonre"
	"github.com/gdeploy/gdeploy/modules/textfile"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "lineinfile", ReadOnly: true, New: func() modules.Module { return new(Module) },
	Refused: modules.RefusedFileParameters,
}

// Module holds the parameters.
type Module struct {
	textfile.Options
	State        string  `json:"state" default:"present" choices:"absent,present" help:"whether the line shall be there"`
	Line         *string `json:"line" aliases:"value" help:"the line"`
	Regexp       *string `json:"regexp" aliases:"regex" help:"the last line that this matches is replaced; with absent all that it matches go. As in Python, without looking ahead or behind"`
	SearchString *string `json:"search_string" help:"as regexp, but a text that must be in the line as it is"`
	Backrefs     bool    `json:"backrefs" default:"no" help:"\\1 in line stands for a group of regexp, and where that matches nothing the file stays as it is"`
	InsertAfter  string  `json:"insertafter" help:"where no line matches, put the line behind the last one that this matches, or at the end: EOF"`
	InsertBefore string  `json:"insertbefore" help:"where no line matches, put the line before the last one that this matches, or at the beginning: BOF"`
	FirstMatch   bool    `json:"firstmatch" default:"no" help:"of several lines that match take the first, not the last"`
	Create       bool    `json:"create" default:"no" help:"make the file where it is missing"`

	match, insert *regexp.Regexp
	replacement   *pythonre.Replacement
}

// Validate compiles the patterns and keeps apart what does not go together.
func (m *Module) Validate() error {
	var errs []error
	errs = append(errs,
		modules.Exclusive("insertbefore", m.InsertBefore != "", "insertafter", m.InsertAfter != ""),
		modules.Exclusive("regexp", m.Regexp != nil, "search_string", m.SearchString != nil),
		modules.Exclusive("backrefs", m.Backrefs, "search_string", m.SearchString != nil))
	switch {
	case m.State == "present" && m.Backrefs && m.Regexp == nil:
		errs = append(errs, modules.Invalid("regexp is required with backrefs=true"))
	case m.State == "present" && m.Line == nil:
		errs = append(errs, modules.Invalid("line is required with state=present"))
	case m.State == "absent" && m.Line == nil && m.Regexp == nil && m.SearchString == nil:
		errs = append(errs, modules.Invalid("one of line, search_string, or regexp is required with state=absent"))
	}
	return errors.Join(append(errs, m.compile())...)
}

func (m *Module) compile() (err error) {
	// Each line ends with its line break, before which Python's $ matches too.
	o := pythonre.Options{Multiline: true}
	if m.Regexp != nil {
		if m.match, err = pythonre.Compile(*m.Regexp, o); err != nil {
			return modules.Invalid("regexp: %v", err)
		}
	}
	if m.Backrefs && m.match != nil && m.Line != nil {
		if m.replacement, err = pythonre.ParseReplacement(*m.Line, m.match); err != nil {
			return modules.Invalid("line: %v", err)
		}
	}
	if place := m.InsertAfter + m.InsertBefore; place != "" && m.InsertAfter != "EOF" && m.InsertBefore != "BOF" && m.InsertAfter != "BOF" {
		if m.insert, err = pythonre.Compile(place, o); err != nil {
			return modules.Invalid("insertafter or insertbefore: %v", err)
		}
	}
	return nil
}

// Run edits the file.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	f, err := m.Read(sys)
	if notThere, ok := errors.AsType[*textfile.NotThereError](err); ok {
		return modules.Result{Data: notThere.Data()}, err
	}
	if err != nil {
		return modules.Result{}, err
	}
	if m.State == "absent" {
		return m.remove(ctx, sys, f)
	}
	if !f.Exists && !m.Create {
		missing := &textfile.NotThereError{RC: 257, Msg: fmt.Sprintf("Destination %s does not exist !", m.Path)}
		return modules.Result{Data: missing.Data()}, missing
	}
	lines, msg := m.put(split(f.Text))
	return m.edited(ctx, sys, f, lines, msg)
}

func (m *Module) edited(ctx context.Context, sys modules.System, f textfile.File, lines []string, msg string) (modules.Result, error) {
	if msg == "" && !f.Exists {
		return modules.Result{Data: modules.Data("msg", values.String(""), "backup", values.String(""))}, nil
	}
	result, backup, err := m.Edited(ctx, sys, f, strings.Join(lines, ""), msg)
	if err == nil {
		result.Data.Set("backup", values.String(backup))
	}
	return result, err
}

func (m *Module) remove(ctx context.Context, sys modules.System, f textfile.File) (modules.Result, error) {
	if !f.Exists {
		return modules.Result{Msg: "file not present"}, nil
	}
	var kept []string
	all := split(f.Text)
	for _, line := range all {
		if !m.unwanted(line) {
			kept = append(kept, line)
		}
	}
	found, msg := len(all)-len(kept), ""
	if found > 0 {
		msg = fmt.Sprintf("%d line(s) removed", found)
	}
	result, err := m.edited(ctx, sys, f, kept, msg)
	if err == nil {
		result.Data.Set("found", values.Int(int64(found)))
	}
	return result, err
}

func (m *Module) unwanted(line string) bool {
	if m.Regexp != nil || m.SearchString != nil {
		return m.matches(line)
	}
	return strings.TrimRight(line, "\r\n") == *m.Line
}

// matches reports whether regexp or search_string finds something in a line.
func (m *Module) matches(line string) bool {
	if m.match != nil {
		return m.match.MatchString(line)
	}
	return m.SearchString != nil && strings.Contains(line, *m.SearchString)
}

// split divides a text behind its line breaks.
func split(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if last := len(lines) - 1; lines[last] == "" {
		return lines[:last]
	}
	return lines
}
