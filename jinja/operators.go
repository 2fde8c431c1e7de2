package jinja

import (
	"cmp"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Operand is an Object that takes part in arithmetic and ordering, such as a date.
// Op is + - * / // % ** or one of < <= > >= == !=; right says that the object stands
// on the right. ok is false where it does not know the other operand.
type Operand interface {
	Binary(op string, other values.Value, right bool) (v values.Value, ok bool, err error)
}

// TypeName is the name of v's type in Python, as its messages show it.
func TypeName(v values.Value) string {
	switch v.Kind() {
	case values.KindNull:
		return "NoneType"
	case values.KindString:
		return "str"
	case values.KindMap:
		return "dict"
	case values.KindList:
		if l, _ := v.AsList(); l.Tuple {
			return "tuple"
		}
	case values.KindObject:
		o, _ := v.AsObject()
		return o.TypeName()
	}
	return v.Kind().String()
}

func (r *run) binary(op string, a, b values.Value) (values.Value, error) {
	if err := need(a); err != nil {
		return values.Null, err
	}
	if text, ok := a.AsString(); ok && op == "%" {
		v, err := r.percentFormat(text, b)
		return inheritAll(v, a, b), err
	}
	if err := need(b); err != nil {
		return values.Null, err
	}
	if isNumber(a) && isNumber(b) {
		v, err := arithmetic(op, a, b)
		return v.Inherit(a, b), err
	}
	if v, ok, err := objectBinary(op, a, b); ok {
		return v, err
	}
	if err := firstError(undefinedError(a), undefinedError(b)); err != nil {
		return values.Null, err
	}
	switch op {
	case "+":
		return r.add(a, b)
	case "*":
		return r.repeat(a, b)
	}
	return values.Null, typeErrorf("unsupported operand type(s) for %s: '%s' and '%s'", op, TypeName(a), TypeName(b))
}

// undefinedError is the error of any undefined value, that of an if without else too.
func undefinedError(v values.Value) error {
	if u, ok := asUndefined(v); ok {
		return u.Err()
	}
	return nil
}

func objectBinary(op string, a, b values.Value) (values.Value, bool, error) {
	if o, ok := a.AsObject(); ok {
		if operand, ok := o.(Operand); ok {
			if v, ok, err := operand.Binary(op, b, false); ok {
				return v, true, err
			}
		}
	}
	if o, ok := b.AsObject(); ok {
		if operand, ok := o.(Operand); ok {
			return operand.Binary(op, a, true)
		}
	}
	return values.Null, false, nil
}

func (r *run) add(a, b values.Value) (values.Value, error) {
	if x, ok := a.AsString(); ok {
		y, ok := b.AsString()
		if !ok {
			return values.Null, typeErrorf(`can only concatenate str (not "%s") to str: use ~, which turns both into text`, TypeName(b))
		}
		if err := r.fits(len(x) + len(y)); err != nil {
			return values.Null, err
		}
		return values.String(x+y).Inherit(a, b), nil
	}
	if x, ok := a.AsList(); ok {
		y, ok := b.AsList()
		if !ok || x.Tuple != y.Tuple {
			return values.Null, typeErrorf(`can only concatenate %s (not "%s") to %[1]s`, TypeName(a), TypeName(b))
		}
		items := make([]values.Value, 0, len(x.Items)+len(y.Items))
		items = append(append(items, x.Items...), y.Items...)
		sum := values.FromList(&values.List{Items: items, Tuple: x.Tuple})
		return sum.Inherit(a, b), r.spend(len(items))
	}
	return values.Null, typeErrorf("unsupported operand type(s) for +: '%s' and '%s'", TypeName(a), TypeName(b))
}

// repeat is 'ab' * 3 and [0] * 3, either way round.
func (r *run) repeat(a, b values.Value) (values.Value, error) {
	if isNumber(a) {
		a, b = b, a
	}
	n, ok := asSmall(b)
	if _, big := b.AsBig(); !ok && big {
		return values.Null, limitErrorf("cannot repeat a value that often")
	}
	if !ok || a.Kind() != values.KindString && a.Kind() != values.KindList {
		return values.Null, typeErrorf("unsupported operand type(s) for *: '%s' and '%s'", TypeName(a), TypeName(b))
	}
	n = max(n, 0)
	if s, ok := a.AsString(); ok {
		if s != "" && n > int64(r.limits.Output/len(s)) {
			return values.Null, r.fits(-1)
		}
		return values.String(strings.Repeat(s, int(min(n, int64(r.limits.Output))))).Inherit(a, b), nil
	}
	l, _ := a.AsList()
	if len(l.Items) > 0 && n > int64(r.limits.Iterations/len(l.Items)) {
		return values.Null, r.spend(-1)
	}
	items := []values.Value{}
	for range int64(len(l.Items)) * n {
		items = append(items, l.Items[len(items)%len(l.Items)])
	}
	return values.FromList(&values.List{Items: items, Tuple: l.Tuple}).Inherit(a), r.spend(len(items))
}

// compare is one comparison of Python: == != < <= > >= in, not in.
func compare(op string, a, b values.Value) (bool, error) {
	switch op {
	case "in":
		return Contains(b, a)
	case "not in":
		ok, err := Contains(b, a)
		return !ok, err
	}
	if err := firstError(need(a), need(b)); err != nil {
		return false, err
	}
	switch op {
	case "==":
		return equal(a, b)
	case "!=":
		ok, err := equal(a, b)
		return !ok, err
	}
	return ordered(op, a, b)
}

func equal(a, b values.Value) (bool, error) {
	if v, ok, err := objectBinary("==", a, b); ok {
		return v.Truthy(), err
	}
	return values.Equal(a, b), nil
}

func ordered(op string, a, b values.Value) (bool, error) {
	if v, ok, err := objectBinary(op, a, b); ok {
		return v.Truthy(), err
	}
	c, err := order(op, a, b)
	if err != nil || c == unordered {
		return false, err
	}
	switch op {
	case "<":
		return c < 0, nil
	case "<=":
		return c <= 0, nil
	case ">":
		return c > 0, nil
	}
	return c >= 0, nil
}

// unordered is how NaN stands to every number.
const unordered = 2

// order compares numbers, strings, and lists element by element; all else is an error.
func order(op string, a, b values.Value) (int, error) {
	if isNumber(a) && isNumber(b) {
		return orderNumbers(a, b), nil
	}
	if x, ok := a.AsString(); ok {
		if y, ok := b.AsString(); ok {
			return strings.Compare(x, y), nil
		}
	}
	if x, ok := a.AsList(); ok {
		if y, ok := b.AsList(); ok && x.Tuple == y.Tuple {
			return orderLists(op, x.Items, y.Items)
		}
	}
	if err := need(a); err != nil {
		return 0, err
	}
	if err := need(b); err != nil {
		return 0, err
	}
	return 0, typeErrorf("'%s' not supported between instances of '%s' and '%s'", op, TypeName(a), TypeName(b))
}

func orderNumbers(a, b values.Value) int {
	if x, ok := asSmall(a); ok {
		if y, ok := asSmall(b); ok {
			return cmp.Compare(x, y)
		}
	}
	x, xInt := asInteger(a)
	y, yInt := asInteger(b)
	if xInt && yInt {
		return x.Cmp(y)
	}
	if values.Equal(a, b) {
		return 0
	}
	p, _ := asFloat(a)
	q, _ := asFloat(b)
	switch {
	case p < q:
		return -1
	case p > q:
		return 1
	}
	return unordered
}

func orderLists(op string, x, y []values.Value) (int, error) {
	for i := range min(len(x), len(y)) {
		same, err := equal(x[i], y[i])
		if err != nil {
			return 0, err
		}
		if !same {
			return orderElements(op, x[i], y[i])
		}
	}
	return cmp.Compare(len(x), len(y)), nil
}

func orderElements(op string, a, b values.Value) (int, error) {
	less, err := ordered("<", a, b)
	if err != nil || less {
		return -1, err
	}
	return 1, nil
}

// Contains is Python's needle in haystack.
func Contains(haystack, needle values.Value) (bool, error) {
	if err := need(haystack); err != nil {
		return false, err
	}
	if text, ok := haystack.AsString(); ok {
		part, ok := needle.AsString()
		if !ok {
			return false, firstError(need(needle), typeErrorf("'in <string>' requires string as left operand, not %s", TypeName(needle)))
		}
		return strings.Contains(text, part), nil
	}
	if m, ok := haystack.AsMap(); ok {
		if err := need(needle); err != nil {
			return false, err
		}
		_, found := m.GetKey(needle)
		if !found && !hashable(needle) {
			return false, typeErrorf("unhashable type: '%s'", TypeName(needle))
		}
		return found, nil
	}
	if o, ok := haystack.AsObject(); ok {
		if item, ok := o.(Itemer); ok {
			_, found, err := item.Item(needle)
			return found, err
		}
	}
	items, err := Iterate(haystack)
	if err != nil {
		return false, typeErrorf("argument of type '%s' is not iterable", TypeName(haystack))
	}
	for _, item := range items {
		if same, err := compare("==", item, needle); same || err != nil {
			return same, err
		}
	}
	return false, nil
}

// hashable reports whether v can be a key: a list, a map and a tuple that holds one cannot.
func hashable(v values.Value) bool {
	if l, ok := v.AsList(); ok {
		return l.Tuple && !slices.ContainsFunc(l.Items, func(item values.Value) bool { return !hashable(item) })
	}
	return v.Kind() != values.KindMap
}
