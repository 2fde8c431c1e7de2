// Package include_vars reads variables from files of the controller while the play runs.
package include_vars

import (
	"context"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "include_vars", Where: modules.OnController, FreeForm: "file",
	New: func() modules.Module { return new(Module) },
}

// Module holds the parameters.
type Module struct {
	File                    string   `json:"file" aliases:"_raw_params" help:"a file of variables, looked for in the role's vars, then beside the task"`
	Dir                     string   `json:"dir" help:"a directory whose files are all read, in the order of their names"`
	Name                    string   `json:"name" help:"put all into one variable of this name"`
	Depth                   int      `json:"depth" default:"0" help:"how many levels of dir to read; 0 is all"`
	FilesMatching           string   `json:"files_matching" help:"of dir only files whose name this regular expression matches"`
	IgnoreFiles             []string `json:"ignore_files" help:"of dir no files whose name one of these regular expressions matches"`
	Extensions              []string `json:"extensions" default:"yaml,yml,json" help:"of dir files must end so"`
	IgnoreUnknownExtensions bool     `json:"ignore_unknown_extensions" default:"no" help:"leave files of dir with other endings out, instead of failing"`
	HashBehaviour           *string  `json:"hash_behaviour" choices:"replace,merge" help:"replace a dict of the same name, or merge the two; without it the run's setting"`

	reader modules.VarsReader
}

// Validate wants one of file and dir.
func (m *Module) Validate() error {
	if m.File != "" && m.Dir != "" {
		return modules.Invalid("You are mixing file only and dir only arguments, these are incompatible")
	}
	if m.File == "" && m.Dir == "" {
		return modules.Invalid("include_vars needs file or dir")
	}
	return nil
}

// UseVars takes what reads the files.
func (m *Module) UseVars(r modules.VarsReader) { m.reader = r }

// Run reads the files. As in Ansible, message says what went wrong.
func (m *Module) Run(context.Context, modules.System) (modules.Result, error) {
	source := modules.VarsSource{
		File: m.File, Dir: m.Dir, Name: m.Name, Depth: m.Depth, FilesMatching: m.FilesMatching,
		IgnoreFiles: m.IgnoreFiles, Extensions: m.Extensions, IgnoreUnknownExtensions: m.IgnoreUnknownExtensions,
	}
	if m.HashBehaviour != nil {
		merge := *m.HashBehaviour == "merge"
		source.Merge = &merge
	}
	vars, files, err := m.reader.ReadVars(source)
	if vars == nil {
		vars = values.NewMap(0)
	}
	data := modules.Data("ansible_facts", values.FromMap(vars), "ansible_included_var_files", values.Strings(files...))
	if err != nil {
		data.Set("message", values.String(err.Error()))
		return modules.Result{Data: data}, err
	}
	return modules.Result{Data: data, Facts: vars}, nil
}
