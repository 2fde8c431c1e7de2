package jinja

import (
	"slices"

	"github.com/gdeploy/gdeploy/values"
)

func filterMap(c *Call) (values.Value, error) {
	items, err := c.itemsOrNothing()
	if err != nil {
		return values.Null, err
	}
	get, err := mapGetter(c)
	if err != nil {
		return values.Null, err
	}
	mapped, err := mapItems(items, get)
	return values.FromSlice(mapped), err
}

// itemsOrNothing are the elements of the value; what is false, such as none, has none.
func (c *Call) itemsOrNothing() ([]values.Value, error) {
	if ok, err := Truth(c.Value); !ok || err != nil {
		return nil, err
	}
	return c.Items()
}

// mapGetter reads map(attribute=...) or map('filter', args...).
func mapGetter(c *Call) (getter, error) {
	if len(c.Args) == 0 {
		p := c.Params("attribute", "default")
		attribute := p.Need("attribute")
		if p.Err() != nil {
			return nil, p.Err()
		}
		if def, ok := p.Get("default"); ok {
			return attributeGetter(attribute, &def)
		}
		return attributeGetter(attribute, nil)
	}
	name, ok := c.Args[0].AsString()
	if !ok {
		return nil, typeErrorf("map needs the name of a filter, not %s", TypeName(c.Args[0]))
	}
	if !c.Environment().HasFilter(name) {
		return nil, unknownName(c.Environment(), "filter", name)
	}
	return func(v values.Value) (values.Value, error) {
		return c.Filter(name, v, c.Args[1:], c.Kwargs)
	}, nil
}

func filterSelect(c *Call) (values.Value, error)     { return choose(c, true, false) }
func filterReject(c *Call) (values.Value, error)     { return choose(c, false, false) }
func filterSelectattr(c *Call) (values.Value, error) { return choose(c, true, true) }
func filterRejectattr(c *Call) (values.Value, error) { return choose(c, false, true) }

// choose keeps the elements for which the test gives want; byAttribute tests an
// attribute of the element instead of the element.
func choose(c *Call, want, byAttribute bool) (values.Value, error) {
	items, err := c.itemsOrNothing()
	if err != nil {
		return values.Null, err
	}
	args := c.Args
	get := getter(func(v values.Value) (values.Value, error) { return v, nil })
	if byAttribute {
		if len(args) == 0 {
			return values.Null, typeErrorf("%s needs the name of an attribute", c.Name)
		}
		if get, err = attributeGetter(args[0], nil); err != nil {
			return values.Null, err
		}
		args = args[1:]
	}
	test, err := c.tester(args)
	if err != nil {
		return values.Null, err
	}
	kept := []values.Value{}
	for _, item := range items {
		v, err := get(item)
		if err != nil {
			return values.Null, err
		}
		ok, err := test(v)
		if err != nil {
			return values.Null, err
		}
		if ok == want {
			kept = append(kept, item)
		}
	}
	return values.FromSlice(slices.Clip(kept)), nil
}

// tester reads 'test', args...; with no test the truth of the value decides.
func (c *Call) tester(args []values.Value) (func(values.Value) (bool, error), error) {
	if len(args) == 0 {
		return Truth, nil
	}
	name, ok := args[0].AsString()
	if !ok {
		return nil, typeErrorf("%s needs the name of a test, not %s", c.Name, TypeName(args[0]))
	}
	if !c.Environment().HasTest(name) {
		return nil, unknownName(c.Environment(), "test", name)
	}
	return func(v values.Value) (bool, error) { return c.Test(name, v, args[1:], c.Kwargs) }, nil
}
