// Package yaml reads YAML and JSON text into values, with the meaning that Ansible
// gives it (YAML 1.1 as PyYAML has it: yes is true, 0644 is 420, 1:30 is 90), and
// writes values as YAML again.
//
// Every value that it gives, map keys included, knows the file, line and column where
// it was written, so that whoever finds a mistake later can point at it.
package yaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	goyaml "go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/gdeploy/gdeploy/values"
)

// maxDepth bounds nesting, well below what the codec of package values can carry.
const maxDepth = 200

// Warning is something that loads, but is probably not what its writer meant.
type Warning struct {
	Pos values.Position
	Msg string
}

// String gives file:line:col: and the message.
func (w Warning) String() string {
	if pos := w.Pos.String(); pos != "" {
		return pos + ": " + w.Msg
	}
	return w.Msg
}

// Load reads the one document in src; file is the name that positions carry. An empty
// document is null. As in Ansible, text that is JSON is read as JSON (where 1e3 is a
// number), anything else as YAML 1.1. All mistakes are joined into the error, each an
// *Error; the value is then what could be read in spite of them.
func Load(src []byte, file string) (values.Value, []Warning, error) {
	if v, ok := loadJSON(src, file); ok {
		return v, nil, nil
	}
	root, err := parse(src, file)
	if err != nil || root == nil {
		return values.Null.At(values.Position{File: file, Line: 1, Col: 1}), nil, err
	}
	c := newConstructor(src, file)
	v := c.value(root)
	return v, c.warnings, errors.Join(c.errs...)
}

// LoadFile reads the one document in a file.
func LoadFile(path string) (values.Value, []Warning, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return values.Null, nil, fmt.Errorf("read %s: %w", path, errors.Unwrap(err))
	}
	return Load(src, path)
}

// parse gives the root node of the one document, or nil where there is none.
func parse(src []byte, file string) (*goyaml.Node, error) {
	if pos, msg := badCharacter(src, file); msg != "" {
		return nil, NewError(src, pos, msg)
	}
	loader, err := goyaml.NewLoader(bytes.NewReader(src), goyaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth), loaderlimits.AliasNone())))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	var root, second goyaml.Node
	if err := loader.Load(&root); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		return nil, syntaxError(src, file, err)
	}
	switch err := loader.Load(&second); {
	case err == nil:
		pos := values.Position{File: file, Line: second.Line, Col: second.Column}
		return nil, NewError(src, pos, "a second document starts here, and only one is read: remove the ---, or split the file")
	case !errors.Is(err, io.EOF):
		return nil, syntaxError(src, file, err)
	}
	return document(&root), nil
}

// document steps from a document node to its content.
func document(n *goyaml.Node) *goyaml.Node {
	if n.Kind != goyaml.DocumentNode {
		return n
	}
	if len(n.Content) == 0 {
		return nil
	}
	return n.Content[0]
}
