package jinja

import (
	"slices"

	"github.com/gdeploy/gdeploy/values"
)

// Globals lists the names that Jinja gives every template.
func Globals() map[string]values.Value {
	return map[string]values.Value{
		"cycler":    Func("cycler", callCycler),
		"dict":      Func("dict", callDict),
		"joiner":    Func("joiner", callJoiner),
		"lipsum":    Func("lipsum", callLipsum),
		"namespace": Func("namespace", callNamespace),
		"range":     Func("range", callRange),
	}
}

func callRange(c *Call) (values.Value, error) {
	if len(c.Kwargs) > 0 || len(c.Args) < 1 || len(c.Args) > 3 {
		return values.Null, typeErrorf("range takes a stop, or a start, a stop and a step")
	}
	var bounds [3]int64
	for i, v := range c.Args {
		n, ok := asSmall(v)
		if !ok {
			return values.Null, firstError(need(v), typeErrorf("'%s' object cannot be interpreted as an integer", TypeName(v)))
		}
		bounds[i] = n
	}
	start, stop, step := bounds[0], bounds[1], bounds[2]
	switch len(c.Args) {
	case 1:
		start, stop, step = 0, bounds[0], 1
	case 2:
		step = 1
	}
	return numbers(c, start, stop, step)
}

// numbers makes the list of a range.
func numbers(c *Call, start, stop, step int64) (values.Value, error) {
	if step == 0 {
		return values.Null, ValueError("range() arg 3 must not be zero")
	}
	const most = 1 << 62
	if max(start, stop, step) > most || min(start, stop, step) < -most {
		return values.Null, c.Spend(-1)
	}
	n := (stop - start) / step
	if (stop-start)%step != 0 {
		n++
	}
	if step > 0 && start >= stop || step < 0 && start <= stop {
		n = 0
	}
	if n > int64(c.frame.in.limits.Iterations) {
		return values.Null, c.Spend(-1)
	}
	if err := c.Spend(int(n)); err != nil {
		return values.Null, err
	}
	items := make([]values.Value, n)
	for i := range items {
		items[i] = values.Int(start + int64(i)*step)
	}
	return values.FromSlice(items), nil
}

// callDict is dict(mapping or pairs, name=value...).
func callDict(c *Call) (values.Value, error) {
	m := values.NewMap(len(c.Kwargs))
	if len(c.Args) > 1 {
		return values.Null, typeErrorf("dict expected at most 1 argument, got %d", len(c.Args))
	}
	return values.FromMap(m), update(m, c)
}

// update is dict.update: entries of the one argument, then those by name.
func update(m *values.Map, c *Call) error {
	for _, from := range c.Args {
		if err := updateFrom(m, from); err != nil {
			return err
		}
	}
	for _, k := range c.Kwargs {
		m.Set(k.Name, k.Value)
	}
	return nil
}

func updateFrom(m *values.Map, from values.Value) error {
	source, ok, err := AsMap(from)
	if err != nil {
		return err
	}
	if ok {
		for key, v := range source.All() {
			m.SetKey(key, v)
		}
		return nil
	}
	pairs, err := Iterate(from)
	if err != nil {
		return err
	}
	for i, pair := range pairs {
		items, err := Iterate(pair)
		if err != nil {
			return err
		}
		if len(items) != 2 {
			return valueErrorf("dictionary update sequence element #%d has length %d; 2 is required", i, len(items))
		}
		if err := setKey(m, items[0], items[1]); err != nil {
			return err
		}
	}
	return nil
}

func callNamespace(c *Call) (values.Value, error) {
	m := values.NewMap(len(c.Kwargs))
	return values.FromObject(&namespace{m}), update(m, c)
}

func callCycler(c *Call) (values.Value, error) {
	if len(c.Args) == 0 || len(c.Kwargs) > 0 {
		return values.Null, typeErrorf("cycler takes the items to cycle through")
	}
	return values.FromObject(&cycler{items: slices.Clone(c.Args)}), nil
}

func callJoiner(c *Call) (values.Value, error) {
	p := c.Params("sep")
	return values.FromObject(&joiner{separator: p.Value("sep", values.String(", "))}), p.Err()
}

// callLipsum refuses: random filler text has no place in a deployment.
func callLipsum(*Call) (values.Value, error) {
	return values.Null, valueErrorf("lipsum is not supported: write the text into the template")
}
