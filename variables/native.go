package variables

import (
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// joinNative is join with the setting JINJA2_NATIVE: a single value keeps its type, and
// all text that is a Python literal is read as one.
func joinNative(pieces []values.Value, literals bool) (values.Value, error) {
	if len(pieces) == 0 {
		return values.Null, nil
	}
	for _, p := range pieces {
		if err := jinja.Defined(p); err != nil {
			return values.Null, err
		}
	}
	if len(pieces) == 1 {
		return single(pieces[0], literals)
	}
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(values.Text(p))
	}
	return readNative(b.String(), literals, pieces...), nil
}

func single(v values.Value, literals bool) (values.Value, error) {
	s, ok := v.AsString()
	if ok && !v.Verbatim() {
		return readNative(s, literals, v), nil
	}
	if v.Kind() != values.KindObject {
		return v, nil
	}
	if m, ok, err := jinja.AsMap(v); ok {
		return values.FromMap(m), err
	}
	if items, err := jinja.Iterate(v); err == nil {
		return values.FromSlice(items).Inherit(v), nil
	}
	return v, nil
}

// readNative gives text as the literal that it is. A quoted string keeps its quotes.
func readNative(text string, literals bool, from ...values.Value) values.Value {
	out := values.String(text)
	if v, ok := parsePython(text); literals && ok {
		if s, isText := v.AsString(); isText {
			v = values.String(text[:1] + s + text[:1])
		}
		out = v
	}
	return marked(out, from...)
}
