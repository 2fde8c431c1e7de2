package jmespath

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jmespath-community/go-jmespath/pkg/parsing"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/jinja/pyjson"
	"github.com/gdeploy/gdeploy/values"
)

// function is a function of JMESPath: what its parameters may be, and what it gives.
// The last parameter repeats where more is set.
type function struct {
	params []string
	more   bool
	run    func(args []values.Value) (values.Value, error)
}

// functions are those of Python's jmespath. Types stand with | between them.
func functions() map[string]function {
	return map[string]function{
		"abs":         {params: []string{"number"}, run: number("abs")},
		"avg":         {params: []string{"array-number"}, run: average},
		"ceil":        {params: []string{"number"}, run: number("ceil")},
		"contains":    {params: []string{"array|string", ""}, run: contains},
		"ends_with":   {params: []string{"string", "string"}, run: texts(strings.HasSuffix)},
		"floor":       {params: []string{"number"}, run: number("floor")},
		"join":        {params: []string{"string", "array-string"}, run: join},
		"keys":        {params: []string{"object"}, run: keys},
		"length":      {params: []string{"string|array|object"}, run: length},
		"map":         {params: []string{"expref", "array"}, run: mapped},
		"max":         {params: []string{"array-number|array-string"}, run: extreme(1)},
		"max_by":      {params: []string{"array", "expref"}, run: extremeBy(1)},
		"merge":       {params: []string{"object"}, more: true, run: merge},
		"min":         {params: []string{"array-number|array-string"}, run: extreme(-1)},
		"min_by":      {params: []string{"array", "expref"}, run: extremeBy(-1)},
		"not_null":    {params: []string{""}, more: true, run: notNull},
		"reverse":     {params: []string{"string|array"}, run: reverse},
		"sort":        {params: []string{"array-string|array-number"}, run: sorted},
		"sort_by":     {params: []string{"array", "expref"}, run: sortBy},
		"starts_with": {params: []string{"string", "string"}, run: texts(strings.HasPrefix)},
		"sum":         {params: []string{"array-number"}, run: sum},
		"to_array":    {params: []string{""}, run: toArray},
		"to_number":   {params: []string{""}, run: toNumber},
		"to_string":   {params: []string{""}, run: toText},
		"type":        {params: []string{""}, run: func(args []values.Value) (values.Value, error) { return values.String(typeOf(args[0])), nil }},
		"values":      {params: []string{"object"}, run: valuesOf},
	}
}

func call(node parsing.ASTNode, v values.Value) (values.Value, error) {
	name, _ := node.Value.(string)
	fn, ok := functions()[name]
	if !ok {
		return values.Null, fmt.Errorf("Unknown function: %s()", name) //lint:ignore ST1005 as Python's library says it
	}
	if n := len(node.Children); n < len(fn.params) || n > len(fn.params) && !fn.more {
		return values.Null, fmt.Errorf("Expected %d arguments for function %s(), received %d", len(fn.params), name, n) //lint:ignore ST1005 as above
	}
	args := make([]values.Value, len(node.Children))
	for i, child := range node.Children {
		var err error
		if args[i], err = eval(child, v); err != nil {
			return values.Null, err
		}
		wanted := fn.params[min(i, len(fn.params)-1)]
		if !isOneOf(args[i], wanted) {
			//lint:ignore ST1005 as Python's library says it
			return values.Null, fmt.Errorf("In function %s(), invalid type for value: %s, expected one of: [%s], received: %q",
				name, values.Text(args[i]), quoted(wanted), typeOf(args[i]))
		}
	}
	return fn.run(args)
}

func quoted(types string) string {
	var list []string
	for name := range strings.SplitSeq(types, "|") {
		list = append(list, "'"+name+"'")
	}
	return strings.Join(list, ", ")
}

func typeOf(v values.Value) string {
	switch v.Kind() {
	case values.KindNull:
		return "null"
	case values.KindBool:
		return "boolean"
	case values.KindInt, values.KindFloat:
		return "number"
	case values.KindString:
		return "string"
	case values.KindList:
		return "array"
	case values.KindMap:
		return "object"
	}
	if o, _ := v.AsObject(); o != nil {
		if _, ok := o.(*reference); ok {
			return "expref"
		}
	}
	if _, ok := mapOf(v); ok {
		return "object"
	}
	return jinja.TypeName(v)
}

