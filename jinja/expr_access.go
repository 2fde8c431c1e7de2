package jinja

import (
	"fmt"

	"github.com/gdeploy/gdeploy/values"
)

// attrExpr is o.name: an attribute or method first, an element second.
type attrExpr struct {
	object expr
	name   string
	at     int
}

func (x *attrExpr) eval(f *frame) (values.Value, error) {
	o, err := x.object.eval(f)
	if err != nil {
		return o, err
	}
	v, ok, err := Attr(o, x.name)
	if err != nil || ok {
		return v, locate(f.in.t.source, x.at, err)
	}
	return missing(f, o, values.String(x.name), x, x.at), nil
}

// itemExpr is o[key]: an element first, an attribute or method second.
type itemExpr struct {
	object, key expr
	at          int
}

func (x *itemExpr) eval(f *frame) (values.Value, error) {
	o, err := x.object.eval(f)
	if err != nil {
		return o, err
	}
	key, err := x.key.eval(f)
	if err == nil {
		err = need(key)
	}
	if err != nil {
		return key, err
	}
	v, ok, err := Item(o, key)
	if err != nil || ok {
		return v, locate(f.in.t.source, x.at, err)
	}
	return missing(f, o, key, x, x.at), nil
}

// Attr finds {{ o.name }}. An attribute of something undefined is that same undefined.
func Attr(o values.Value, name string) (values.Value, bool, error) {
	if IsUndefined(o) {
		return chained(o), true, nil
	}
	if v, ok, err := attribute(o, name); ok || err != nil {
		return v, ok, err
	}
	return element(o, values.String(name))
}

// Item finds {{ o[key] }}.
func Item(o, key values.Value) (values.Value, bool, error) {
	if IsUndefined(o) {
		return chained(o), true, nil
	}
	if v, ok, err := element(o, key); ok || err != nil {
		return v, ok, err
	}
	if name, ok := key.AsString(); ok {
		return attribute(o, name)
	}
	return values.Null, false, nil
}

// attribute finds methods and the attributes of objects.
func attribute(o values.Value, name string) (values.Value, bool, error) {
	if object, ok := o.AsObject(); ok {
		if a, ok := object.(Attributer); ok {
			if v, ok, err := a.Attr(name); ok || err != nil {
				return v, ok, err
			}
		}
	}
	if m := methodOf(o, name); m != nil {
		return Func(name, func(c *Call) (values.Value, error) { return callMethod(m, o, c) }), true, nil
	}
	return groupAttribute(o, name)
}

// groupAttribute gives the pairs that groupby makes their names .grouper and .list.
func groupAttribute(o values.Value, name string) (values.Value, bool, error) {
	l, ok := o.AsList()
	if !ok || !l.Tuple || len(l.Items) != 2 || l.Items[1].Kind() != values.KindList {
		return values.Null, false, nil
	}
	switch name {
	case "grouper":
		return l.Items[0], true, nil
	case "list":
		return l.Items[1], true, nil
	}
	return values.Null, false, nil
}

// element finds what Python's o[key] gives.
func element(o, key values.Value) (values.Value, bool, error) {
	switch o.Kind() {
	case values.KindMap:
		m, _ := o.AsMap()
		v, ok := m.GetKey(key)
		return v, ok, nil
	case values.KindList:
		items := o.Items()
		if i, ok := index(key, len(items)); ok {
			return items[i], true, nil
		}
	case values.KindString:
		s, _ := o.AsString()
		runes := values.Runes(s)
		if i, ok := index(key, len(runes)); ok {
			return values.String(values.FromRunes(runes[i : i+1])).Inherit(o), true, nil
		}
	case values.KindObject:
		object, _ := o.AsObject()
		if item, ok := object.(Itemer); ok {
			return item.Item(key)
		}
	}
	return values.Null, false, nil
}

// index turns a Python index into one from 0 to n-1.
func index(key values.Value, n int) (int, bool) {
	i, ok := asSmall(key)
	if !ok {
		return 0, false
	}
	if i < 0 {
		i += int64(n)
	}
	return int(i), i >= 0 && i < int64(n)
}

// missing makes the undefined value of an attribute or element that o does not have.
func missing(f *frame, o, key values.Value, x expr, at int) values.Value {
	u := missingElement(o, key)
	u.Path = pathOf(f.in.t, x)
	u.Pos = f.in.t.position(at)
	return values.FromObject(u)
}

