package variables

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// Render gives v with every template in it replaced by its value, as Ansible does it
// for task arguments: lists and maps all the way down, keys left alone, what is unsafe
// untouched, and text that is a literal list, map or bool read as such. Entries that
// are omit stay; see DropOmitted.
func (sc *Scope) Render(v values.Value) (values.Value, error) {
	out, err := sc.render(v, true)
	return out, sc.explainError(err)
}

// Text renders v and prints it as Python's str.
func (sc *Scope) Text(v values.Value) (string, error) {
	out, err := sc.Render(v)
	if err != nil {
		return "", err
	}
	return values.Text(out), nil
}

// render is Render; literals says whether text that looks like a list, map or bool
// becomes one.
func (sc *Scope) render(v values.Value, literals bool) (values.Value, error) {
	switch v.Kind() {
	case values.KindString:
		s, _ := v.AsString()
		return sc.renderString(v, s, literals)
	case values.KindList:
		return sc.renderList(v, literals)
	case values.KindMap:
		return sc.renderMap(v, literals)
	case values.KindObject:
		return sc.renderObject(v)
	}
	return v, nil
}

// element renders an element of a list or map. In the variables of another host, which
// lack those of the play, an undefined one does not spoil the elements beside it.
func (sc *Scope) element(v values.Value, literals bool) (values.Value, error) {
	out, err := sc.render(v, literals)
	if u, ok := undefinedIn(err); ok && sc.outside {
		return values.FromObject(&jinja.Undefined{Name: u.Name, Hint: u.Msg, Pos: u.Pos}), nil
	}
	return out, err
}

func (sc *Scope) renderList(v values.Value, literals bool) (values.Value, error) {
	if v.Unsafe() {
		return v, nil
	}
	l, _ := v.AsList()
	items := make([]values.Value, len(l.Items))
	for i, item := range l.Items {
		out, err := sc.element(item, literals)
		if err != nil {
			return values.Null, err
		}
		items[i] = out
	}
	return values.FromList(&values.List{Items: items, Tuple: l.Tuple}).At(v.Pos()).Inherit(v), nil
}

func (sc *Scope) renderMap(v values.Value, literals bool) (values.Value, error) {
	if v.Unsafe() {
		return v, nil
	}
	m, _ := v.AsMap()
	out := values.NewMap(m.Len())
	for key, item := range m.All() {
		rendered, err := sc.element(item, literals)
		if err != nil {
			return values.Null, err
		}
		out.SetKey(key, rendered)
	}
	return values.FromMap(out).At(v.Pos()).Inherit(v), nil
}

// renderObject opens encrypted values, whose text is no template, in what is made of it neither; other objects stay as
// they are.
func (sc *Scope) renderObject(v values.Value) (values.Value, error) {
	o, _ := v.AsObject()
	if u, ok := o.(*jinja.Undefined); ok {
		return values.Null, u.Err()
	}
	e, ok := o.(*yaml.Encrypted)
	if !ok {
		return v, nil
	}
	plain, err := sc.store.open(e)
	if err != nil {
		return values.Null, err
	}
	return values.String(plain).At(e.Pos).Inherit(v).MarkSecret().MarkUnsafe(), nil
}

func isEncrypted(v values.Value) bool {
	o, _ := v.AsObject()
	_, ok := o.(*yaml.Encrypted)
	return ok
}

