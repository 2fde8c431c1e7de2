package jinja

import (
	"context"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// run is what one render shares with the templates that it includes.
type run struct {
	ctx        context.Context
	env        *Environment
	limits     Limits
	iterations int
	depth      int
	printed    int
	templates  map[string]*Template
}

func newRun(ctx context.Context, env *Environment) *run {
	return &run{ctx: ctx, env: env, limits: env.options.Limits}
}

// spend counts n loop rounds against the limit and sees whether the time is over.
func (r *run) spend(n int) error {
	before := r.iterations
	r.iterations += n
	if r.iterations > r.limits.Iterations || n < 0 {
		return limitErrorf("the template runs more than %d loop rounds", r.limits.Iterations)
	}
	if before>>8 != r.iterations>>8 || before == 0 {
		return r.ctx.Err()
	}
	return nil
}

// enter counts one more level of macros, includes and recursive loops; leave takes it back.
func (r *run) enter() error {
	if r.depth++; r.depth > r.limits.Recursion {
		r.depth--
		return limitErrorf("macros, includes and recursive loops are nested more than %d deep: does one call itself?", r.limits.Recursion)
	}
	if err := r.ctx.Err(); err != nil {
		r.depth--
		return err
	}
	return nil
}

func (r *run) leave() { r.depth-- }

// fits checks the size of a string or list that is about to be made.
func (r *run) fits(size int) error {
	if size < 0 || size > r.limits.Output {
		return limitErrorf("the result is larger than %d bytes", r.limits.Output)
	}
	return nil
}

// instance is a template in one run: its scope, and what it defines at the top level.
type instance struct {
	*run
	t       *Template
	scope   Scope
	cache   []cached
	exports *exports
	blocks  *blockTable
	root    *frame
	parent  *Template // what the template turned out to extend
}

type cached struct {
	v     values.Value
	state uint8
}

const (
	cacheEmpty uint8 = iota
	cacheFound
	cacheMissing
)

func newInstance(t *Template, r *run, s Scope) *instance {
	return &instance{run: r, t: t, scope: s, exports: &exports{}}
}

// exports are the names that a template sets at its top level; blocks, parents and
// importers see them.
type exports struct {
	names []string
	vars  map[string]values.Value
}

func (x *exports) set(name string, v values.Value) {
	if x.vars == nil {
		x.vars = map[string]values.Value{}
	}
	if _, ok := x.vars[name]; !ok {
		x.names = append(x.names, name)
	}
	x.vars[name] = v
}

// free finds a name that no frame has: in the exports, the scope, then the globals.
func (in *instance) free(sym int) (values.Value, bool, error) {
	name := in.t.symbols[sym]
	if v, ok := in.exports.vars[name]; ok {
		return v, true, nil
	}
	if in.cache == nil {
		in.cache = make([]cached, len(in.t.symbols))
	}
	c := &in.cache[sym]
	if c.state != cacheEmpty {
		return c.v, c.state == cacheFound, nil
	}
	v, ok, err := in.outside(name)
	if err != nil {
		return values.Null, false, err
	}
	c.v, c.state = v, cacheMissing
	if ok {
		c.state = cacheFound
	}
	return v, ok, nil
}

func (in *instance) outside(name string) (values.Value, bool, error) {
	if in.scope != nil {
		v, ok, err := in.scope.Lookup(name)
		if ok || err != nil {
			return v, ok, err
		}
	}
	v, ok := in.env.globals[name]
	return v, ok, nil
}

// frame holds the names of one block of a template.
type frame struct {
	in     *instance
	parent *frame
	vars   []binding
	top    bool // names set here are exported
}

type binding struct {
	sym int
	v   values.Value
}

func (f *frame) inner() *frame { return &frame{in: f.in, parent: f} }

func (f *frame) set(sym int, v values.Value) {
	if f.top {
		f.in.exports.set(f.in.t.symbols[sym], v)
	}
	for i := range f.vars {
		if f.vars[i].sym == sym {
			f.vars[i].v = v
			return
		}
	}
	f.vars = append(f.vars, binding{sym, v})
}

func (f *frame) lookup(sym int) (values.Value, bool, error) {
	for at := f; at != nil; at = at.parent {
		for i := range at.vars {
			if at.vars[i].sym == sym {
				return at.vars[i].v, true, nil
			}
		}
	}
	return f.in.free(sym)
}

// Lookup makes a frame the Scope of included templates and of functions. The name loop
// stays inside its template.
func (f *frame) Lookup(name string) (values.Value, bool, error) {
	if name == "loop" {
		return f.in.outside(name)
	}
	return blockScope{f}.Lookup(name)
}

// blockScope is the Scope of a scoped block: all that its frame sees, loop included.
type blockScope struct{ *frame }

// Lookup finds a name as the frame does.
func (s blockScope) Lookup(name string) (values.Value, bool, error) {
	for at := s.frame; at != nil; at = at.parent {
		for i := range at.vars {
			if s.in.t.symbols[at.vars[i].sym] == name {
				return at.vars[i].v, true, nil
			}
		}
	}
	if v, ok := s.in.exports.vars[name]; ok {
		return v, true, nil
	}
	return s.in.outside(name)
}

// output collects what a template prints, with the marks of what was printed. With
// pieces it keeps the values apart instead of joining them.
type output struct {
	*run
	text    strings.Builder
	marks   values.Value // carries the marks only
	pieces  []values.Value
	literal bool // the last piece is literal text
}

// write prints literal text.
func (o *output) write(text string) error {
	if err := o.count(len(text)); err != nil {
		return err
	}
	if o.pieces == nil {
		o.text.WriteString(text)
		return nil
	}
	if last := len(o.pieces) - 1; o.literal {
		before, _ := o.pieces[last].AsString()
		o.pieces[last] = values.String(before + text)
		return nil
	}
	o.pieces = append(o.pieces, values.String(text))
	o.literal = true
	return nil
}

// print prints the value of a {{ }}.
func (o *output) print(v values.Value) error {
	if o.pieces != nil {
		o.pieces = append(o.pieces, v)
		o.literal = false
		return o.spend(1)
	}
	text := textOfDefined(v)
	o.marks = o.marks.Inherit(deepMarks(v))
	if err := o.count(len(text)); err != nil {
		return err
	}
	o.text.WriteString(text)
	return nil
}

func (o *output) count(n int) error {
	if o.printed += n; o.printed > o.limits.Output {
		return limitErrorf("the template prints more than %d bytes", o.limits.Output)
	}
	return nil
}

func (o *output) value() values.Value {
	return values.String(o.text.String()).Inherit(o.marks)
}

// captured is an output whose value the template itself goes on with.
func captured(r *run) *output {
	if r.env.options.Join == nil {
		return &output{run: r}
	}
	return &output{run: r, pieces: []values.Value{}}
}

// joined is the value of a captured output.
func (o *output) joined() (values.Value, error) {
	if o.pieces == nil {
		return o.value(), nil
	}
	return o.env.options.Join(o.pieces)
}
