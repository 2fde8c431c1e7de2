// Package replace replaces what a regular expression matches in a file.
package replace

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/pythonre"
	"github.com/gdeploy/gdeploy/modules/textfile"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "replace", ReadOnly: true, New: func() modules.Module { return new(Module) },
	Refused: modules.RefusedFileParameters,
}

// Module holds the parameters.
type Module struct {
	textfile.Options
	Regexp   string `json:"regexp" required:"true" help:"what to replace, wherever it matches; ^ and $ match at each line. As in Python, without looking ahead or behind"`
	Replace  string `json:"replace" help:"what to put there, nothing by default; \\1 and \\g<name> stand for groups of regexp"`
	After    string `json:"after" help:"replace only what follows the first match of this; . matches line breaks too"`
	Before   string `json:"before" help:"replace only what stands before the match of this; . matches line breaks too"`
	Encoding string `json:"encoding" default:"utf-8" choices:"utf-8" help:"the encoding of the file; only utf-8"`

	match, section *regexp.Regexp
	replacement    *pythonre.Replacement
}

// Validate compiles the patterns.
func (m *Module) Validate() (err error) {
	if m.match, err = pythonre.Compile(m.Regexp, pythonre.Options{Multiline: true, Unicode: true}); err != nil {
		return modules.Invalid("%v", err)
	}
	if m.replacement, err = pythonre.ParseReplacement(m.Replace, m.match); err != nil {
		return modules.Problem{Msg: fmt.Sprintf("replace: %v", err), Ansible: fmt.Sprintf("Unable to process replace due to error: %v", err)}
	}
	if pattern := m.sectionPattern(); pattern != "" {
		if m.section, err = pythonre.Compile(pattern, pythonre.Options{DotAll: true, Unicode: true}); err != nil {
			return modules.Invalid("%v", err)
		}
	}
	return nil
}

// sectionPattern matches the part of the file to work on, as the group subsection.
func (m *Module) sectionPattern() string {
	switch {
	case m.After != "" && m.Before != "":
		return m.After + "(?P<subsection>.*?)" + m.Before
	case m.After != "":
		return m.After + "(?P<subsection>.*)"
	case m.Before != "":
		return "(?P<subsection>.*)" + m.Before
	}
	return ""
}

// Run edits the file.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	f, err := m.Read(sys)
	if err == nil && !f.Exists {
		err = &textfile.NotThereError{RC: 257, Msg: fmt.Sprintf("Path %s does not exist !", m.Path)}
	}
	if notThere, ok := errors.AsType[*textfile.NotThereError](err); ok {
		return modules.Result{Data: notThere.Data()}, err
	}
	if err != nil {
		return modules.Result{}, err
	}
	from, to, found := m.part(f.Text)
	if !found {
		msg := "Pattern for before/after params did not match the given file: " + m.sectionPattern()
		return modules.Result{Msg: msg, Data: modules.Data("rc", values.Int(0))}, nil
	}
	made, n := m.replacement.ReplaceAll(m.match, f.Text[from:to])
	msg := ""
	if made != f.Text[from:to] {
		msg = fmt.Sprintf("%d replacements made", n)
	}
	result, backup, err := m.Edited(ctx, sys, f, f.Text[:from]+made+f.Text[to:], msg)
	if err == nil {
		result.Data.Set("rc", values.Int(0))
	}
	if backup != "" {
		result.Data.Set("backup_file", values.String(backup))
	}
	return result, err
}

// part is where in the text to replace.
func (m *Module) part(text string) (from, to int, found bool) {
	if m.section == nil {
		return 0, len(text), true
	}
	match := m.section.FindStringSubmatchIndex(text)
	if match == nil {
		return 0, 0, false
	}
	group := 2 * m.section.SubexpIndex("subsection")
	return match[group], match[group+1], true
}
