package executor

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
	"github.com/gdeploy/gdeploy/variables/charsets"
)

// rendered makes the blob of a template: the file as the host's variables fill it in.
func (v *visit) rendered(s *step, path, written string) (modules.Blob, error) {
	source, secret, err := v.Store.ReadFile(path)
	if err != nil {
		return modules.Blob{}, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return modules.Blob{}, err
	}
	options, err := fileOptions(s, path, written)
	if err != nil {
		return modules.Blob{}, err
	}
	text, err := s.scope.RenderFile(source, options)
	if err != nil {
		return modules.Blob{}, err
	}
	args, _ := s.call.Args.AsMap()
	if text, err = charsets.Encode(text, textArg(args, "output_encoding")); err != nil {
		return modules.Blob{}, err
	}
	blob := v.contents.data(text, written, info.Mode())
	blob.Secret = secret
	return blob, nil
}

// fileOptions reads the parameters of a template call that say how it is rendered.
func fileOptions(s *step, path, written string) (variables.FileOptions, error) {
	args, _ := s.call.Args.AsMap()
	o := variables.FileOptions{Path: path, Name: written, Dest: textArg(args, "dest"), NewlineSequence: newline(textArg(args, "newline_sequence"))}
	for name, to := range map[string]*string{
		"block_start_string": &o.Delimiters.BlockStart, "block_end_string": &o.Delimiters.BlockEnd,
		"variable_start_string": &o.Delimiters.VariableStart, "variable_end_string": &o.Delimiters.VariableEnd,
		"comment_start_string": &o.Delimiters.CommentStart, "comment_end_string": &o.Delimiters.CommentEnd,
	} {
		*to = textArg(args, name)
	}
	trim, err := boolArg(s, args, "trim_blocks", true)
	if err != nil {
		return o, err
	}
	o.KeepBlocks = !trim
	o.LstripBlocks, err = boolArg(s, args, "lstrip_blocks", false)
	return o, err
}

func newline(written string) string {
	switch written {
	case `\r`:
		return "\r"
	case `\r\n`:
		return "\r\n"
	case `\n`:
		return "\n"
	}
	return written
}

func textArg(args *values.Map, name string) string {
	if v, ok := args.Get(name); ok && !v.IsNull() {
		return values.Text(v)
	}
	return ""
}

func boolArg(s *step, args *values.Map, name string, missing bool) (bool, error) {
	v, ok := args.Get(name)
	if !ok || v.IsNull() {
		return missing, nil
	}
	return s.scope.Bool(v)
}

// renderTree renders the files of a tree that end in .j2 for the step's host.
func (v *visit) renderTree(s *step, root string, tree *modules.Tree) error {
	names := map[string]bool{}
	for i := range tree.Entries {
		e := &tree.Entries[i]
		if name, ok := strings.CutSuffix(e.Path, ".j2"); ok && !e.IsDir && e.Link == "" {
			blob, err := v.rendered(s, filepath.Join(root, filepath.FromSlash(e.Path)), name)
			if err != nil {
				return err
			}
			e.Path, e.Blob = name, blob
		}
		if names[e.Path] {
			return fmt.Errorf("%s has both %s and %s.j2, which would be one file: remove one of them", root, e.Path, e.Path)
		}
		names[e.Path] = true
	}
	return nil
}
