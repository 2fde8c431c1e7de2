// Package lookups is the data sources that templates reach by lookup('name', ...) and
// tasks by with_name: files, commands and variables of the controller, and ways to
// walk lists.
//
// Whoever calls a lookup marks what it gives as data from outside.
package lookups

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Lookup gives one list for one use.
type Lookup func(q *Query) ([]values.Value, error)

// Query is one use of a lookup.
type Query struct {
	Ctx  context.Context
	Name string
	// Terms are the arguments behind the name, or the items of a with_. They are
	// rendered already.
	Terms []values.Value
	// Options are the arguments given by name.
	Options *values.Map
	// Kind is the directory of a role where files are looked for: files, templates, vars.
	Kind string
	From Scope
}

// Scope is what lookups ask of the place where they are used.
type Scope interface {
	// Lookup finds a variable, and Names lists them.
	Lookup(name string) (v values.Value, ok bool, err error)
	Names() []string
	// Find looks for a file by Ansible's search path; an empty path means that it is nowhere.
	Find(kind, name string) (path string, tried []string)
	// Dirs are the directories of the search path.
	Dirs() []string
	// Read gives a file's content as a string, decrypted and marked secret where it is encrypted.
	Read(path string) (values.Value, error)
	// Template renders a template file.
	Template(path string, o TemplateOptions) (values.Value, error)
	// Hosts gives the hosts of a pattern.
	Hosts(pattern string) ([]string, error)
	// Setting gives a setting by Ansible's name for it; Warn tells the operator something.
	Setting(name string) (values.Value, bool)
	Warn(msg string)
	// Getenv reads the controller's environment; Dir is where commands run.
	Getenv(name string) (string, bool)
	Dir() string
}

// TemplateOptions say how the lookup template renders.
type TemplateOptions struct {
	Vars *values.Map
	// Data turns text that looks like a list, map or bool into one.
	Data bool
	// Native reads all text that is a literal, where templates keep types at all.
	Native                                               bool
	VariableStart, VariableEnd, CommentStart, CommentEnd string
}

// All is the list of lookups by name.
func All() map[string]Lookup {
	return map[string]Lookup{
		"cartesian":           cartesian,
		"config":              config,
		"csvfile":             csvfile,
		"dict":                dict,
		"env":                 env,
		"file":                file,
		"fileglob":            fileglob,
		"first_found":         firstFound,
		"flattened":           flattened,
		"indexed_items":       indexedItems,
		"ini":                 ini,
		"inventory_hostnames": inventoryHostnames,
		"items":               items,
		"lines":               lines,
		"list":                list,
		"nested":              nested,
		"password":            password,
		"pipe":                pipe,
		"random_choice":       randomChoice,
		"sequence":            sequence,
		"subelements":         subelements,
		"template":            template,
		"together":            together,
		"unvault":             unvault,
		"url":                 url,
		"varnames":            varnames,
		"vars":                vars,
	}
}

// OnlyReads reports that a lookup does nothing but read what the controller has. pipe and
// lines run programs, url asks servers, password writes files; of added ones nobody knows.
func OnlyReads(name string) bool {
	switch name {
	case "cartesian", "config", "csvfile", "dict", "env", "file", "fileglob", "first_found", "flattened", "indexed_items",
		"ini", "inventory_hostnames", "items", "list", "nested", "random_choice", "sequence", "subelements", "template",
		"together", "unvault", "varnames", "vars":
		return true
	}
	return false
}

// Refused are lookups of collections that gdeploy does not have, with what to use instead.
func Refused() map[string]string {
	return map[string]string{
		"dig":           "use lookup('pipe', 'dig +short NAME')",
		"hashi_vault":   "use lookup('pipe', 'vault kv get -field=FIELD PATH')",
		"onepassword":   "use lookup('pipe', 'op read op://VAULT/ITEM/FIELD')",
		"passwordstore": "use lookup('pipe', 'pass show NAME')",
		"random_string": "use lookup('password', '/dev/null length=12')",
		"redis":         "use lookup('pipe', 'redis-cli get KEY')",
		"etcd":          "use lookup('pipe', 'etcdctl get --print-value-only KEY')",
		"bitwarden":     "use lookup('pipe', 'bw get password NAME')",
	}
}

// only refuses options that the lookup does not have.
func (q *Query) only(names ...string) error {
	for _, key := range q.Options.Keys() {
		if name := values.Text(key); !slices.Contains(names, name) {
			return fmt.Errorf("lookup %s does not know the option %q%s", q.Name, name, takes(names))
		}
	}
	return nil
}

func takes(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; it takes " + strings.Join(names, ", ")
}

func (q *Query) text(name, def string) string {
	if v, ok := q.Options.Get(name); ok && !v.IsNull() {
		return values.Text(v)
	}
	return def
}

func (q *Query) flag(name string, def bool) bool {
	v, ok := q.Options.Get(name)
	if !ok {
		return def
	}
	if s, ok := v.AsString(); ok {
		return slices.Contains([]string{"1", "true", "yes", "on", "y", "t"}, strings.ToLower(s))
	}
	return v.Truthy()
}

// each makes one result of each term's text.
func (q *Query) each(do func(term string) (values.Value, error)) ([]values.Value, error) {
	out := make([]values.Value, 0, len(q.Terms))
	for _, term := range q.Terms {
		v, err := do(values.Text(term))
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

// flatten opens the lists among items, one level deep.
func flatten(items []values.Value) []values.Value {
	out := make([]values.Value, 0, len(items))
	for _, item := range items {
		if item.Kind() == values.KindList {
			out = append(out, item.Items()...)
			continue
		}
		out = append(out, item)
	}
	return out
}

// keyValues reads "name key=value key=value": the first words are the name.
func keyValues(term string) (name string, pairs map[string]string) {
	pairs = map[string]string{}
	var words []string
	for _, word := range strings.Fields(term) {
		key, value, ok := strings.Cut(word, "=")
		if !ok {
			words = append(words, word)
			continue
		}
		if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
			value = value[1 : n-1]
		}
		pairs[key] = value
	}
	return strings.Join(words, " "), pairs
}
