package jinja

import (
	"github.com/gdeploy/gdeploy/values"
)

// Filters lists Jinja's own filters.
func Filters() map[string]Filter {
	return map[string]Filter{
		"abs":            filterAbs,
		"attr":           filterAttr,
		"batch":          filterBatch,
		"capitalize":     textFilter(capitalize),
		"center":         filterCenter,
		"count":          filterLength,
		"d":              filterDefault,
		"default":        filterDefault,
		"dictsort":       filterDictsort,
		"e":              textFilter(escapeHTML),
		"escape":         textFilter(escapeHTML),
		"filesizeformat": filterFilesizeformat,
		"first":          filterFirst,
		"float":          filterFloat,
		"forceescape":    textFilter(escapeHTML),
		"format":         filterFormat,
		"groupby":        filterGroupby,
		"indent":         filterIndent,
		"int":            filterInt,
		"items":          filterItems,
		"join":           filterJoin,
		"last":           filterLast,
		"length":         filterLength,
		"list":           filterList,
		"lower":          textFilter(lower),
		"map":            filterMap,
		"max":            filterMax,
		"min":            filterMin,
		"pprint":         filterPprint,
		"random":         filterRandom,
		"reject":         filterReject,
		"rejectattr":     filterRejectattr,
		"replace":        filterReplace,
		"reverse":        filterReverse,
		"round":          filterRound,
		"safe":           textFilter(same),
		"select":         filterSelect,
		"selectattr":     filterSelectattr,
		"slice":          filterSlice,
		"sort":           filterSort,
		"string":         textFilter(same),
		"striptags":      textFilter(striptags),
		"sum":            filterSum,
		"title":          textFilter(title),
		"tojson":         filterTojson,
		"trim":           filterTrim,
		"truncate":       filterTruncate,
		"unique":         filterUnique,
		"upper":          textFilter(upper),
		"urlencode":      filterUrlencode,
		"urlize":         filterUrlize,
		"wordcount":      filterWordcount,
		"wordwrap":       filterWordwrap,
		"xmlattr":        filterXmlattr,
	}
}

// undefinedFilters are those that accept an undefined value.
func undefinedFilters() []string { return []string{"attr", "d", "default", "items"} }

// textFilter makes a filter without arguments of a function on text.
func textFilter(fn func(string) string) Filter {
	return func(c *Call) (values.Value, error) {
		if err := c.Params().Err(); err != nil {
			return values.Null, err
		}
		text, err := c.Text()
		return values.String(fn(text)), err
	}
}

func same(s string) string { return s }

func filterDefault(c *Call) (values.Value, error) {
	p := c.Params("default_value", "boolean")
	def := p.Value("default_value", values.String(""))
	boolean := p.Bool("boolean", false)
	if IsUndefined(c.Value) || boolean && !c.Value.Truthy() {
		v, _ := c.Pick(def)
		return v, p.Err()
	}
	v, _ := c.Pick(c.Value)
	return v, p.Err()
}

func filterAttr(c *Call) (values.Value, error) {
	p := c.Params("name")
	name := p.String("name", "")
	if p.Err() != nil {
		return values.Null, p.Err()
	}
	if IsUndefined(c.Value) {
		return c.Pick(chained(c.Value))
	}
	v, ok, err := attribute(c.Value, name)
	if err == nil && !ok {
		v = values.FromObject(missingElement(c.Value, values.String(name)))
	}
	c.picked = true
	return v, err
}

// Length is Python's len(v).
func Length(v values.Value) (int, error) {
	switch v.Kind() {
	case values.KindString:
		s, _ := v.AsString()
		return values.Length(s), nil
	case values.KindMap:
		m, _ := v.AsMap()
		return m.Len(), nil
	case values.KindList, values.KindObject:
		items, err := Iterate(v)
		return len(items), err
	}
	return 0, typeErrorf("object of type '%s' has no len()", TypeName(v))
}

func filterLength(c *Call) (values.Value, error) {
	if err := c.Params().Err(); err != nil {
		return values.Null, err
	}
	n, err := Length(c.Value)
	return values.Int(int64(n)), err
}

func filterFormat(c *Call) (values.Value, error) {
	text, err := c.Text()
	if err != nil {
		return values.Null, err
	}
	if len(c.Args) > 0 && len(c.Kwargs) > 0 {
		return values.Null, typeErrorf("format takes arguments by place or by name, not both")
	}
	with := values.TupleOf(c.Args...)
	if len(c.Kwargs) > 0 {
		with = kwargsMap(c.Kwargs)
	}
	return c.frame.in.percentFormat(text, with)
}
