package variables

import (
	"github.com/gdeploy/gdeploy/values"
)

// Scope is the view that one task on one host has of the variables, as they are when
// they are first looked up. It is not safe for concurrent use; scopes are cheap.
type Scope struct {
	store  *Store
	c      Context
	known  map[string]found
	active map[string]bool
	stack  []string
}

// found is a variable whose value was worked out.
type found struct {
	v   values.Value
	ok  bool
	err error
}

// Scope makes the view for c.
func (s *Store) Scope(c Context) *Scope {
	return &Scope{store: s, c: c, known: map[string]found{}}
}

// Context is what the scope was made for.
func (sc *Scope) Context() Context { return sc.c }

// With gives a scope with more of what Context.Extra holds.
func (sc *Scope) With(extra *values.Map) *Scope {
	c := sc.c
	c.Extra = extra
	if sc.c.Extra != nil {
		c.Extra = sc.c.Extra.Clone()
		for key, v := range extra.All() {
			c.Extra.SetKey(key, v)
		}
	}
	return sc.store.Scope(c)
}

// Lookup finds a variable and renders it; ok is false where nothing defines it.
func (sc *Scope) Lookup(name string) (v values.Value, ok bool, err error) {
	return values.Null, false, nil
}

// Render gives v with every template in it replaced by its value, as Ansible does it
// for task arguments: lists and maps all the way down, keys left alone, what is unsafe
// untouched, and text that is a literal list, map or bool read as such. Entries that
// are omit stay; see DropOmitted.
func (sc *Scope) Render(v values.Value) (values.Value, error) { return v, nil }

// Text renders v and prints it as Python's str.
func (sc *Scope) Text(v values.Value) (string, error) { return values.Text(v), nil }

// Bool renders v and reads it as a boolean as Ansible's keywords do: yes, on, true, 1.
// Null is false.
func (sc *Scope) Bool(v values.Value) (bool, error) { return v.Truthy(), nil }

// Int renders v and reads it as an integer.
func (sc *Scope) Int(v values.Value) (int64, error) { i, _ := v.AsInt(); return i, nil }

// Float renders v and reads it as a number.
func (sc *Scope) Float(v values.Value) (float64, error) { f, _ := v.AsFloat(); return f, nil }

// Condition evaluates the expressions of a when, until, changed_when or failed_when one
// after the other. failing is the first that is false, as it was written.
func (sc *Scope) Condition(exprs []values.Value) (ok bool, failing string, err error) {
	return true, "", nil
}

// Loop gives the items of with_<lookup>; terms are as written. For loop: use Render.
func (sc *Scope) Loop(lookup string, terms values.Value) ([]values.Value, error) { return nil, nil }

// Explain lists every source of a variable, the strongest first.
func (sc *Scope) Explain(name string) []Source { return nil }

// Source is one place that gives a variable a value.
type Source struct {
	Level Level
	Where string
	Pos   values.Position
	Value values.Value // as written there
	Wins  bool
}

// DropOmitted gives args without the entries that are omit, at any depth, as module
// arguments want them.
func DropOmitted(args *values.Map) *values.Map { return args }

// FileOptions say how the template module reads a template.
type FileOptions struct {
	// Path is where the template was found, Dest where it goes; both become variables.
	Path, Dest string
	// KeepBlocks turns trim_blocks off; LstripBlocks is as in Jinja.
	KeepBlocks, LstripBlocks bool
	// NewlineSequence is \n where empty.
	NewlineSequence string
	// The delimiters; Jinja's own where empty.
	BlockStart, BlockEnd, VariableStart, VariableEnd, CommentStart, CommentEnd string
}

// RenderFile renders a template file as the template module does: with a #jinja2: header
// line, ansible_managed, template_path and their like.
func (sc *Scope) RenderFile(src []byte, o FileOptions) ([]byte, error) { return src, nil }

// CheckTemplate finds what is wrong with the templates in v without rendering them:
// syntax, unknown filters and tests. asExpression reads strings as bare expressions, as
// those of when.
func (s *Store) CheckTemplate(v values.Value, asExpression bool) []error { return nil }
