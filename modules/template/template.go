// Package template puts a file on a host that the executor rendered from a template of
// the controller.
package template

import (
	"context"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/copy"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "template", ReadOnly: true, New: func() modules.Module { return new(Module) },
	Refused: modules.RefusedFileParameters,
}

// Module holds the parameters.
type Module struct {
	Src modules.Blob `json:"src" from:"controller,template" required:"true" help:"the template on the controller"`
	copy.Place
	Syntax
}

// Syntax are the parameters that the executor reads when it renders the template.
type Syntax struct {
	BlockStart      string `json:"block_start_string" default:"{%" help:"what begins a statement"`
	BlockEnd        string `json:"block_end_string" default:"%}" help:"what ends a statement"`
	VariableStart   string `json:"variable_start_string" default:"{{" help:"what begins an expression"`
	VariableEnd     string `json:"variable_end_string" default:"}}" help:"what ends an expression"`
	CommentStart    string `json:"comment_start_string" default:"{#" help:"what begins a comment"`
	CommentEnd      string `json:"comment_end_string" default:"#}" help:"what ends a comment"`
	TrimBlocks      bool   `json:"trim_blocks" default:"yes" help:"drop the newline after a statement"`
	LstripBlocks    bool   `json:"lstrip_blocks" default:"no" help:"drop the spaces before a statement"`
	NewlineSequence string `json:"newline_sequence" default:"\n" help:"how lines end: \\n, \\r or \\r\\n"`
	OutputEncoding  string `json:"output_encoding" default:"utf-8" help:"the encoding of the file, such as iso-8859-1"`
}

// Run puts the rendered file in place.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	return m.Put(ctx, sys, copy.FromBlob(m.Src), modules.Attributes{Owner: m.Owner, Group: m.Group})
}
