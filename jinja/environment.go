package jinja

import (
	"context"
	"maps"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Scope is where a render finds its variables. Lookup is called only for names that
// the template uses, at most once for each name and render. An error stops the render.
type Scope interface {
	Lookup(name string) (v values.Value, ok bool, err error)
}

// Vars is the simplest Scope.
type Vars map[string]values.Value

// Lookup finds name in the map.
func (m Vars) Lookup(name string) (values.Value, bool, error) {
	v, ok := m[name]
	return v, ok, nil
}

// Filter computes {{ c.Value | name(c.Args..., c.Kwargs...) }}.
type Filter func(c *Call) (values.Value, error)

// Test decides {{ c.Value is name(c.Args...) }}.
type Test func(c *Call) (bool, error)

// Delimiters are the marks around tags; empty ones mean Jinja's own.
type Delimiters struct {
	BlockStart, BlockEnd       string
	VariableStart, VariableEnd string
	CommentStart, CommentEnd   string
}

// Own are filters and tests that are looked up by name when a template is compiled, because they
// may come to be known later than the Environment. They go before all others, and may be given
// undefined values. It must be safe for concurrent use.
type Own interface {
	// Filter and Test give nil where there is none of the name, and an error where that
	// cannot be known.
	Filter(name string) (Filter, error)
	Test(name string) (Test, error)
	// Names are those of all filters or tests ("filter", "test"), for suggestions.
	Names(kind string) []string
	// Why says what may have kept a filter or test from being there; often empty.
	Why(kind, name string) string
}

// Options say what an Environment knows beside Jinja's own filters, tests and globals.
type Options struct {
	// Own are further filters and tests; nil where there are none.
	Own Own
	// Filters and Tests are added to Jinja's own and replace those of the same name.
	Filters map[string]Filter
	Tests   map[string]Test
	// Globals are names that every template sees unless its Scope has them.
	Globals map[string]values.Value
	// Hints say what to use instead of filters and tests that do not exist.
	Hints map[string]string
	// UndefinedFilters names the added filters that accept an undefined value; all
	// others fail before they are called.
	UndefinedFilters []string
	// Loader gives the source of a template that include, import or extends names.
	Loader func(name string) (src string, err error)
	// Finalize, where set, changes the value of each {{ }} before it is printed.
	Finalize func(values.Value) (values.Value, error)
	// Join, where set, makes one value of what a macro, a set block, a filter block or
	// a call of super() printed; else that is text.
	Join func(pieces []values.Value) (values.Value, error)
	// TrimBlocks drops the newline behind a block tag, LstripBlocks the blanks before
	// one that starts a line. A single newline at the end of the source is dropped
	// unless KeepTrailingNewline is set.
	TrimBlocks, LstripBlocks, KeepTrailingNewline bool
	Delimiters                                    Delimiters
	Limits                                        Limits
}

// Limits bound what one render may use. Zero means the default. Time is bounded by
// the context.
type Limits struct {
	// Recursion is how deep macros, includes and recursive loops may nest; 200.
	Recursion int
	// Iterations is how many loop rounds and elements of range() one render may use; 1 million.
	Iterations int
	// Output is how many bytes one render, and any string made in it, may have; 64 MiB.
	Output int
}

// Environment compiles templates. It is immutable and safe for concurrent use.
type Environment struct {
	options          Options
	filters          map[string]Filter
	tests            map[string]Test
	globals          map[string]values.Value
	acceptsUndefined map[string]bool
}

// New makes an environment with Jinja's own filters, tests and globals, and those of o.
func New(o Options) *Environment {
	o.Limits = o.Limits.withDefaults()
	o.Delimiters = o.Delimiters.withDefaults()
	e := &Environment{
		options:          o,
		filters:          Filters(),
		tests:            Tests(),
		globals:          Globals(),
		acceptsUndefined: map[string]bool{},
	}
	maps.Copy(e.filters, o.Filters)
	maps.Copy(e.tests, o.Tests)
	maps.Copy(e.globals, o.Globals)
	for _, name := range append(undefinedFilters(), o.UndefinedFilters...) {
		e.acceptsUndefined[name] = true
	}
	return e
}

// With makes an environment that differs from e by what change does to its options.
func (e *Environment) With(change func(*Options)) *Environment {
	o := e.options
	change(&o)
	return New(o)
}

// HasFilter reports whether templates may use the filter name.
func (e *Environment) HasFilter(name string) bool {
	f, err := e.filter(name)
	return f != nil && err == nil
}

// HasTest reports whether templates may use the test name.
func (e *Environment) HasTest(name string) bool {
	t, err := e.test(name)
	return t != nil && err == nil
}

// filter finds a filter; nil where there is none.
func (e *Environment) filter(name string) (Filter, error) {
	if e.options.Own != nil {
		if f, err := e.options.Own.Filter(name); f != nil || err != nil {
			return f, err
		}
	}
	return e.filters[name], nil
}

// test finds a test; nil where there is none.
func (e *Environment) test(name string) (Test, error) {
	if e.options.Own != nil {
		if t, err := e.options.Own.Test(name); t != nil || err != nil {
			return t, err
		}
	}
	return e.tests[name], nil
}

// takesUndefined reports that a filter is called with an undefined value too.
func (e *Environment) takesUndefined(filter string) bool {
	if e.options.Own != nil {
		if f, err := e.options.Own.Filter(filter); f != nil && err == nil {
			return true
		}
	}
	return e.acceptsUndefined[filter]
}

func (l Limits) withDefaults() Limits {
	setDefault(&l.Recursion, 200)
	setDefault(&l.Iterations, 1_000_000)
	setDefault(&l.Output, 64<<20)
	return l
}

func (d Delimiters) withDefaults() Delimiters {
	setDefault(&d.BlockStart, "{%")
	setDefault(&d.BlockEnd, "%}")
	setDefault(&d.VariableStart, "{{")
	setDefault(&d.VariableEnd, "}}")
	setDefault(&d.CommentStart, "{#")
	setDefault(&d.CommentEnd, "#}")
	return d
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Template is a compiled template.
type Template struct {
	*source
	body     []stmt
	blocks   map[string]*blockStmt
	usesSelf bool
	selfSym  int
	symbols  []string
	free     []string
}

// Expression is a compiled expression, as it stands between {{ and }}.
type Expression struct {
	root expr
	t    *Template
}

// Compile parses a template. pos is where src starts; mistakes are reported relative
// to it as *SyntaxError, several of them joined.
func (e *Environment) Compile(src string, pos values.Position) (*Template, error) {
	p, err := newParser(e, src, pos)
	if err != nil {
		return nil, err
	}
	return p.template()
}

// CompileExpression parses one bare expression, such as that of a when.
func (e *Environment) CompileExpression(src string, pos values.Position) (*Expression, error) {
	p, err := newExpressionParser(e, src, pos)
	if err != nil {
		return nil, err
	}
	return p.expression()
}

// Names are the variables that the template takes from its Scope, or from the globals, in
// order of appearance.
func (t *Template) Names() []string { return t.free }

// Names are the variables that the expression takes from its Scope, or from the globals, in
// order of appearance.
func (x *Expression) Names() []string { return x.t.free }

// Render gives the template's text.
func (t *Template) Render(ctx context.Context, s Scope) (string, error) {
	v, err := t.RenderValue(ctx, s)
	return values.Text(v), err
}

// RenderValue is Render with the marks of everything that was printed.
func (t *Template) RenderValue(ctx context.Context, s Scope) (values.Value, error) {
	in := newInstance(t, newRun(ctx, t.env), s)
	out := &output{run: in.run}
	if err := in.render(out); err != nil {
		return values.String(""), err
	}
	return out.value(), nil
}

// Nodes gives the pieces of the output before they are joined: literal text, and the
// value of each {{ }} as it is. A template that is one expression gives one piece.
func (t *Template) Nodes(ctx context.Context, s Scope) ([]values.Value, error) {
	in := newInstance(t, newRun(ctx, t.env), s)
	out := &output{run: in.run, pieces: []values.Value{}}
	if err := in.render(out); err != nil {
		return nil, err
	}
	return out.pieces, nil
}

// Eval gives the value of the expression. It may be undefined: see Defined and Truth.
func (x *Expression) Eval(ctx context.Context, s Scope) (values.Value, error) {
	in := newInstance(x.t, newRun(ctx, x.t.env), s)
	v, err := x.root.eval(&frame{in: in})
	return v, locate(x.t.source, 0, err)
}

// source is a template's text and where it stands.
type source struct {
	env  *Environment
	text string
	pos  values.Position
}

// lineOf counts lines from the start of the template.
func (s *source) lineOf(offset int) int {
	return 1 + strings.Count(s.text[:min(offset, len(s.text))], "\n")
}

// position turns an offset into file, line and column.
func (s *source) position(offset int) values.Position {
	pos := s.pos
	if pos.Line == 0 {
		pos.Line, pos.Col = 1, 1
	}
	return pos.Within(s.text, offset)
}