func isOneOf(v values.Value, types string) bool {
	if types == "" {
		return true
	}
	for name := range strings.SplitSeq(types, "|") {
		base, element, _ := strings.Cut(name, "-")
		if typeOf(v) == base && !slices.ContainsFunc(v.Items(), func(item values.Value) bool { return element != "" && typeOf(item) != element }) {
			return true
		}
	}
	return false
}

func comparable(v values.Value) bool { return typeOf(v) == "number" || typeOf(v) == "string" }

func contains(args []values.Value) (values.Value, error) {
	if text, ok := args[0].AsString(); ok {
		part, isText := args[1].AsString()
		if !isText {
			return values.Null, jinja.TypeError("'in <string>' requires string as left operand, not " + jinja.TypeName(args[1]))
		}
		return values.Bool(strings.Contains(text, part)), nil
	}
	return values.Bool(slices.ContainsFunc(args[0].Items(), func(v values.Value) bool { return values.Equal(v, args[1]) })), nil
}

func texts(holds func(a, b string) bool) func([]values.Value) (values.Value, error) {
	return func(args []values.Value) (values.Value, error) {
		return values.Bool(holds(values.Text(args[0]), values.Text(args[1]))), nil
	}
}

func join(args []values.Value) (values.Value, error) {
	var parts []string
	for _, item := range args[1].Items() {
		parts = append(parts, values.Text(item))
	}
	return values.String(strings.Join(parts, values.Text(args[0]))), nil
}

func keys(args []values.Value) (values.Value, error) {
	m, _ := mapOf(args[0])
	return values.FromSlice(slices.Clone(m.Keys())), nil
}

func valuesOf(args []values.Value) (values.Value, error) {
	m, _ := mapOf(args[0])
	return values.FromSlice(slices.Clone(m.Values())), nil
}

func length(args []values.Value) (values.Value, error) {
	n, err := jinja.Length(args[0])
	return values.Int(int64(n)), err
}

func (r *reference) of(v values.Value) (values.Value, error) { return eval(r.node, v) }

func referenceOf(v values.Value) *reference {
	o, _ := v.AsObject()
	return o.(*reference)
}

func mapped(args []values.Value) (values.Value, error) {
	r := referenceOf(args[0])
	out := make([]values.Value, len(args[1].Items()))
	for i, item := range args[1].Items() {
		var err error
		if out[i], err = r.of(item); err != nil {
			return values.Null, err
		}
	}
	return values.FromSlice(out), nil
}

func merge(args []values.Value) (values.Value, error) {
	merged := values.NewMap(0)
	for _, arg := range args {
		m, _ := mapOf(arg)
		for key, v := range m.All() {
			merged.SetKey(key, v)
		}
	}
	return values.FromMap(merged), nil
}

func notNull(args []values.Value) (values.Value, error) {
	for _, arg := range args {
		if !arg.IsNull() {
			return arg, nil
		}
	}
	return values.Null, nil
}

func reverse(args []values.Value) (values.Value, error) {
	if text, ok := args[0].AsString(); ok {
		runes := values.Runes(text)
		slices.Reverse(runes)
		return values.String(values.FromRunes(runes)), nil
	}
	items := slices.Clone(args[0].Items())
	slices.Reverse(items)
	return values.FromSlice(items), nil
}

func toArray(args []values.Value) (values.Value, error) {
	if args[0].Kind() == values.KindList {
		return args[0], nil
	}
	return values.ListOf(args[0]), nil
}

func toText(args []values.Value) (values.Value, error) {
	if args[0].Kind() == values.KindString {
		return args[0], nil
	}
	text, err := pyjson.Encode(args[0], pyjson.Options{ItemSeparator: ",", KeySeparator: ":", Default: jinja.Plain, ASCII: true})
	return values.String(text), err
}

func sortedKeys(m map[string]any) []string {
	return slices.SortedFunc(maps.Keys(m), cmp.Compare[string])
}
