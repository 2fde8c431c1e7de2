package jmespath

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
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

// compare orders numbers, or texts.
func compare(a, b values.Value) (int, error) {
	s, text1 := a.AsString()
	t, text2 := b.AsString()
	switch {
	case text1 && text2:
		return strings.Compare(s, t), nil
	case text1 || text2:
		return 0, jinja.TypeError(fmt.Sprintf("'<' not supported between instances of '%s' and '%s'", jinja.TypeName(a), jinja.TypeName(b)))
	}
	return rational(a).Cmp(rational(b)), nil
}

func rational(v values.Value) *big.Float {
	if i, ok := v.AsBig(); ok {
		return new(big.Float).SetInt(i)
	}
	f, _ := v.AsFloat()
	if math.IsNaN(f) {
		return new(big.Float)
	}
	return new(big.Float).SetFloat64(f)
}

func number(name string) func([]values.Value) (values.Value, error) {
	return func(args []values.Value) (values.Value, error) {
		v := args[0]
		if i, ok := v.AsBig(); ok {
			if name == "abs" {
				return values.BigInt(new(big.Int).Abs(i)), nil
			}
			return v, nil
		}
		f, _ := v.AsFloat()
		switch name {
		case "abs":
			return values.Float(math.Abs(f)), nil
		case "ceil":
			f = math.Ceil(f)
		default:
			f = math.Floor(f)
		}
		whole, _ := big.NewFloat(f).Int(nil)
		return values.BigInt(whole), nil
	}
}

func sum(args []values.Value) (values.Value, error) {
	whole, float, isFloat := new(big.Int), 0.0, false
	for _, item := range args[0].Items() {
		if i, ok := item.AsBig(); ok && !isFloat {
			whole.Add(whole, i)
			continue
		}
		if !isFloat {
			float, _ = new(big.Float).SetInt(whole).Float64()
			isFloat = true
		}
		f, _ := rational(item).Float64()
		float += f
	}
	if isFloat {
		return values.Float(float), nil
	}
	return values.BigInt(whole), nil
}

func average(args []values.Value) (values.Value, error) {
	n := len(args[0].Items())
	if n == 0 {
		return values.Null, nil
	}
	total, err := sum(args)
	f, _ := rational(total).Float64()
	return values.Float(f / float64(n)), err
}

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

// extreme gives the first of the greatest (sign 1) or smallest (-1) elements.
func extreme(sign int) func([]values.Value) (values.Value, error) {
	return func(args []values.Value) (values.Value, error) {
		return pick(args[0].Items(), args[0].Items(), sign)
	}
}

func extremeBy(sign int) func([]values.Value) (values.Value, error) {
	return func(args []values.Value) (values.Value, error) {
		by, err := keysBy(args[0].Items(), referenceOf(args[1]))
		if err != nil {
			return values.Null, err
		}
		return pick(args[0].Items(), by, sign)
	}
}

func pick(items, by []values.Value, sign int) (values.Value, error) {
	if len(items) == 0 {
		return values.Null, nil
	}
	best := 0
	for i := range by {
		order, err := compare(by[i], by[best])
		if err != nil {
			return values.Null, err
		}
		if order*sign > 0 {
			best = i
		}
	}
	return items[best], nil
}

// keysBy computes what to order by: all numbers, or all strings.
func keysBy(items []values.Value, r *reference) ([]values.Value, error) {
	by := make([]values.Value, len(items))
	for i, item := range items {
		v, err := r.of(item)
		if err != nil {
			return nil, err
		}
		if !comparable(v) || i > 0 && typeOf(v) != typeOf(by[0]) {
			//lint:ignore ST1005 as Python's library says it
			return nil, fmt.Errorf("invalid type for value: %s, expected one of: ['number', 'string'], received: %q", values.Text(v), typeOf(v))
		}
		by[i] = v
	}
	return by, nil
}

func sorted(args []values.Value) (values.Value, error) {
	return sortedBy(args[0].Items(), args[0].Items())
}

func sortBy(args []values.Value) (values.Value, error) {
	by, err := keysBy(args[0].Items(), referenceOf(args[1]))
	if err != nil {
		return values.Null, err
	}
	return sortedBy(args[0].Items(), by)
}

func sortedBy(items, by []values.Value) (values.Value, error) {
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		c, _ := compare(by[i], by[j]) // the types were checked
		return c
	})
	out := make([]values.Value, len(items))
	for i, from := range order {
		out[i] = items[from]
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

func toNumber(args []values.Value) (values.Value, error) {
	text, ok := args[0].AsString()
	if !ok {
		if typeOf(args[0]) == "number" {
			return args[0], nil
		}
		return values.Null, nil
	}
	text = strings.TrimSpace(text)
	if i, ok := new(big.Int).SetString(text, 10); ok {
		return values.BigInt(i), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || strings.ContainsAny(text, "xX") {
		return values.Null, nil
	}
	return values.Float(f), nil
}

func sortedKeys(m map[string]any) []string {
	return slices.SortedFunc(maps.Keys(m), cmp.Compare[string])
}
