package inventory

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// readTOML reads an inventory in TOML: tables of groups with hosts, vars, and a list of
// children. Mistakes are kept in the document.
func readTOML(src []byte, file string) *document {
	r := treeReader{&document{file: file, src: src}}
	var root map[string]any
	if err := toml.Unmarshal(src, &root); err != nil {
		r.errs = append(r.errs, tomlError(src, file, err))
		return r.document
	}
	t := tomlReader{keys: readKeys(src, file)}
	groups, _ := t.table("", root).AsMap()
	if groups.Has("plugin") {
		r.fail(values.Position{File: file, Line: 1, Col: 1}, "the configuration of an inventory plugin is written in YAML")
		return r.document
	}
	for name, body := range groups.All() {
		r.group(name, withChildren(body))
	}
	return r.document
}

func tomlError(src []byte, file string, err error) error {
	var wrong *toml.DecodeError
	if !errors.As(err, &wrong) {
		return yaml.NewError(nil, values.Position{File: file, Line: 1, Col: 1}, strings.TrimPrefix(err.Error(), "toml: "))
	}
	line, col := wrong.Position()
	return yaml.NewError(src, values.Position{File: file, Line: line, Col: col}, strings.TrimPrefix(wrong.Error(), "toml: "))
}

// withChildren makes the list of a group's children the mapping that other formats have.
func withChildren(body values.Value) values.Value {
	parts, ok := body.AsMap()
	if !ok {
		return body
	}
	list, has := parts.Get("children")
	if !has || list.Kind() != values.KindList {
		return body
	}
	children := values.NewMap(len(list.Items()))
	for _, name := range list.Items() {
		children.SetKey(name, values.Null.At(name.Pos()))
	}
	parts.Set("children", values.FromMap(children).At(list.Pos()))
	return body
}

// tomlKey is where a key stands, and the how manyth of all it is.
type tomlKey struct {
	order int
	pos   values.Position
}

// tomlReader turns what the decoder gives, which has no order and no places, into values
// that have both.
type tomlReader struct{ keys map[string]tomlKey }

// separator stands between the parts of a key; names cannot hold it.
const separator = "\x00"

// readKeys lists the keys of a text that is known to be TOML.
func readKeys(src []byte, file string) map[string]tomlKey {
	keys := map[string]tomlKey{}
	var p unstable.Parser
	p.Reset(src)
	note := func(prefix string, it unstable.Iterator) string {
		for it.Next() {
			part := it.Node()
			prefix += separator + string(part.Data)
			if _, ok := keys[prefix]; !ok {
				start := p.Shape(part.Raw).Start
				keys[prefix] = tomlKey{len(keys), values.Position{File: file, Line: start.Line, Col: start.Column}}
			}
		}
		return prefix
	}
	var inside func(prefix string, v *unstable.Node)
	inside = func(prefix string, v *unstable.Node) {
		for it := v.Children(); it.Next(); {
			switch child := it.Node(); {
			case v.Kind == unstable.InlineTable && child.Kind == unstable.KeyValue:
				inside(note(prefix, child.Key()), child.Value())
			case v.Kind == unstable.Array:
				inside(prefix, child)
			}
		}
	}
	table := ""
	for p.NextExpression() {
		switch e := p.Expression(); e.Kind {
		case unstable.Table, unstable.ArrayTable:
			table = note("", e.Key())
		case unstable.KeyValue:
			inside(note(table, e.Key()), e.Value())
		}
	}
	return keys
}

func (t tomlReader) table(prefix string, m map[string]any) values.Value {
	names := slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(t.keys[prefix+separator+a].order, t.keys[prefix+separator+b].order), strings.Compare(a, b))
	})
	out := values.NewMap(len(m))
	for _, name := range names {
		path := prefix + separator + name
		pos := t.keys[path].pos
		out.SetKey(values.String(name).At(pos), t.value(path, m[name]).At(pos))
	}
	return values.FromMap(out)
}

func (t tomlReader) value(path string, v any) values.Value {
	switch v := v.(type) {
	case map[string]any:
		return t.table(path, v)
	case []any:
		items := make([]values.Value, len(v))
		for i, item := range v {
			items[i] = t.value(path, item).At(t.keys[path].pos)
		}
		return values.FromSlice(items)
	case string:
		return values.String(v)
	case bool:
		return values.Bool(v)
	case int64:
		return values.Int(v)
	case float64:
		return values.Float(v)
	case time.Time:
		return values.String(strings.Replace(v.Format(time.RFC3339Nano), "T", " ", 1))
	case toml.LocalDateTime:
		return values.String(strings.Replace(v.String(), "T", " ", 1))
	}
	return values.String(fmt.Sprint(v)) // dates and times
}
