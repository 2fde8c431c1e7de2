package jinja

import (
	"math/rand/v2"
	"slices"

	"github.com/gdeploy/gdeploy/values"
)

func filterList(c *Call) (values.Value, error) {
	items, err := c.Items()
	return values.FromSlice(slices.Clone(items)), err
}

func filterFirst(c *Call) (values.Value, error) {
	return pickAt(c, "first", func(int) int { return 0 })
}

func filterLast(c *Call) (values.Value, error) {
	return pickAt(c, "last", func(n int) int { return n - 1 })
}

func filterRandom(c *Call) (values.Value, error) { return pickAt(c, "random", rand.IntN) }

func pickAt(c *Call, which string, at func(n int) int) (values.Value, error) {
	items, err := Iterate(c.Value)
	if err != nil {
		return values.Null, err
	}
	if len(items) == 0 {
		return undefined(which, "No "+which+" item, sequence was empty."), nil
	}
	return c.Pick(items[at(len(items))])
}

func filterReverse(c *Call) (values.Value, error) {
	if s, ok := c.Value.AsString(); ok {
		runes := values.Runes(s)
		slices.Reverse(runes)
		return values.String(values.FromRunes(runes)), nil
	}
	items, err := c.Items()
	items = slices.Clone(items)
	slices.Reverse(items)
	return values.FromSlice(items), err
}

func filterBatch(c *Call) (values.Value, error) {
	p := c.Params("linecount", "fill_with")
	p.Need("linecount")
	n := p.Int("linecount", 0)
	fill := p.Value("fill_with", values.Null)
	items, err := c.Items()
	if err := firstError(err, p.Err(), c.Spend(max(n, 0))); err != nil {
		return values.Null, err
	}
	if n < 1 {
		return values.Null, valueErrorf("batch: the size must be above 0, not %d", n)
	}
	var batches []values.Value
	for part := range slices.Chunk(items, n) {
		part = slices.Clone(part)
		for !fill.IsNull() && len(part) < n {
			part = append(part, fill)
		}
		batches = append(batches, values.FromSlice(part))
	}
	return values.FromSlice(batches), nil
}

func filterSlice(c *Call) (values.Value, error) {
	p := c.Params("slices", "fill_with")
	p.Need("slices")
	n := p.Int("slices", 0)
	fill := p.Value("fill_with", values.Null)
	items, err := c.Items()
	if err := firstError(err, p.Err(), c.Spend(max(n, 0))); err != nil {
		return values.Null, err
	}
	if n < 1 {
		return values.Null, valueErrorf("slice: the number of slices must be above 0, not %d", n)
	}
	size, extra := len(items)/n, len(items)%n
	columns := make([]values.Value, n)
	at := 0
	for i := range columns {
		end := at + size
		if i < extra {
			end++
		}
		column := slices.Clone(items[at:end])
		if i >= extra && !fill.IsNull() {
			column = append(column, fill)
		}
		columns[i] = values.FromSlice(column)
		at = end
	}
	return values.FromSlice(columns), nil
}

func filterSum(c *Call) (values.Value, error) {
	p := c.Params("attribute", "start")
	items, err := c.Items()
	if err := firstError(err, p.Err()); err != nil {
		return values.Null, err
	}
	if attribute := p.Value("attribute", values.Null); !attribute.IsNull() {
		get, err := attributeGetter(attribute, nil)
		if err != nil {
			return values.Null, err
		}
		if items, err = mapItems(items, get); err != nil {
			return values.Null, err
		}
	}
	sum := p.Value("start", values.Int(0))
	for _, item := range items {
		if sum, err = c.frame.in.binary("+", sum, item); err != nil {
			return values.Null, err
		}
	}
	return sum, nil
}

func filterMin(c *Call) (values.Value, error) { return extreme(c, -1) }

func filterMax(c *Call) (values.Value, error) { return extreme(c, 1) }

// extreme finds the first smallest (-1) or largest (1) item.
func extreme(c *Call, sign int) (values.Value, error) {
	p := c.Params("case_sensitive", "attribute")
	items, err := c.Items()
	if err := firstError(err, p.Err()); err != nil {
		return values.Null, err
	}
	if len(items) == 0 {
		return undefined(c.Name, "No aggregated item, sequence was empty."), nil
	}
	keys, err := sortKeys(items, p.Value("attribute", values.Null), p.Bool("case_sensitive", false))
	if err != nil {
		return values.Null, err
	}
	best := 0
	for i := range keys {
		op := map[int]string{-1: "<", 1: ">"}[sign]
		better, err := ordered(op, keys[i], keys[best])
		if err != nil {
			return values.Null, err
		}
		if better {
			best = i
		}
	}
	return c.Pick(items[best])
}

func filterUnique(c *Call) (values.Value, error) {
	p := c.Params("case_sensitive", "attribute")
	items, err := c.Items()
	if err := firstError(err, p.Err()); err != nil {
		return values.Null, err
	}
	keys, err := sortKeys(items, p.Value("attribute", values.Null), p.Bool("case_sensitive", false))
	if err != nil {
		return values.Null, err
	}
	seen := values.NewMap(len(items))
	var kept []values.Value
	for i, key := range keys {
		if _, ok := seen.GetKey(key); ok {
			continue
		}
		if err := setKey(seen, key, values.Null); err != nil {
			return values.Null, err
		}
		kept = append(kept, items[i])
	}
	return values.FromSlice(kept), nil
}
