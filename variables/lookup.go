package variables

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/lookups"
)

// UnknownLookupError is a lookup that gdeploy does not have.
type UnknownLookupError struct {
	Name string
	// Hint is what to use instead; often empty.
	Hint string
}

// Error names the lookup.
func (e *UnknownLookupError) Error() string {
	if e.Hint == "" {
		return fmt.Sprintf("lookup plugin (%s) not found", e.Name)
	}
	return fmt.Sprintf("lookup plugin (%s) not found: %s", e.Name, e.Hint)
}

// HasLookup reports whether templates and with_ may use the lookup name.
func (s *Store) HasLookup(name string) bool { return s.lookup(name) != nil }

// lookup finds a lookup. One of the user's own goes before gdeploy's of the same name.
func (s *Store) lookup(name string) lookups.Lookup {
	if own := s.ownLookup(name); own != nil {
		return own
	}
	return s.lookups[plainLookup(name)]
}

func (s *Store) ownLookup(name string) lookups.Lookup {
	if s.options.Plugins == nil || isOfCollection(name) && s.lookups[plainLookup(name)] != nil {
		return nil
	}
	return s.options.Plugins.Lookup(name)
}

// plainLookup is a lookup's name without its collection.
func plainLookup(name string) string {
	for _, prefix := range []string{"ansible.builtin.", "ansible.legacy.", "community.general."} {
		name = strings.TrimPrefix(name, prefix)
	}
	return name
}

func (sc *Scope) runLookup(name, kind string, terms []values.Value, options *values.Map) ([]values.Value, error) {
	run := sc.store.lookup(name)
	if run == nil {
		return nil, sc.store.unknownLookup(name)
	}
	if sc.store.ownLookup(name) != nil || !lookups.OnlyReads(plainLookup(name)) {
		if sc.c.Ahead {
			return nil, fmt.Errorf("lookup %q waits for the turn of its task", name)
		}
		sc.store.deeds.Add(1)
	}
	return run(&lookups.Query{Ctx: sc.ctx(), Name: plainLookup(name), Terms: terms, Options: options, Kind: kind, From: lookupScope{sc}})
}

func (s *Store) unknownLookup(name string) error {
	if hint, ok := lookups.Refused()[plainLookup(name)]; ok {
		return &UnknownLookupError{Name: name, Hint: hint}
	}
	names := slices.Sorted(maps.Keys(s.lookups))
	hint := ""
	if near := nearest(plainLookup(name), names); len(near) > 0 {
		hint = "did you mean " + near[0] + "?"
	}
	return &UnknownLookupError{Name: name, Hint: hint}
}

// Loop gives the items of with_<lookup>; terms are as written. For loop: use Render.
func (sc *Scope) Loop(lookup string, terms values.Value) ([]values.Value, error) {
	rendered, err := sc.loopTerms(lookup, terms)
	if err != nil {
		return nil, sc.explainError(err)
	}
	options := values.NewMap(1)
	if sc.store.ownLookup(lookup) != nil {
		options.Set("wantlist", values.True) // as Ansible tells them
	}
	items, err := sc.runLookup(lookup, sc.fileKind(), rendered, options)
	if err != nil {
		return nil, sc.explainError(err)
	}
	return values.FromSlice(items).MarkUnsafe().Items(), nil
}

// loopTerms renders the terms of a with_. Those of first_found that are made of
// something undefined are left out: it goes on to the next.
func (sc *Scope) loopTerms(lookup string, terms values.Value) ([]values.Value, error) {
	if lookup == "first_found" && terms.Kind() == values.KindList {
		var out []values.Value
		for _, term := range terms.Items() {
			v, err := sc.render(term, true)
			if _, undefined := undefinedIn(err); undefined {
				continue
			}
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	}
	if s, ok := terms.AsString(); ok {
		terms = values.String(strings.TrimSpace(s)).At(terms.Pos()).Inherit(terms)
	}
	v, err := sc.render(terms, true)
	if err != nil {
		return nil, err
	}
	if v.Kind() == values.KindList {
		return v.Items(), nil
	}
	return []values.Value{v}, nil
}

// warn tells the operator something that is not an error.
func (sc *Scope) warn(msg string) {
	if sc.store.options.Warn != nil && !sc.c.Ahead {
		sc.store.options.Warn(msg)
	}
}

// fileKind is where with_first_found of the scope's task looks.
func (sc *Scope) fileKind() string {
	if sc.c.Task == nil {
		return "files"
	}
	switch sc.c.Task.Action {
	case "template":
		return "templates"
	case "include_vars":
		return "vars"
	case "include_tasks":
		return "tasks"
	}
	return "files"
}

// lookupScope is a scope as lookups see it.
type lookupScope struct{ *Scope }

// Find looks for a file by the search path of the task.
func (l lookupScope) Find(kind, name string) (string, []string) { return l.Finder().Find(kind, name) }

// Dirs are the directories of the search path.
func (l lookupScope) Dirs() []string { return l.Finder().dirs() }

// Dir is where commands run.
func (l lookupScope) Dir() string { return l.Finder().PlaybookDir }

// Read gives a file's content, decrypted where it is encrypted.
func (l lookupScope) Read(path string) (values.Value, error) {
	data, secret, err := l.store.ReadFile(path)
	v := values.String(string(data))
	if secret {
		v = v.MarkSecret()
	}
	return v, err
}

// Hosts gives the hosts of a pattern.
func (l lookupScope) Hosts(pattern string) ([]string, error) {
	if l.store.options.Inventory == nil {
		return nil, nil
	}
	return l.store.options.Inventory.Select(pattern)
}

// Getenv reads the controller's environment.
func (l lookupScope) Getenv(name string) (string, bool) {
	if l.store.options.Getenv == nil {
		return os.LookupEnv(name)
	}
	text := l.store.options.Getenv(name)
	return text, text != ""
}

// Setting gives a setting by Ansible's name for it.
func (l lookupScope) Setting(name string) (values.Value, bool) { return l.store.options.setting(name) }

// Warn tells the operator something that is not an error.
func (l lookupScope) Warn(msg string) { l.warn(msg) }

// Template renders a template file.
func (l lookupScope) Template(path string, o lookups.TemplateOptions) (values.Value, error) {
	src, secret, err := l.store.ReadFile(path)
	if err != nil {
		return values.Null, err
	}
	sc := l.Scope
	if o.Vars != nil {
		sc = sc.With(o.Vars)
	}
	v, err := sc.renderFile(src, FileOptions{Path: path, Delimiters: jinja.Delimiters{
		VariableStart: o.VariableStart, VariableEnd: o.VariableEnd, CommentStart: o.CommentStart, CommentEnd: o.CommentEnd}})
	if secret {
		v = v.MarkSecret()
	}
	switch {
	case err != nil:
		return v, err
	case o.Native && l.store.options.Native:
		return readNative(values.Text(v), true, v), nil
	case !o.Data:
		return v.MarkVerbatim(), nil
	}
	return readBack(values.Text(v), true, v), nil
}
