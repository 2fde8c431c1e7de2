package modules

import (
	"encoding/base64"
	"errors"

	"github.com/gdeploy/gdeploy/values"
)

// Source is a parameter that is a path on the host with remote_src, and otherwise
// content of the controller: a Blob, or with type:"tree" a Tree.
type Source struct {
	// Path is the path on the host; empty where the content comes from the controller.
	Path string
	Blob *Blob
	Tree *Tree
}

// Given reports whether the parameter was written.
func (s Source) Given() bool { return s.Path != "" || s.Blob != nil || s.Tree != nil }

// Name is the path that the operator wrote.
func (s Source) Name() string {
	switch {
	case s.Blob != nil:
		return s.Blob.Name
	case s.Tree != nil:
		return s.Tree.Name
	}
	return s.Path
}

// Value is the form of a Blob among the arguments of a call.
func (b Blob) Value() values.Value {
	v := values.MapOf(
		"sha256", values.String(b.SHA256),
		"size", values.Int(b.Size),
		"name", values.String(b.Name),
		"mode", values.Int(int64(b.Mode)))
	m, _ := v.AsMap()
	if b.Secret {
		m.Set("secret", values.True)
	}
	if b.Inline != nil {
		m.Set("inline", values.String(base64.StdEncoding.EncodeToString(b.Inline)))
	}
	return v
}

// Value is the form of a Tree among the arguments of a call.
func (t Tree) Value() values.Value {
	entries := make([]values.Value, len(t.Entries))
	for i, e := range t.Entries {
		m := values.NewMap(3)
		m.Set("path", values.String(e.Path))
		switch {
		case e.IsDir:
			m.Set("is_dir", values.True)
			m.Set("mode", values.Int(int64(e.Blob.Mode)))
		case e.Link != "":
			m.Set("link", values.String(e.Link))
		default:
			m.Set("blob", e.Blob.Value())
		}
		entries[i] = values.FromMap(m)
	}
	return values.MapOf(
		"name", values.String(t.Name),
		"is_dir", values.Bool(t.IsDir),
		"entries", values.FromSlice(entries))
}

var errNotSent = errors.New("its content was not sent from the controller")

// blobFrom reads what Blob.Value wrote.
func blobFrom(v values.Value) (Blob, error) {
	var b Blob
	var err error
	sha, ok := v.Get("sha256")
	if !ok {
		return b, errNotSent
	}
	b.SHA256 = values.Text(sha)
	marked, _ := v.Get("secret")
	b.Secret = marked.Truthy() || v.Secret()
	b.Size = intAt(v, "size")
	b.Mode = uint32(intAt(v, "mode"))
	if name, ok := v.Get("name"); ok {
		b.Name = values.Text(name)
	}
	if inline, ok := v.Get("inline"); ok && !inline.IsNull() {
		b.Inline, err = base64.StdEncoding.DecodeString(values.Text(inline))
		if b.Inline == nil {
			b.Inline = []byte{}
		}
	}
	return b, err
}

// treeFrom reads what Tree.Value wrote.
func treeFrom(v values.Value) (Tree, error) {
	var t Tree
	list, ok := v.Get("entries")
	if !ok {
		return t, errNotSent
	}
	if name, ok := v.Get("name"); ok {
		t.Name = values.Text(name)
	}
	dir, _ := v.Get("is_dir")
	t.IsDir = dir.Truthy()
	for _, item := range list.Items() {
		e, err := entryFrom(item)
		if err != nil {
			return t, err
		}
		t.Entries = append(t.Entries, e)
	}
	return t, nil
}

func entryFrom(v values.Value) (TreeEntry, error) {
	var e TreeEntry
	path, _ := v.Get("path")
	e.Path = values.Text(path)
	dir, _ := v.Get("is_dir")
	e.IsDir = dir.Truthy()
	if link, ok := v.Get("link"); ok {
		e.Link = values.Text(link)
	}
	if e.IsDir {
		e.Blob.Mode = uint32(intAt(v, "mode"))
	}
	blob, ok := v.Get("blob")
	if !ok || e.IsDir || e.Link != "" {
		return e, nil
	}
	var err error
	e.Blob, err = blobFrom(blob)
	return e, err
}

// sourceFrom reads a path on the host, a Blob or a Tree.
func sourceFrom(v values.Value) (Source, error) {
	if v.Kind() != values.KindMap {
		return Source{Path: values.Text(v)}, nil
	}
	if _, ok := v.Get("entries"); ok {
		t, err := treeFrom(v)
		return Source{Tree: &t}, err
	}
	b, err := blobFrom(v)
	return Source{Blob: &b}, err
}

func intAt(v values.Value, key string) int64 {
	n, _ := v.Get(key)
	i, _ := n.AsInt()
	return i
}
