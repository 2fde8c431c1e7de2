package lookups

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// items is the terms, with lists among them opened.
func items(q *Query) ([]values.Value, error) { return flatten(q.Terms), q.only() }

// list is the terms as they are.
func list(q *Query) ([]values.Value, error) { return q.Terms, q.only() }

// dict gives the entries of maps as {key, value}.
func dict(q *Query) ([]values.Value, error) {
	var out []values.Value
	for _, term := range q.Terms {
		m, ok := term.AsMap()
		if !ok {
			return nil, fmt.Errorf("with_dict expects a dict, not %s", values.Repr(term))
		}
		for key, v := range m.All() {
			out = append(out, values.MapOf("key", key, "value", v))
		}
	}
	return out, q.only()
}

// flattened opens lists at every depth.
func flattened(q *Query) ([]values.Value, error) { return flattenAll(q.Terms, 0), q.only() }

func flattenAll(items []values.Value, depth int) []values.Value {
	var out []values.Value
	for _, item := range items {
		text, _ := item.AsString()
		switch {
		case item.IsNull() || text == "None" || text == "null":
		case item.Kind() == values.KindList && depth < 500:
			out = append(out, flattenAll(item.Items(), depth+1)...)
		default:
			out = append(out, item)
		}
	}
	return out
}

// indexedItems gives (index, item) of each.
func indexedItems(q *Query) ([]values.Value, error) {
	var out []values.Value
	for i, item := range flatten(q.Terms) {
		out = append(out, values.TupleOf(values.Int(int64(i)), item))
	}
	return out, q.only()
}

// maxCombinations bounds what nested and cartesian may give.
const maxCombinations = 1_000_000

// nested combines each element of the first list with each of the second, and so on.
func nested(q *Query) ([]values.Value, error) {
	if len(q.Terms) == 0 {
		return nil, errors.New("with_nested requires at least one element in the nested list")
	}
	rows, err := combinations(q)
	for i, row := range rows {
		rows[i] = values.FromSlice(flatten(row.Items())) // once more than the others
	}
	return rows, err
}

// cartesian is nested under the name of its result.
func cartesian(q *Query) ([]values.Value, error) {
	if len(q.Terms) == 0 {
		return nil, errors.New("with_cartesian requires at least one element in each list")
	}
	return combinations(q)
}

func combinations(q *Query) ([]values.Value, error) {
	rows := [][]values.Value{nil}
	for _, term := range q.Terms {
		elements := elementsOf(term)
		if len(rows)*len(elements) > maxCombinations {
			return nil, fmt.Errorf("%s gives more than %d combinations", q.Name, maxCombinations)
		}
		next := make([][]values.Value, 0, len(rows)*len(elements))
		for _, row := range rows {
			for _, element := range elements {
				next = append(next, append(row[:len(row):len(row)], element))
			}
		}
		rows = next
	}
	return flatRows(rows), q.only()
}

func elementsOf(term values.Value) []values.Value {
	if m, ok := term.AsMap(); ok {
		return m.Keys()
	}
	if term.Kind() == values.KindList {
		return term.Items()
	}
	return []values.Value{term}
}

func flatRows(rows [][]values.Value) []values.Value {
	out := make([]values.Value, len(rows))
	for i, row := range rows {
		out[i] = values.FromSlice(flatten(row))
	}
	return out
}

// together gives the first elements of all lists, then the second ones, with null where
// a list has no more.
func together(q *Query) ([]values.Value, error) {
	if len(q.Terms) == 0 {
		return nil, errors.New("with_together requires at least one element in each list")
	}
	var rows [][]values.Value
	for at := 0; ; at++ {
		row := make([]values.Value, len(q.Terms))
		more := false
		for i, term := range q.Terms {
			if elements := elementsOf(term); at < len(elements) {
				row[i], more = elements[at], true
			}
		}
		if !more {
			return flatRows(rows), q.only()
		}
		rows = append(rows, row)
	}
}

// subelements gives (item, element) for each element of a list inside each item.
func subelements(q *Query) ([]values.Value, error) {
	if len(q.Terms) < 2 || len(q.Terms) > 3 {
		return nil, errors.New("subelements lookup expects a list of two or three items: the list, the key, and perhaps {'skip_missing': True}")
	}
	skip := false
	if len(q.Terms) == 3 {
		m, ok := q.Terms[2].AsMap()
		if !ok {
			return nil, fmt.Errorf("subelements lookup expects as its third item a dict such as {'skip_missing': True}, not %s", values.Repr(q.Terms[2]))
		}
		flags := Query{Name: q.Name, Options: m}
		if err := flags.only("skip_missing"); err != nil {
			return nil, err
		}
		skip = flags.flag("skip_missing", false)
	}
	key, ok := q.Terms[1].AsString()
	if !ok {
		return nil, fmt.Errorf("subelements lookup expects the key as a string, not %s", values.Repr(q.Terms[1]))
	}
	outer := q.Terms[0].Items()
	if m, ok := q.Terms[0].AsMap(); ok {
		outer = m.Values()
	} else if q.Terms[0].Kind() != values.KindList {
		return nil, fmt.Errorf("subelements lookup expects a dictionary or a list, not %s", values.Repr(q.Terms[0]))
	}
	var out []values.Value
	for _, item := range outer {
		pairs, err := subelementsOf(item, strings.Split(key, "."), skip)
		if err != nil {
			return nil, err
		}
		out = append(out, pairs...)
	}
	return out, q.only()
}

func subelementsOf(item values.Value, path []string, skip bool) ([]values.Value, error) {
	m, ok := item.AsMap()
	if !ok {
		return nil, fmt.Errorf("subelements lookup expects a dictionary, got '%s'", values.Text(item))
	}
	if v, ok := m.Get("skipped"); ok && v.Truthy() {
		return nil, nil
	}
	at := item
	for i, name := range path {
		next, ok := at.Get(name)
		if !ok {
			if skip {
				return nil, nil
			}
			return nil, fmt.Errorf("could not find '%s' key in iterated item '%s'", name, values.Text(at))
		}
		last := i == len(path)-1
		if last && next.Kind() != values.KindList {
			return nil, fmt.Errorf("the key %s should point to a list, got '%s'", name, values.Text(next))
		}
		at = next
	}
	rest := without(item, path)
	var pairs []values.Value
	for _, element := range at.Items() {
		pairs = append(pairs, values.TupleOf(rest, element))
	}
	return pairs, nil
}

// without gives a map without the entry at path.
func without(v values.Value, path []string) values.Value {
	m, _ := v.AsMap()
	m = m.Clone()
	if len(path) == 1 {
		m.Delete(values.String(path[0]))
	} else if inner, ok := m.Get(path[0]); ok {
		m.Set(path[0], without(inner, path[1:]))
	}
	return values.FromMap(m).Inherit(v)
}

// randomChoice gives one of the terms.
func randomChoice(q *Query) ([]values.Value, error) {
	if len(q.Terms) == 0 {
		return q.Terms, q.only()
	}
	return []values.Value{q.Terms[rand.IntN(len(q.Terms))]}, q.only()
}