func missingElement(o, key values.Value) *Undefined {
	kind := TypeName(o) + " object"
	if o.IsNull() {
		kind = "None"
	}
	name, isName := key.AsString()
	if !isName {
		return &Undefined{Name: values.Repr(key), Hint: fmt.Sprintf("%s has no element %s", kind, values.Repr(key))}
	}
	return &Undefined{Name: name, Hint: fmt.Sprintf("'%s' has no attribute %s", kind, values.Repr(key))}
}

// pathOf writes a chain of names and constant keys as people do, such as users[0].name.
func pathOf(t *Template, x expr) string {
	switch x := x.(type) {
	case *nameExpr:
		return t.symbols[x.sym]
	case *attrExpr:
		if path := pathOf(t, x.object); path != "" {
			return path + "." + x.name
		}
	case *itemExpr:
		key, constant := x.key.(*literalExpr)
		if path := pathOf(t, x.object); path != "" && constant {
			return path + "[" + values.Repr(key.v) + "]"
		}
	}
	return ""
}

// sliceExpr is o[start:stop:step]; each part may be nil.
type sliceExpr struct {
	object            expr
	start, stop, step expr
	at                int
}

func (x *sliceExpr) eval(f *frame) (values.Value, error) {
	o, err := x.object.eval(f)
	if err != nil || IsUndefined(o) {
		return o, err
	}
	var parts [3]values.Value
	for i, part := range [...]expr{x.start, x.stop, x.step} {
		if part == nil {
			continue
		}
		if parts[i], err = part.eval(f); err != nil {
			return o, err
		}
	}
	v, err := slice(o, parts[0], parts[1], parts[2])
	return v, locate(f.in.t.source, x.at, err)
}

func slice(o, start, stop, step values.Value) (values.Value, error) {
	if s, ok := o.AsString(); ok {
		runes := values.Runes(s)
		at, err := sliceIndexes(len(runes), start, stop, step)
		picked := make([]rune, len(at))
		for i, from := range at {
			picked[i] = runes[from]
		}
		return values.String(values.FromRunes(picked)).Inherit(o), err
	}
	l, ok := o.AsList()
	if !ok {
		return values.Null, typeErrorf("'%s' object cannot be sliced", TypeName(o))
	}
	at, err := sliceIndexes(len(l.Items), start, stop, step)
	picked := make([]values.Value, len(at))
	for i, from := range at {
		picked[i] = l.Items[from]
	}
	return values.FromList(&values.List{Items: picked, Tuple: l.Tuple}).Inherit(o), err
}

// sliceIndexes gives the indexes that a Python slice of n elements takes.
func sliceIndexes(n int, start, stop, step values.Value) ([]int, error) {
	by, err := sliceBound(step, 1)
	if err != nil {
		return nil, err
	}
	if by == 0 {
		return nil, ValueError("slice step cannot be zero")
	}
	first, last, low, high := 0, n, 0, n
	if by < 0 {
		first, last, low, high = n-1, -1, -1, n-1
	}
	from, err := clampedBound(start, first, n, low, high)
	if err != nil {
		return nil, err
	}
	to, err := clampedBound(stop, last, n, low, high)
	if err != nil {
		return nil, err
	}
	var at []int
	for i := from; by > 0 && i < to || by < 0 && i > to; i += by {
		at = append(at, i)
		if by > n || by < -n {
			break
		}
	}
	return at, nil
}

func clampedBound(v values.Value, def, n, low, high int) (int, error) {
	if v.IsNull() {
		return def, nil
	}
	i, err := sliceBound(v, def)
	if err != nil {
		return 0, err
	}
	if i < 0 {
		i += n
	}
	return min(max(i, low), high), nil
}

// sliceBound reads a bound; integers beyond 2**30 count as that.
func sliceBound(v values.Value, def int) (int, error) {
	const most = 1 << 30
	if v.IsNull() {
		return def, nil
	}
	if i, ok := asSmall(v); ok {
		return int(min(max(i, -most), most)), nil
	}
	if b, ok := v.AsBig(); ok {
		return b.Sign() * most, nil
	}
	if err := need(v); err != nil {
		return 0, err
	}
	return 0, typeErrorf("slice indices must be integers or None, not %s", TypeName(v))
}
