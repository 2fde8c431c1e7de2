package plugins

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
	"github.com/gdeploy/gdeploy/variables/lookups"
)

// Scope is what lookup plugins ask of the place where they are used, beside what gdeploy's own
// lookups ask.
type Scope interface {
	lookups.Scope
	// Raw gives a variable as it was written, where that is plain data.
	Raw(name string) (v values.Value, ok bool, err error)
	// Render renders the templates in v, with further variables that win; nil for none.
	Render(v values.Value, vars *values.Map) (values.Value, error)
	// IsTemplate reports whether text is a template.
	IsTemplate(text string) bool
}

// HasLookup reports a lookup of the user's own.
func (s *Set) HasLookup(name string) bool {
	file, _ := s.lookupFile(name)
	return file != ""
}

// CheckLookup gives an error where a lookup of the user's own has no Python to run it.
func (s *Set) CheckLookup(name string) error {
	file, _ := s.lookupFile(name)
	if file == "" {
		return nil
	}
	return s.needPython(lookupKind, file)
}

// Lookup gives the lookup of a name; nil where there is none of the user's own.
func (s *Set) Lookup(name string) lookups.Lookup {
	file, short := s.lookupFile(name)
	if file == "" {
		return nil
	}
	return func(q *lookups.Query) ([]values.Value, error) {
		if err := s.needPython(lookupKind, file); err != nil {
			return nil, err
		}
		from, ok := q.From.(Scope)
		if !ok {
			return nil, fmt.Errorf("the lookup plugin %s cannot be used here", file)
		}
		p := &plugin{set: s, kind: lookupKind, file: file, name: short, wire: &wire{token: s.python.token}}
		frame := values.NewMap(6)
		p.put(frame, "terms", values.FromSlice(q.Terms))
		p.put(frame, "kwargs", values.FromMap(q.Options))
		v, err := p.run(q.Ctx, frame, append(q.Options.Values(), q.Terms...),
			func(what string, ask *values.Map) (values.Value, error) { return p.ofScope(from, what, ask) })
		return v.Items(), err
	}
}

// ofScope answers what lookups ask.
func (p *plugin) ofScope(from Scope, what string, q *values.Map) (values.Value, error) {
	text := func(key string) string {
		v, _ := q.Get(key)
		return values.Text(v)
	}
	switch what {
	case "raw":
		v, ok, err := from.Raw(text("name"))
		return p.perhaps(v, ok, err)
	case "variable":
		v, ok, err := from.Lookup(text("name"))
		return p.perhaps(v, ok, err)
	case "names":
		return values.Strings(from.Names()...), nil
	case "template":
		return p.render(from, q)
	case "is template":
		return values.Bool(from.IsTemplate(text("value"))), nil
	case "find":
		path, _ := from.Find(text("kind"), text("name"))
		return values.String(path), nil
	case "read":
		v, err := from.Read(text("path"))
		if err != nil {
			return v, err
		}
		return p.hand(v)
	case "yaml":
		v, _, err := yaml.Load([]byte(strings.TrimSpace(text("text"))), p.file+" (DOCUMENTATION)")
		return v, err
	case "ini":
		return p.ini(text("section"), text("key")), nil
	}
	return p.ofLive(what, q)
}

// render renders a template for a plugin.
func (p *plugin) render(from Scope, q *values.Map) (values.Value, error) {
	v, _ := q.Get("value")
	given, _ := q.Get("vars")
	v, err := p.wire.from(v)
	vars, err2 := p.wire.from(given)
	if err := errors.Join(err, err2); err != nil {
		return values.Null, err
	}
	m, _ := vars.AsMap()
	v, err = from.Render(v, m)
	if err != nil {
		return v, err
	}
	return p.hand(v)
}

func (p *plugin) ini(section, key string) values.Value {
	if p.set.options.Setting != nil {
		if v, ok := p.set.options.Setting(section, key); ok {
			return values.String(v)
		}
	}
	return values.Null
}
