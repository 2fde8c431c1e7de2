package lookups

import (
	"errors"
	"fmt"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/jinja/pyre"
	"github.com/gdeploy/gdeploy/values"
)

// vars gives variables by their names.
func vars(q *Query) ([]values.Value, error) {
	if err := q.only("default"); err != nil {
		return nil, err
	}
	var out []values.Value
	for _, term := range q.Terms {
		name, ok := term.AsString()
		if !ok {
			//lint:ignore ST1005 scripts look for this sentence
			return nil, fmt.Errorf("Invalid setting identifier, \"%s\" is not a string, its a %s", values.Text(term), term.Kind())
		}
		v, ok, err := q.From.Lookup(name)
		if err != nil {
			return nil, err
		}
		if !ok {
			if v, ok = q.Options.Get("default"); !ok || v.IsNull() {
				return nil, &jinja.UndefinedError{Name: name, Msg: "No variable found with this name: " + name}
			}
		}
		if err := jinja.Defined(v); err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// varnames gives the names of variables that match regular expressions.
func varnames(q *Query) ([]values.Value, error) {
	names := q.From.Names()
	var out []values.Value
	for _, term := range q.Terms {
		text, ok := term.AsString()
		if !ok {
			//lint:ignore ST1005 scripts look for this sentence
			return nil, fmt.Errorf("Invalid setting identifier, \"%s\" is not a string, it's a %s", values.Text(term), term.Kind())
		}
		pattern, err := pyre.Compile(text, 0)
		if err != nil {
			//lint:ignore ST1005 scripts look for this sentence
			return nil, fmt.Errorf("Unable to use \"%s\" as a search parameter: %w", text, err)
		}
		for _, name := range names {
			match, err := pattern.Search(name)
			if err != nil {
				return nil, err
			}
			if match != nil {
				out = append(out, values.String(name))
			}
		}
	}
	return out, q.only()
}

// inventoryHostnames gives the hosts of a pattern.
func inventoryHostnames(q *Query) ([]values.Value, error) {
	if err := q.only(); err != nil {
		return nil, err
	}
	pattern := ""
	for i, term := range q.Terms {
		if i > 0 {
			pattern += ","
		}
		pattern += values.Text(term)
	}
	if pattern == "" {
		return nil, errors.New("inventory_hostnames needs a pattern, such as 'web:!web1'")
	}
	hosts, err := q.From.Hosts(pattern)
	return values.Strings(hosts...).Items(), err
}
