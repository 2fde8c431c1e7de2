package variables

import (
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables/plugins"
)

// AddPlugins makes the filters, tests and lookups known that a playbook or a role brings in dir. It
// reports whether there are any; the error says that there is no Python to run them.
func (s *Store) AddPlugins(dir string) (grew bool, err error) {
	if s.options.Plugins == nil {
		return false, nil
	}
	if grew = s.options.Plugins.Add(dir); grew {
		s.engine.forget()
	}
	return grew, s.options.Plugins.Check()
}

// ownNames are the filters and tests of the user's own, which go before gdeploy's. Only those of
// other collections that gdeploy has are its own, whatever is installed: they need no Python.
type ownNames struct {
	*plugins.Set
	known jinja.Options
}

// Filter finds a filter of the user's own.
func (o ownNames) Filter(name string) (jinja.Filter, error) {
	if isOfCollection(name) && o.known.Filters[name] != nil {
		return nil, nil
	}
	return o.Set.Filter(name)
}

// Test finds a test of the user's own.
func (o ownNames) Test(name string) (jinja.Test, error) {
	if isOfCollection(name) && o.known.Tests[name] != nil {
		return nil, nil
	}
	return o.Set.Test(name)
}

func isOfCollection(name string) bool {
	return strings.Contains(name, ".") && !strings.HasPrefix(name, "ansible.legacy.")
}

// Raw gives a variable as it was written. What is encrypted in it is opened.
func (l lookupScope) Raw(name string) (values.Value, bool, error) {
	v, ok, err := l.raw(name)
	if !ok || err != nil {
		return v, ok, err
	}
	if holdsEncrypted(v) {
		return l.variable(name)
	}
	return v, true, nil
}

func holdsEncrypted(v values.Value) bool {
	if isEncrypted(v) {
		return true
	}
	items := v.Items()
	if m, ok := v.AsMap(); ok {
		items = m.Values()
	}
	for _, item := range items {
		if holdsEncrypted(item) {
			return true
		}
	}
	return false
}

// Render renders the templates in v, with further variables.
func (l lookupScope) Render(v values.Value, vars *values.Map) (values.Value, error) {
	sc := l.Scope
	if vars != nil {
		sc = sc.With(vars)
	}
	return sc.render(v, true)
}

// IsTemplate reports whether text is a template.
func (l lookupScope) IsTemplate(text string) bool { return isTemplate(text) }
