// Package blockinfile keeps a block of lines between two marked lines of a file.
package blockinfile

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
	Name: "blockinfile", ReadOnly: true, New: func() modules.Module { return new(Module) },
	Refused: modules.RefusedFileParameters,
}

// Module holds the parameters.
type Module struct {
	textfile.Options
	State        string `json:"state" default:"present" choices:"absent,present" help:"whether the block shall be there"`
	Block        string `json:"block" default:"" aliases:"content" help:"the lines; without any the block goes"`
	Marker       string `json:"marker" default:"# {mark} ANSIBLE MANAGED BLOCK" help:"the line before and after the block; {mark} stands for marker_begin and marker_end. Another one for each block of a file"`
	MarkerBegin  string `json:"marker_begin" default:"BEGIN" help:"what stands for {mark} before the block"`
	MarkerEnd    string `json:"marker_end" default:"END" help:"what stands for {mark} behind the block"`
	InsertAfter  string `json:"insertafter" help:"put a new block behind the last line that this matches, or at the end: EOF"`
	InsertBefore string `json:"insertbefore" help:"put a new block before the last line that this matches, or at the beginning: BOF"`
	Create       bool   `json:"create" default:"no" help:"make the file where it is missing"`

	insert *regexp.Regexp
}

// Validate compiles the pattern.
func (m *Module) Validate() (err error) {
	if m.insert = nil; m.InsertAfter != "" && m.InsertAfter != "EOF" || m.InsertBefore != "" && m.InsertBefore != "BOF" {
		if m.insert, err = pythonre.Compile(m.InsertAfter+m.InsertBefore, pythonre.Options{Multiline: true}); err != nil {
			err = modules.Invalid("insertafter or insertbefore: %v", err)
		}
	}
	return errors.Join(err, modules.Exclusive("insertbefore", m.InsertBefore != "", "insertafter", m.InsertAfter != ""))
}

// Run edits the file.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	f, err := m.Read(sys)
	if err == nil && !f.Exists && !m.Create {
		err = &textfile.NotThereError{RC: 257, Msg: fmt.Sprintf("Path %s does not exist !", m.Path)}
	}
	if notThere, ok := errors.AsType[*textfile.NotThereError](err); ok {
		return modules.Result{Data: notThere.Data()}, err
	}
	if err != nil {
		return modules.Result{}, err
	}
	text := strings.Join(m.put(split(f.Text)), "")
	result, backup, err := m.Edited(ctx, sys, f, text, m.message(f, text))
	if backup != "" {
		result.Data.Set("backup_file", values.String(backup))
	}
	return result, err
}

func (m *Module) message(f textfile.File, text string) string {
	switch {
	case !f.Exists:
		return "File created"
	case f.Text == text:
		return ""
	case len(m.lines()) == 0:
		return "Block removed"
	}
	return "Block inserted"
}

func (m *Module) markers() (begin, end string) {
	return strings.ReplaceAll(m.Marker, "{mark}", m.MarkerBegin) + "\n", strings.ReplaceAll(m.Marker, "{mark}", m.MarkerEnd) + "\n"
}

// lines are those to put, with the marked ones; none where the block is to go.
func (m *Module) lines() []string {
	if m.State == "absent" || m.Block == "" {
		return nil
	}
	begin, end := m.markers()
	block := m.Block
	if !strings.HasSuffix(block, "\n") {
		block += "\n"
	}
	return append(append([]string{begin}, split(block)...), end)
}

// put takes the old block out of the lines and brings the new one in.
func (m *Module) put(all []string) []string {
	first, last := m.find(all)
	at := first
	if first < 0 || last < 0 {
		at = m.place(all)
	} else {
		at = min(first, last)
		all = append(append([]string{}, all[:at]...), all[max(first, last)+1:]...)
	}
	before := append([]string{}, all[:at]...)
	if at > 0 && !strings.HasSuffix(before[at-1], "\n") {
		before[at-1] += "\n"
	}
	return append(append(before, m.lines()...), all[at:]...)
}

// find gives the numbers of the marked lines, -1 where there is none.
func (m *Module) find(all []string) (first, last int) {
	first, last = -1, -1
	begin, end := m.markers()
	for i, line := range all {
		switch line {
		case begin:
			first = i
		case end:
			last = i
		}
	}
	return first, last
}

// place is where a new block goes.
func (m *Module) place(all []string) int {
	if m.insert == nil {
		if m.InsertBefore == "BOF" {
			return 0
		}
		return len(all)
	}
	for i := len(all) - 1; i >= 0; i-- {
		if m.insert.MatchString(all[i]) {
			if m.InsertAfter != "" {
				return i + 1
			}
			return i
		}
	}
	return len(all)
}

// split divides a text behind its line breaks, of which \r alone is one too.
func split(text string) []string {
	var lines []string
	for text != "" {
		n := strings.IndexAny(text, "\r\n") + 1
		if n == 0 {
			n = len(text)
		}
		if strings.HasPrefix(text[n-1:], "\r\n") {
			n++
		}
		lines, text = append(lines, text[:n]), text[n:]
	}
	return lines
}
