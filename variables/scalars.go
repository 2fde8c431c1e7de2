package variables

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Bool renders v and reads it as a boolean as Ansible's keywords do: yes, on, true, 1.
// Null is false.
func (sc *Scope) Bool(v values.Value) (bool, error) {
	out, err := sc.Render(v)
	if err != nil {
		return false, err
	}
	if b, ok := out.AsBool(); ok || out.IsNull() || out.IsOmit() {
		return b, nil
	}
	switch strings.ToLower(strings.TrimSpace(values.Text(out))) {
	case "y", "yes", "on", "1", "true", "t", "1.0":
		return true, nil
	case "n", "no", "off", "0", "false", "f", "0.0", "":
		return false, nil
	}
	return false, fmt.Errorf("%s%s is not a bool: want yes or no, true or false", at(v.Pos()), values.Repr(out))
}

// Int renders v and reads it as an integer.
func (sc *Scope) Int(v values.Value) (int64, error) {
	out, err := sc.Render(v)
	if err != nil {
		return 0, err
	}
	if i, ok := out.AsInt(); ok {
		return i, nil
	}
	if b, ok := out.AsBool(); ok && b {
		return 1, nil
	}
	if f, ok := out.AsFloat(); ok {
		return int64(f), nil
	}
	i, ok := new(big.Int).SetString(strings.TrimSpace(values.Text(out)), 10)
	if !ok || !i.IsInt64() {
		return 0, fmt.Errorf("%s%s is not a whole number", at(v.Pos()), values.Repr(out))
	}
	return i.Int64(), nil
}

// Float renders v and reads it as a number.
func (sc *Scope) Float(v values.Value) (float64, error) {
	out, err := sc.Render(v)
	if err != nil {
		return 0, err
	}
	f, ok := new(big.Float).SetString(strings.TrimSpace(values.Text(out)))
	if !ok {
		return 0, fmt.Errorf("%s%s is not a number", at(v.Pos()), values.Repr(out))
	}
	n, _ := f.Float64()
	return n, nil
}

// DropOmitted gives args without the entries that are omit, at any depth.
func DropOmitted(args *values.Map) *values.Map {
	out := values.NewMap(args.Len())
	for key, v := range args.All() {
		if !v.IsOmit() {
			out.SetKey(key, dropOmitted(v))
		}
	}
	return out
}

func dropOmitted(v values.Value) values.Value {
	if m, ok := v.AsMap(); ok {
		return values.FromMap(DropOmitted(m)).At(v.Pos()).Inherit(v)
	}
	l, ok := v.AsList()
	if !ok {
		return v
	}
	items := make([]values.Value, 0, len(l.Items))
	for _, item := range l.Items {
		if !item.IsOmit() {
			items = append(items, dropOmitted(item))
		}
	}
	return values.FromList(&values.List{Items: items, Tuple: l.Tuple}).At(v.Pos()).Inherit(v)
}