// open decrypts a !vault value, once in a run.
func (s *Store) open(e *yaml.Encrypted) (string, error) {
	s.mu.RLock()
	plain, ok := s.opened[e.Text]
	s.mu.RUnlock()
	if ok {
		return plain, nil
	}
	data, err := decrypt(s.options.Vault, []byte(e.Text))
	if err != nil {
		return "", fmt.Errorf("%s%w", at(e.Pos), err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened[e.Text] = string(data)
	return string(data), nil
}

func (sc *Scope) renderString(v values.Value, s string, literals bool) (values.Value, error) {
	if v.Unsafe() || !isTemplate(s) {
		return v, nil
	}
	t, err := sc.store.engine.compile(s, v.Pos())
	if err != nil {
		return values.Null, err
	}
	if t.single != "" {
		if out, ok := sc.plain(t.single); ok {
			return out.Inherit(v), nil
		}
	}
	pieces, err := t.Nodes(sc.ctx(), sc)
	if err != nil {
		return values.Null, err
	}
	out, err := sc.store.join()(pieces, literals)
	if err != nil {
		return values.Null, err
	}
	return padNewlines(out, s).Inherit(v), nil
}

// join is how what a template printed becomes a value.
func (s *Store) join() func(pieces []values.Value, literals bool) (values.Value, error) {
	if s.options.Native {
		return joinNative
	}
	return join
}

// plain gives the value of a template that is only {{ name }}, where that variable was
// written as a number, a bool or null: it keeps its type.
func (sc *Scope) plain(name string) (values.Value, bool) {
	raw, ok, err := sc.raw(name)
	if !ok || err != nil {
		return values.Null, false
	}
	switch raw.Kind() {
	case values.KindBool, values.KindInt, values.KindFloat, values.KindNull, values.KindOmit:
		return raw, true
	}
	return values.Null, false
}

// isTemplate reports whether s may hold a template.
func isTemplate(s string) bool {
	for {
		i := strings.IndexByte(s, '{')
		if i < 0 || i+1 >= len(s) {
			return false
		}
		switch s[i+1] {
		case '{', '%', '#':
			return true
		}
		s = s[i+1:]
	}
}

// padNewlines gives text as many newlines at its end as the template has.
func padNewlines(v values.Value, template string) values.Value {
	if !strings.HasSuffix(template, "\n") {
		return v
	}
	s, ok := v.AsString()
	if !ok {
		return v
	}
	missing := trailingNewlines(template) - trailingNewlines(s)
	if missing <= 0 {
		return v
	}
	return values.String(s + strings.Repeat("\n", missing)).Inherit(v)
}

func trailingNewlines(s string) int { return len(s) - len(strings.TrimRight(s, "\n")) }

// join makes one value of what a template printed. Ansible joins everything to text and
// then reads text that looks like a Python list, dict or bool back; what would come
// back the same is kept without the way round.
func join(pieces []values.Value, literals bool) (values.Value, error) {
	if len(pieces) == 0 {
		return values.String(""), nil
	}
	if len(pieces) == 1 {
		return joinOne(pieces[0], literals)
	}
	var b strings.Builder
	for _, p := range pieces {
		text, err := printed(p)
		if err != nil {
			return values.Null, err
		}
		b.WriteString(text)
	}
	return readBack(b.String(), literals, pieces...), nil
}

func joinOne(v values.Value, literals bool) (values.Value, error) {
	if err := jinja.Defined(v); err != nil {
		return values.Null, err
	}
	if literals {
		switch {
		case v.Kind() == values.KindBool, v.IsOmit(), v.Verbatim():
			return v, nil
		case v.Kind() == values.KindList || v.Kind() == values.KindMap:
			if l, _ := v.AsList(); (l == nil || !l.Tuple) && isData(v) {
				return v, nil
			}
		case v.Kind() == values.KindObject:
			if items, err := jinja.Iterate(v); err == nil {
				if m, ok, err := jinja.AsMap(v); ok {
					return values.FromMap(m), err
				}
				return joinOne(values.FromSlice(items), true)
			}
		}
	}
	text, err := printed(v)
	if err != nil {
		return values.Null, err
	}
	return readBack(text, literals, v), nil
}

// printed is what a value leaves in the text of a template: null leaves nothing.
func printed(v values.Value) (string, error) {
	if v.IsNull() {
		return "", nil
	}
	if err := jinja.Defined(v); err != nil {
		return "", err
	}
	return values.Text(v), nil
}

// isData reports whether v would come back the same from its printed form.
func isData(v values.Value) bool {
	switch v.Kind() {
	case values.KindObject:
		return false
	case values.KindFloat:
		f, _ := v.AsFloat()
		return f == f && f-f == 0
	case values.KindList:
		for _, item := range v.Items() {
			if !isData(item) {
				return false
			}
		}
	case values.KindMap:
		m, _ := v.AsMap()
		for key, item := range m.All() {
			if !isData(key) || !isData(item) {
				return false
			}
		}
	}
	return true
}

// readBack gives text as the literal that it looks like, else as it is, with the marks
// of what it was made from.
func readBack(text string, literals bool, from ...values.Value) values.Value {
	out := values.String(text)
	if literals && looksLiteral(text) {
		if v, ok := parseLiteral(text); ok {
			out = v
		}
	}
	return marked(out, from...)
}

// marked gives v, and all that it contains, the marks of what it was made from.
func marked(v values.Value, from ...values.Value) values.Value {
	marks := values.Null.Inherit(from...)
	if marks.Unsafe() {
		v = v.MarkUnsafe()
	}
	if marks.Secret() {
		v = v.MarkSecret()
	}
	return v
}

func looksLiteral(s string) bool {
	return strings.HasPrefix(s, "[") || strings.HasPrefix(s, "{") && !strings.HasPrefix(s, "{{") || s == "True" || s == "False"
}

func undefinedIn(err error) (*jinja.UndefinedError, bool) {
	var u *jinja.UndefinedError
	ok := errors.As(err, &u)
	return u, ok
}

func at(pos values.Position) string {
	if s := pos.String(); s != "" {
		return s + ": "
	}
	return ""
}
