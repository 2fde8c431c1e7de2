// Package copy puts files on a host: from the controller, from text, or from another
// place on the host.
package copy

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/pythonjson"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "copy", ReadOnly: true, New: func() modules.Module { return new(Module) },
	Refused: modules.RefusedFileParameters,
}

// Module holds the parameters.
type Module struct {
	Src     modules.Source `json:"src" type:"tree" from:"controller" unless:"remote_src" help:"file or directory on the controller; of a directory with / at its end only what is in it"`
	Content *values.Value  `json:"content" type:"str" help:"the text of the file, instead of src; lists and dicts are written as JSON"`
	Place
	DirectoryMode modules.Mode `json:"directory_mode" help:"mode of directories that are made"`
	RemoteSrc     bool         `json:"remote_src" default:"no" help:"src is on the host"`
	LocalFollow   bool         `json:"local_follow" default:"yes" help:"of links on the controller send what they point to"`
	Decrypt       bool         `json:"decrypt" default:"yes" help:"decrypt src where it is encrypted by vault"`
	Checksum      string       `json:"checksum" help:"what the sha1 of the file must be"`
}

// Validate wants one source.
func (m *Module) Validate() error {
	if !m.Src.Given() && m.Content == nil {
		return modules.Invalid("src (or content) is required")
	}
	if m.Src.Given() && m.Content != nil {
		return modules.Invalid("src and content are mutually exclusive")
	}
	if m.Content != nil && strings.HasSuffix(m.Dest, "/") {
		return modules.Invalid("can not use content with a dir as dest")
	}
	return nil
}

// Run puts the files in place.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	switch {
	case m.Content != nil:
		return m.text(ctx, sys)
	case m.Src.Tree != nil && !m.Src.Tree.IsDir && len(m.Src.Tree.Entries) == 1:
		return m.file(ctx, sys, FromBlob(m.Src.Tree.Entries[0].Blob))
	case m.Src.Blob != nil:
		return m.file(ctx, sys, FromBlob(*m.Src.Blob))
	case m.Src.Tree != nil:
		return m.tree(ctx, sys, *m.Src.Tree)
	}
	return m.onHost(ctx, sys)
}

func (m *Module) text(ctx context.Context, sys modules.System) (modules.Result, error) {
	if st, err := sys.Stat(m.Dest); err == nil && st.Mode.IsDir() {
		return modules.Result{}, errors.New("can not use content with a dir as dest")
	}
	return m.file(ctx, sys, FromText(contentText(*m.Content)))
}

// contentText is the text of a file; what is no scalar is written as JSON.
func contentText(v values.Value) string {
	if v.Kind() == values.KindList || v.Kind() == values.KindMap {
		return pythonjson.Dump(v)
	}
	return values.Text(v)
}

func (m *Module) file(ctx context.Context, sys modules.System, c Content) (modules.Result, error) {
	if result, err := m.verify(ctx, sys, c); err != nil {
		return result, err
	}
	return m.Put(ctx, sys, c, m.directoryAttributes())
}

// directoryAttributes are those of a new directory.
func (m *Module) directoryAttributes() modules.Attributes {
	return modules.Ownership{Mode: m.DirectoryMode, Owner: m.Owner, Group: m.Group}.Attributes(0, true)
}

func (m *Module) verify(ctx context.Context, sys modules.System, c Content) (modules.Result, error) {
	if m.Checksum == "" {
		return modules.Result{}, nil
	}
	sum, err := c.sha1(ctx, sys)
	if err == nil && sum != m.Checksum {
		err = modules.Fail("Copied file does not match the expected checksum. Transfer failed.")
	}
	return modules.Result{Data: modules.Data("checksum", values.String(sum), "expected_checksum", values.String(m.Checksum))}, err
}

// tree copies a directory of the controller.
func (m *Module) tree(ctx context.Context, sys modules.System, t modules.Tree) (modules.Result, error) {
	dest := strings.TrimRight(m.Dest, "/")
	if !strings.HasSuffix(t.Name, "/") {
		dest = path.Join(dest, path.Base(t.Name))
	}
	err := m.newDirectory(sys, dest, m.directoryAttributes())
	for _, e := range t.Entries {
		if err == nil && e.Path != "" {
			err = m.entry(ctx, sys, e, path.Join(dest, e.Path))
		}
	}
	data := modules.Data("dest", values.String(strings.TrimRight(m.Dest, "/")+"/"), "src", values.String(t.Name))
	return modules.Result{Data: data}, err
}

func (m *Module) entry(ctx context.Context, sys modules.System, e modules.TreeEntry, to string) error {
	switch {
	case e.IsDir:
		return m.newDirectory(sys, to, m.directoryAttributes())
	case e.Link != "":
		return sys.Symlink(e.Link, to)
	}
	_, err := m.Write(ctx, sys, FromBlob(e.Blob), to)
	return err
}

// newDirectory makes a directory; one that is there is left as it is.
func (m *Module) newDirectory(sys modules.System, dir string, attrs modules.Attributes) error {
	st, err := sys.Stat(dir)
	if err == nil && st.Mode.IsDir() {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return modules.MkdirAll(sys, dir, attrs)
}

// onHost copies from one place of the host to another.
func (m *Module) onHost(ctx context.Context, sys modules.System) (modules.Result, error) {
	src := m.Src.Path
	st, err := sys.Stat(src)
	if errors.Is(err, fs.ErrNotExist) {
		return modules.Result{}, modules.Fail("Source %s not found", src)
	}
	if err != nil {
		return modules.Result{}, err
	}
	if !st.Mode.IsDir() {
		return m.file(ctx, sys, fromHost(sys, st))
	}
	dest := m.Dest
	if !strings.HasSuffix(src, "/") {
		dest = path.Join(dest, path.Base(src))
	}
	if !m.Mode.Given() {
		m.Mode = "preserve" // a tree of the host keeps its modes
	}
	root := strings.TrimRight(src, "/")
	err = modules.Walk(sys, root, func(st modules.Stat) error {
		return m.hostEntry(ctx, sys, st, path.Join(dest, strings.TrimPrefix(st.Path, root)))
	})
	result := describe(sys, dest)
	result.Data.Set("src", values.String(src))
	return result, err
}

func (m *Module) hostEntry(ctx context.Context, sys modules.System, st modules.Stat, to string) error {
	switch {
	case st.Mode.IsDir():
		attrs := m.directoryAttributes()
		if mode := st.Mode & fs.ModePerm; !m.DirectoryMode.Given() {
			attrs.Mode = &mode
		}
		return m.newDirectory(sys, to, attrs)
	case st.Mode&fs.ModeSymlink != 0:
		return sys.Symlink(st.Target, to)
	case !st.Mode.IsRegular():
		return nil
	}
	_, err := m.Write(ctx, sys, fromHost(sys, st), to)
	return err
}

func fromHost(sys modules.System, st modules.Stat) Content {
	return Content{
		Name: st.Path, Mode: st.Mode, OnHost: true,
		Open: func(context.Context, modules.System) (io.ReadCloser, error) { return sys.Open(st.Path) },
	}
}
