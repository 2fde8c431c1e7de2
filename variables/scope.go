package variables

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// Scope is the view that one task on one host has of the variables, as they are when
// they are first looked up. It is not safe for concurrent use; scopes are cheap.
type Scope struct {
	store *Store
	c     Context
	// outside marks the scope of a host as hostvars shows it.
	outside bool

	sources sources
	ordered bool
	failed  error // what went wrong when the sources were ordered

	known  map[string]found
	active []string          // the variables that are being rendered, outermost first
	peers  map[string]*Scope // the scopes of hostvars
}

// found is a variable whose value was worked out.
type found struct {
	v   values.Value
	ok  bool
	err error
}

// Scope makes the view for c.
func (s *Store) Scope(c Context) *Scope {
	return &Scope{store: s, c: c, known: map[string]found{}, peers: map[string]*Scope{}}
}

// Context is what the scope was made for.
func (sc *Scope) Context() Context { return sc.c }

// With gives a scope with more of what Context.Extra holds.
func (sc *Scope) With(extra *values.Map) *Scope {
	sc.arrange()
	c := sc.c
	c.Extra = extra
	if sc.c.Extra != nil {
		c.Extra = combine(sc.c.Extra, extra, false)
	}
	return &Scope{store: sc.store, c: c, outside: sc.outside, sources: sc.sources, ordered: true, failed: sc.failed,
		known: map[string]found{}, peers: sc.peers}
}

func (sc *Scope) ctx() context.Context {
	if sc.c.Ctx == nil {
		return context.Background()
	}
	return sc.c.Ctx
}

func (sc *Scope) arrange() {
	if !sc.ordered {
		sc.ordered = true
		sc.sources, sc.failed = sc.store.order(sc.c)
	}
}

// Lookup finds a variable, or one of the functions that templates may call, and renders
// it; ok is false where nothing defines it. A variable that is made of an undefined one
// is an undefined value, so that a default for it works.
func (sc *Scope) Lookup(name string) (v values.Value, ok bool, err error) {
	v, ok, err = sc.variable(name)
	if ok || err != nil {
		return v, ok, err
	}
	if make, ok := sc.store.functions[name]; ok {
		return make(sc), true, nil
	}
	return values.Null, false, nil
}

func (sc *Scope) variable(name string) (values.Value, bool, error) {
	if f, ok := sc.known[name]; ok {
		return f.v, f.ok, f.err
	}
	raw, ok, err := sc.raw(name)
	if ok && err == nil {
		raw, err = sc.resolve(name, raw)
	}
	sc.known[name] = found{raw, ok, err}
	return raw, ok, err
}

// resolve renders the value of a variable.
func (sc *Scope) resolve(name string, raw values.Value) (values.Value, error) {
	if raw.Kind() == values.KindObject && !isEncrypted(raw) {
		return raw, nil
	}
	if at := slices.Index(sc.active, name); at >= 0 {
		return values.Null, &LoopError{Names: append(slices.Clone(sc.active[at:]), name), Template: values.Text(raw), Pos: raw.Pos()}
	}
	sc.active = append(sc.active, name)
	v, err := sc.render(Listed(raw), true)
	sc.active = sc.active[:len(sc.active)-1]
	if u, ok := undefinedIn(err); ok {
		return values.FromObject(&jinja.Undefined{Name: u.Name, Hint: values.Text(raw) + ": " + u.Msg, Pos: u.Pos}), nil
	}
	return v, err
}

// Listed makes lists of tuples: a variable never is one, nor a list of them. (with_ of
// lookups such as subelements gives tuples as items.)
func Listed(v values.Value) values.Value {
	l, ok := v.AsList()
	if !ok || !l.Tuple && !slices.ContainsFunc(l.Items, isTuple) {
		return v
	}
	items := make([]values.Value, len(l.Items))
	for i, item := range l.Items {
		items[i] = Listed(item)
	}
	return values.FromSlice(items).At(v.Pos()).Inherit(v)
}

func isTuple(v values.Value) bool {
	l, ok := v.AsList()
	return ok && l.Tuple
}

// LoopError says that a variable is made of itself.
type LoopError struct {
	// Names are the variables from the first to itself again.
	Names    []string
	Template string
	// Pos is where the template was written.
	Pos values.Position
}

// Error names the template and the way round.
func (e *LoopError) Error() string {
	return fmt.Sprintf("recursive loop detected in template string: %s (%s)", e.Template, strings.Join(e.Names, " -> "))
}

// raw finds a variable as it was written.
func (sc *Scope) raw(name string) (values.Value, bool, error) {
	if make := sc.store.magic[name]; make != nil {
		if v, ok := make(sc); ok {
			return v, true, nil
		}
	}
	if sc.c.Extra != nil {
		if v, ok := sc.c.Extra.Get(name); ok {
			return v, true, nil
		}
	}
	sc.arrange()
	if sc.failed != nil {
		return values.Null, false, sc.failed
	}
	if v, ok := sc.find(name); ok {
		return v, true, nil
	}
	v, ok := sc.connected(name)
	return v, ok, nil
}

func (sc *Scope) find(name string) (values.Value, bool) {
	var merged values.Value
	ok := false
	for i := range sc.sources {
		v, has := sc.sources[i].vars.Get(name)
		switch {
		case !has:
			continue
		case !sc.store.options.MergeHashes || v.Kind() != values.KindMap && !ok:
			return v, true
		case !ok:
			merged, ok = v, true
		case v.Kind() != values.KindMap:
			return merged, true
		default:
			merged = combineValues(v, merged)
		}
	}
	return merged, ok
}

// Names lists all variables of the scope in no special order, without functions.
func (sc *Scope) Names() []string {
	seen := map[string]bool{}
	for name, make := range sc.store.magic {
		if _, ok := make(sc); ok && !(sc.outside && name == "hostvars") {
			seen[name] = true
		}
	}
	sc.arrange()
	if sc.c.Extra != nil {
		addKeys(seen, sc.c.Extra)
	}
	for _, s := range sc.sources {
		addKeys(seen, s.vars)
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func addKeys(seen map[string]bool, from vars) {
	for _, key := range from.Keys() {
		seen[values.Text(key)] = true
	}
}

// Source is one place that gives a variable a value.
type Source struct {
	Level Level
	Where string
	Pos   values.Position
	Value values.Value // as written there
	Wins  bool
}

// Explain lists every source of a variable, the strongest first.
func (sc *Scope) Explain(name string) []Source {
	var list []Source
	add := func(level Level, where string, v values.Value) {
		list = append(list, Source{Level: level, Where: where, Pos: v.Pos(), Value: v, Wins: len(list) == 0})
	}
	if make := sc.store.magic[name]; make != nil {
		if v, ok := make(sc); ok {
			add(magicVars, magicVars.String(), v)
		}
	}
	sc.arrange()
	all := sc.sources
	if sc.c.Extra != nil {
		all = append(sources{{loopVars, loopVars.String(), sc.c.Extra}}, all...)
	}
	for _, s := range all {
		if v, ok := s.vars.Get(name); ok {
			add(s.level, s.describe(name), v)
		}
	}
	return list
}

// describe names the source of a variable as exactly as is known.
func (s source) describe(name string) string {
	set, ok := s.vars.(setVars)
	if !ok {
		return s.where
	}
	set.h.mu.RLock()
	defer set.h.mu.RUnlock()
	return set.h.origin[name]
}
