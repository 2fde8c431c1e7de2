package jinja

import (
	"slices"

	"github.com/gdeploy/gdeploy/values"
)

func mapMethods() map[string]Filter {
	return map[string]Filter{
		"clear":      mapClear,
		"copy":       mapCopy,
		"fromkeys":   mapFromkeys,
		"get":        mapGet,
		"items":      mapItemsMethod,
		"keys":       mapKeys,
		"pop":        mapPop,
		"popitem":    mapPopitem,
		"setdefault": mapSetdefault,
		"update":     mapUpdate,
		"values":     mapValues,
	}
}

func mapOf(c *Call) *values.Map {
	m, _ := c.Value.AsMap()
	return m
}

// keyAndDefault reads the arguments of get, pop and setdefault, which go by place.
func keyAndDefault(c *Call) (key, def values.Value, given bool, err error) {
	if len(c.Kwargs) > 0 {
		return key, def, false, typeErrorf("%s() takes no keyword arguments", c.Name)
	}
	if len(c.Args) < 1 || len(c.Args) > 2 {
		return key, def, false, typeErrorf("%s expected a key and perhaps a default, got %d arguments", c.Name, len(c.Args))
	}
	key = c.Args[0]
	if err := need(key); err != nil {
		return key, def, false, err
	}
	if !hashable(key) {
		return key, def, false, typeErrorf("unhashable type: '%s'", TypeName(key))
	}
	if len(c.Args) == 2 {
		return key, c.Args[1], true, nil
	}
	return key, values.Null, false, nil
}

func mapGet(c *Call) (values.Value, error) {
	key, def, _, err := keyAndDefault(c)
	if err != nil {
		return values.Null, err
	}
	if v, ok, err := element(c.Value, key); ok || err != nil {
		c.picked = true
		return v, err
	}
	return c.Pick(def)
}

func mapPop(c *Call) (values.Value, error) {
	key, def, given, err := keyAndDefault(c)
	if err != nil {
		return values.Null, err
	}
	m := mapOf(c)
	if v, ok := m.GetKey(key); ok {
		m.Delete(key)
		return c.Pick(v)
	}
	if !given {
		return values.Null, valueErrorf("pop: the dict has no key %s", values.Repr(key))
	}
	return c.Pick(def)
}

func mapSetdefault(c *Call) (values.Value, error) {
	key, def, _, err := keyAndDefault(c)
	if err != nil {
		return values.Null, err
	}
	m := mapOf(c)
	if v, ok := m.GetKey(key); ok {
		return c.Pick(v)
	}
	if err := firstError(mayHold(c.Value, def), c.Spend(1)); err != nil {
		return values.Null, err
	}
	m.SetKey(key, def)
	return c.Pick(def)
}

func mapPopitem(c *Call) (values.Value, error) {
	m := mapOf(c)
	if m.Len() == 0 {
		return values.Null, valueErrorf("popitem(): dictionary is empty")
	}
	key, v := m.Keys()[m.Len()-1], m.Values()[m.Len()-1]
	m.Delete(key)
	return values.TupleOf(key, v), c.Params().Err()
}

func mapKeys(c *Call) (values.Value, error) {
	return values.FromSlice(slices.Clone(mapOf(c).Keys())), c.Params().Err()
}

func mapValues(c *Call) (values.Value, error) {
	return values.FromSlice(slices.Clone(mapOf(c).Values())), c.Params().Err()
}

func mapItemsMethod(c *Call) (values.Value, error) {
	return values.FromSlice(pairsOf(mapOf(c))), c.Params().Err()
}

func mapCopy(c *Call) (values.Value, error) {
	return values.FromMap(mapOf(c).Clone()), c.Params().Err()
}

func mapClear(c *Call) (values.Value, error) {
	m := mapOf(c)
	for m.Len() > 0 {
		m.Delete(m.Keys()[m.Len()-1])
	}
	return nothing(c, c.Params().Err())
}

func mapUpdate(c *Call) (values.Value, error) {
	if len(c.Args) > 1 {
		return nothing(c, typeErrorf("update expected at most 1 argument, got %d", len(c.Args)))
	}
	added := values.NewMap(0)
	if err := update(added, c); err != nil {
		return nothing(c, err)
	}
	if err := firstError(mayHold(c.Value, added.Values()...), c.Spend(added.Len())); err != nil {
		return nothing(c, err)
	}
	m := mapOf(c)
	for key, v := range added.All() {
		m.SetKey(key, v)
	}
	return nothing(c, nil)
}

func mapFromkeys(c *Call) (values.Value, error) {
	p := c.Params("iterable", "value")
	keys, err := Iterate(p.Need("iterable"))
	if err := firstError(p.Err(), err); err != nil {
		return values.Null, err
	}
	m := values.NewMap(len(keys))
	for _, key := range keys {
		if err := setKey(m, key, p.Value("value", values.Null)); err != nil {
			return values.Null, err
		}
	}
	return values.FromMap(m), nil
}
