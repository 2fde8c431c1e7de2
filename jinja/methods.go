package jinja

import (
	"math"
	"math/big"
	"sync"

	"github.com/gdeploy/gdeploy/values"
)

// methods has the methods of Python's types, made when first used.
var methods struct {
	once   sync.Once
	tables map[values.Kind]map[string]Filter
}

func methodTables() map[values.Kind]map[string]Filter {
	methods.once.Do(func() {
		methods.tables = map[values.Kind]map[string]Filter{
			values.KindString: stringMethods(),
			values.KindList:   listMethods(),
			values.KindMap:    mapMethods(),
			values.KindInt:    intMethods(),
			values.KindBool:   intMethods(),
			values.KindFloat:  floatMethods(),
		}
	})
	return methods.tables
}

// tupleMethods are the ones of lists that tuples have.
var tupleMethods = map[string]bool{"count": true, "index": true}

// methodOf finds a method of v's type, or nil.
func methodOf(v values.Value, name string) Filter {
	kind := v.Kind()
	if kind == values.KindObject {
		return objectMethod(v, name)
	}
	m := methodTables()[kind][name]
	if m != nil && kind == values.KindList && !tupleMethods[name] {
		if l, _ := v.AsList(); l.Tuple {
			return nil
		}
	}
	return m
}

// objectMethod gives objects that stand for maps a dict's reading methods.
func objectMethod(v values.Value, name string) Filter {
	o, _ := v.AsObject()
	mapping, ok := o.(Mapping)
	if !ok {
		return nil
	}
	switch name {
	case "get":
		return mapGet
	case "keys", "values", "items", "copy":
		return func(c *Call) (values.Value, error) {
			m, err := mapping.Map()
			if err != nil {
				return values.Null, err
			}
			c.Value = values.FromMap(m)
			return mapMethods()[name](c)
		}
	}
	return nil
}

func intMethods() map[string]Filter {
	return map[string]Filter{
		"bit_length": func(c *Call) (values.Value, error) {
			i, _ := asInteger(c.Value)
			return values.Int(int64(i.BitLen())), c.Params().Err()
		},
		"conjugate": func(c *Call) (values.Value, error) {
			i, _ := asInteger(c.Value)
			return values.BigInt(i), c.Params().Err()
		},
	}
}

func floatMethods() map[string]Filter {
	return map[string]Filter{
		"is_integer": func(c *Call) (values.Value, error) {
			f, _ := c.Value.AsFloat()
			return values.Bool(f == math.Trunc(f) && !math.IsInf(f, 0)), c.Params().Err()
		},
		"as_integer_ratio": func(c *Call) (values.Value, error) {
			f, _ := c.Value.AsFloat()
			r := new(big.Rat).SetFloat64(f)
			if r == nil {
				return values.Null, valueErrorf("cannot convert %s to an integer ratio", values.FloatText(f))
			}
			return values.TupleOf(values.BigInt(r.Num()), values.BigInt(r.Denom())), c.Params().Err()
		},
	}
}

// holds reports whether container is v or stands somewhere inside it: putting v into
// container would then make a value without end.
func holds(v, container values.Value, depth int) bool {
	if !isContainer(v) {
		return false
	}
	if depth == 0 || identical(v, container) {
		return true
	}
	items := v.Items()
	if m, ok := v.AsMap(); ok {
		items = m.Values()
	}
	for _, item := range items {
		if holds(item, container, depth-1) {
			return true
		}
	}
	return false
}

func mayHold(container values.Value, items ...values.Value) error {
	for _, v := range items {
		if holds(v, container, maxNesting) {
			return valueErrorf("a %s cannot contain itself", TypeName(container))
		}
	}
	return nil
}
