package jinja

import (
	"slices"

	"github.com/gdeploy/gdeploy/values"
)

func listMethods() map[string]Filter {
	return map[string]Filter{
		"append":  listAppend,
		"clear":   listClear,
		"copy":    listCopy,
		"count":   listCount,
		"extend":  listExtend,
		"index":   listIndex,
		"insert":  listInsert,
		"pop":     listPop,
		"remove":  listRemove,
		"reverse": listReverse,
		"sort":    listSort,
	}
}

func listOf(c *Call) *values.List {
	l, _ := c.Value.AsList()
	return l
}

// nothing is the result of a method that changes its list or dict.
func nothing(c *Call, err error) (values.Value, error) {
	c.picked = true
	return values.Null, err
}

func listAppend(c *Call) (values.Value, error) {
	p := c.Params("object")
	v, given := p.Get("object")
	if !given {
		p.fail(typeErrorf("append() takes exactly one argument (0 given)"))
	}
	if err := firstError(p.Err(), mayHold(c.Value, v), c.Spend(1)); err != nil {
		return nothing(c, err)
	}
	l := listOf(c)
	l.Items = append(l.Items, v)
	return nothing(c, nil)
}

func listExtend(c *Call) (values.Value, error) {
	p := c.Params("iterable")
	v := p.Need("iterable")
	if p.Err() != nil {
		return nothing(c, p.Err())
	}
	items, err := Iterate(v)
	if err := firstError(err, mayHold(c.Value, items...), c.Spend(len(items))); err != nil {
		return nothing(c, err)
	}
	l := listOf(c)
	l.Items = append(l.Items, items...)
	return nothing(c, nil)
}

func listInsert(c *Call) (values.Value, error) {
	p := c.Params("index", "object")
	p.Need("index")
	i := p.Int("index", 0)
	v, given := p.Get("object")
	if !given {
		p.fail(typeErrorf("insert expected 2 arguments, got %d", len(c.Args)))
	}
	if err := firstError(p.Err(), mayHold(c.Value, v), c.Spend(1)); err != nil {
		return nothing(c, err)
	}
	l := listOf(c)
	if i < 0 {
		i += len(l.Items)
	}
	l.Items = slices.Insert(l.Items, min(max(i, 0), len(l.Items)), v)
	return nothing(c, nil)
}

func listPop(c *Call) (values.Value, error) {
	p := c.Params("index")
	at := p.Value("index", values.Int(-1))
	l := listOf(c)
	i, ok := index(at, len(l.Items))
	if p.Err() != nil || !ok {
		return nothing(c, firstError(p.Err(), need(at), valueErrorf("pop index out of range")))
	}
	v := l.Items[i]
	l.Items = slices.Delete(l.Items, i, i+1)
	return c.Pick(v)
}

func listRemove(c *Call) (values.Value, error) {
	p := c.Params("value")
	v := p.Need("value")
	if p.Err() != nil {
		return nothing(c, p.Err())
	}
	l := listOf(c)
	i, err := find(l.Items, v, 0, len(l.Items))
	if err == nil && i < 0 {
		err = valueErrorf("list.remove(x): x not in list")
	}
	if err == nil {
		l.Items = slices.Delete(l.Items, i, i+1)
	}
	return nothing(c, err)
}

// find gives the index of v in items[from:to], or -1.
func find(items []values.Value, v values.Value, from, to int) (int, error) {
	for i := from; i < to; i++ {
		same, err := compare("==", items[i], v)
		if same || err != nil {
			return i, err
		}
	}
	return -1, nil
}

func listIndex(c *Call) (values.Value, error) {
	p := c.Params("value", "start", "stop")
	v := p.Need("value")
	l := listOf(c)
	n := len(l.Items)
	from, err1 := clampedBound(p.Value("start", values.Null), 0, n, 0, n)
	to, err2 := clampedBound(p.Value("stop", values.Null), n, n, 0, n)
	if err := firstError(p.Err(), err1, err2); err != nil {
		return nothing(c, err)
	}
	i, err := find(l.Items, v, from, to)
	if err == nil && i < 0 {
		err = valueErrorf("%s is not in list", values.Repr(v))
	}
	return values.Int(int64(i)), err
}

func listCount(c *Call) (values.Value, error) {
	p := c.Params("value")
	v := p.Need("value")
	if p.Err() != nil {
		return nothing(c, p.Err())
	}
	n := 0
	for _, item := range listOf(c).Items {
		same, err := compare("==", item, v)
		if err != nil {
			return nothing(c, err)
		}
		if same {
			n++
		}
	}
	return values.Int(int64(n)), nil
}

func listClear(c *Call) (values.Value, error) {
	listOf(c).Items = nil
	return nothing(c, c.Params().Err())
}

func listCopy(c *Call) (values.Value, error) {
	return values.FromSlice(slices.Clone(listOf(c).Items)), c.Params().Err()
}

func listReverse(c *Call) (values.Value, error) {
	slices.Reverse(listOf(c).Items)
	return nothing(c, c.Params().Err())
}

func listSort(c *Call) (values.Value, error) {
	p := c.Params("key", "reverse")
	reverse := p.Bool("reverse", false)
	if key, ok := p.Get("key"); ok && !key.IsNull() {
		p.fail(typeErrorf("sort(key=...) is not supported: use the filter sort(attribute=...)"))
	}
	if len(c.Args) > 0 {
		p.fail(typeErrorf("sort() takes no positional arguments"))
	}
	if p.Err() != nil {
		return nothing(c, p.Err())
	}
	l := listOf(c)
	at, err := Sorted(l.Items, reverse)
	if err == nil {
		l.Items = pickIndexes(l.Items, at)
	}
	return nothing(c, err)
}
