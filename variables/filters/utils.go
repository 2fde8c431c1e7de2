package filters

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/jinja/pyre"
	"github.com/gdeploy/gdeploy/values"
)

// utils are the filters on data of ansible.utils that are in wide use.
func utils() map[string]jinja.Filter {
	return map[string]jinja.Filter{
		"get_path":           getPath,
		"index_of":           indexOf,
		"keep_keys":          keepKeys,
		"param_list_compare": paramListCompare,
		"remove_keys":        removeKeys,
		"replace_keys":       replaceKeys,
		"to_paths":           toPaths,
	}
}

// getPath evaluates a path such as a.b[0] in a dict.
func getPath(c *jinja.Call) (values.Value, error) {
	p := c.Params("path", "wantlist")
	if p.Need("path").Unsafe() {
		return values.Null, fmt.Errorf("get_path: the path came from outside, and what comes from outside is never evaluated")
	}
	path, wantList := p.Text("path", ""), p.Bool("wantlist", false)
	m, ok, err := jinja.AsMap(c.Value)
	if err := first(p.Err(), err); err != nil {
		return values.Null, err
	}
	if !ok {
		return values.Null, fmt.Errorf("get_path needs a dict, not %s", jinja.TypeName(c.Value))
	}
	x, err := c.Environment().CompileExpression(path, values.Position{})
	if err != nil {
		return values.Null, err
	}
	scope := jinja.Vars{}
	for key, v := range m.All() {
		scope[values.Text(key)] = v
	}
	v, err := x.Eval(c.Ctx, scope)
	if err := first(err, jinja.Defined(v)); err != nil {
		return values.Null, err
	}
	if wantList {
		return values.ListOf(v), nil
	}
	return v, nil
}

// toPaths makes a flat dict of nested data: the path to each value, and the value.
func toPaths(c *jinja.Call) (values.Value, error) {
	p := c.Params("prepend", "wantlist")
	prepend, wantList := p.Value("prepend", values.Null), p.Bool("wantlist", false)
	plain, err := jinja.PlainAll(c.Value)
	if err := first(p.Err(), jinja.Defined(c.Value), err); err != nil {
		return values.Null, err
	}
	paths := values.NewMap(0)
	addPaths(paths, values.Text(orEmpty(prepend)), plain)
	if wantList {
		return values.ListOf(values.FromMap(paths)), nil
	}
	return values.FromMap(paths), nil
}

func orEmpty(v values.Value) values.Value {
	if v.IsNull() {
		return values.String("")
	}
	return v
}

var plainKey = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

func addPaths(paths *values.Map, name string, v values.Value) {
	m, isMap := v.AsMap()
	switch {
	case isMap && m.Len() > 0:
		for key, inner := range m.All() {
			addPaths(paths, joinPath(name, values.Text(key)), inner)
		}
	case v.Kind() == values.KindList && len(v.Items()) > 0:
		for i, inner := range v.Items() {
			addPaths(paths, fmt.Sprintf("%s[%d]", name, i), inner)
		}
	default:
		paths.Set(name, v)
	}
}

func joinPath(name, key string) string {
	switch {
	case name == "":
		return key
	case plainKey.MatchString(key):
		return name + "." + key
	}
	return name + "['" + key + "']"
}

// indexOf gives the places in a list where a test holds: a number where it is one place.
func indexOf(c *jinja.Call) (values.Value, error) {
	p := c.Params("test", "value", "key", "wantlist", "fail_on_missing")
	p.Need("test")
	test, key := p.Text("test", ""), p.Value("key", values.Null)
	items, err := c.Items()
	if err := first(p.Err(), err); err != nil {
		return values.Null, err
	}
	found := []values.Value{}
	for i, item := range items {
		if !key.IsNull() {
			m, ok := item.AsMap()
			if !ok {
				return values.Null, fmt.Errorf("index_of: with a key, all entries have to be dicts, and entry %d is a %s", i, jinja.TypeName(item))
			}
			if item, ok = m.GetKey(key); !ok && p.Bool("fail_on_missing", false) {
				return values.Null, fmt.Errorf("index_of: '%s' was not found in '%s' at [%d]", values.Text(key), values.Repr(values.FromMap(m)), i)
			}
			if !ok {
				continue
			}
		}
		holds, err := testEntry(c, test, item, p.Value("value", values.Null))
		if err != nil {
			return values.Null, fmt.Errorf("index_of: %w", err)
		}
		if holds {
			found = append(found, values.Int(int64(i)))
		}
	}
	if len(found) == 1 && !p.Bool("wantlist", false) {
		return found[0], nil
	}
	return values.FromSlice(found), nil
}

// testEntry runs a test; ! or not in front turns it round.
func testEntry(c *jinja.Call, test string, v, against values.Value) (bool, error) {
	name, inverted := strings.CutPrefix(test, "not ")
	if rest, ok := strings.CutPrefix(name, "!"); ok && !inverted {
		name, inverted = rest, true
		if name == "=" {
			name = "=="
		}
	}
	if name == "in" && against.Kind() != values.KindList {
		against = values.ListOf(against)
	}
	var args []values.Value
	if !against.IsNull() {
		args = []values.Value{against}
	}
	holds, err := c.Test(name, v, args, nil)
	return holds != inverted, err
}

// keyMatch decides whether a key is one of those that a filter is about.
type keyMatch func(key, target string) (bool, error)

// keyMatches are the matching_parameter of the filters on keys.
var keyMatches = map[string]keyMatch{
	"equality":    func(key, target string) (bool, error) { return key == target, nil },
	"starts_with": func(key, target string) (bool, error) { return strings.HasPrefix(key, target), nil },
	"ends_with":   func(key, target string) (bool, error) { return strings.HasSuffix(key, target), nil },
	"regex": func(key, target string) (bool, error) {
		re, err := pyre.Compile(target, 0)
		if err != nil {
			return false, err
		}
		m, err := re.MatchStart(key)
		return m != nil, err
	},
}

// keyFilter reads what keep_keys, remove_keys and replace_keys have in common.
func keyFilter(c *jinja.Call) (plain values.Value, targets []values.Value, match keyMatch, err error) {
	p := c.Params("target", "matching_parameter")
	target := p.Need("target")
	name := p.Text("matching_parameter", "equality")
	match = keyMatches[name]
	if plain, err = jinja.PlainAll(c.Value); first(p.Err(), jinja.Defined(c.Value), err) != nil {
		return plain, nil, nil, first(p.Err(), jinja.Defined(c.Value), err)
	}
	switch {
	case match == nil:
		return plain, nil, nil, fmt.Errorf("%s: matching_parameter must be equality, starts_with, ends_with or regex, not %q", c.Name, name)
	case plain.Kind() != values.KindList && plain.Kind() != values.KindMap:
		return plain, nil, nil, fmt.Errorf("%s needs a list or dict, not %s", c.Name, jinja.TypeName(c.Value))
	case target.Kind() != values.KindList:
		return plain, nil, nil, fmt.Errorf("%s: the target must be a list, not %s", c.Name, jinja.TypeName(target))
	}
	return plain, target.Items(), match, nil
}

// any asks a match about all targets.
func (match keyMatch) any(key values.Value, targets []values.Value) (bool, error) {
	for _, target := range targets {
		if ok, err := match(values.Text(key), values.Text(target)); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

// keepKeys leaves of nested dicts only the values under the keys that match.
func keepKeys(c *jinja.Call) (values.Value, error) {
	plain, targets, match, err := keyFilter(c)
	if err != nil {
		return values.Null, err
	}
	return match.keep(plain, targets)
}

func (match keyMatch) keep(v values.Value, targets []values.Value) (values.Value, error) {
	if v.Kind() == values.KindList {
		return eachItem(v, func(item values.Value) (values.Value, error) { return match.keep(item, targets) })
	}
	m, ok := v.AsMap()
	if !ok {
		return v, nil
	}
	kept := values.NewMap(0)
	for key, inner := range m.All() {
		nested := inner.Kind() == values.KindList || inner.Kind() == values.KindMap
		if !nested {
			matches, err := match.any(key, targets)
			if err != nil {
				return v, err
			}
			if matches {
				kept.SetKey(key, inner)
			}
			continue
		}
		rest, err := match.keep(inner, targets)
		if err != nil {
			return v, err
		}
		if rest = withoutEmpty(rest); rest.Truthy() && !slices.ContainsFunc(rest.Items(), isText) {
			kept.SetKey(key, rest)
		}
	}
	return values.FromMap(kept).Inherit(v), nil
}

// withoutEmpty takes empty lists and dicts out of a list.
func withoutEmpty(v values.Value) values.Value {
	if v.Kind() != values.KindList {
		return v
	}
	return values.FromSlice(slices.DeleteFunc(slices.Clone(v.Items()), func(item values.Value) bool {
		return (item.Kind() == values.KindList || item.Kind() == values.KindMap) && !item.Truthy()
	})).Inherit(v)
}

// removeKeys takes the keys that match out of nested dicts, and what is empty out of lists.
func removeKeys(c *jinja.Call) (values.Value, error) {
	plain, targets, match, err := keyFilter(c)
	if err != nil {
		return values.Null, err
	}
	return match.remove(plain, targets)
}

func (match keyMatch) remove(v values.Value, targets []values.Value) (values.Value, error) {
	if v.Kind() == values.KindList {
		left, err := eachItem(v, func(item values.Value) (values.Value, error) { return match.remove(item, targets) })
		return values.FromSlice(slices.DeleteFunc(left.Items(), func(item values.Value) bool { return !item.Truthy() })).Inherit(v), err
	}
	return eachEntry(v, func(key, inner values.Value) (values.Value, bool, values.Value, error) {
		matches, err := match.any(key, targets)
		if matches || err != nil {
			return key, false, inner, err
		}
		inner, err = match.remove(inner, targets)
		return key, true, inner, err
	})
}

// replaceKeys renames the keys that match; those that are renamed come last.
func replaceKeys(c *jinja.Call) (values.Value, error) {
	plain, targets, match, err := keyFilter(c)
	if err != nil {
		return values.Null, err
	}
	return match.replace(plain, targets)
}

func (match keyMatch) replace(v values.Value, targets []values.Value) (values.Value, error) {
	if v.Kind() == values.KindList {
		return eachItem(v, func(item values.Value) (values.Value, error) { return match.replace(item, targets) })
	}
	m, ok := v.AsMap()
	if !ok {
		return v, nil
	}
	renamed := m.Clone()
	for _, target := range targets {
		before, _ := target.Get("before")
		after, _ := target.Get("after")
		for _, key := range slices.Clone(renamed.Keys()) {
			matches, err := match.any(key, []values.Value{before})
			if err != nil {
				return v, err
			}
			if !matches {
				continue
			}
			inner, _ := renamed.GetKey(key)
			renamed.Delete(key)
			renamed.SetKey(after, inner)
		}
	}
	return eachEntry(values.FromMap(renamed).Inherit(v), func(key, inner values.Value) (values.Value, bool, values.Value, error) {
		inner, err := match.replace(inner, targets)
		return key, true, inner, err
	})
}

func eachItem(v values.Value, do func(values.Value) (values.Value, error)) (values.Value, error) {
	items := make([]values.Value, len(v.Items()))
	for i, item := range v.Items() {
		var err error
		if items[i], err = do(item); err != nil {
			return v, err
		}
	}
	return values.FromSlice(items).Inherit(v), nil
}

// eachEntry makes a dict of what do makes of each entry; other values stay as they are.
func eachEntry(v values.Value, do func(key, inner values.Value) (newKey values.Value, keep bool, newValue values.Value, err error)) (values.Value, error) {
	m, ok := v.AsMap()
	if !ok {
		return v, nil
	}
	out := values.NewMap(m.Len())
	for key, inner := range m.All() {
		newKey, keep, newValue, err := do(key, inner)
		if err != nil {
			return v, err
		}
		if keep {
			out.SetKey(newKey, newValue)
		}
	}
	return values.FromMap(out).Inherit(v), nil
}

// paramListCompare tells which of a list of names are wanted, by names, "all" and !name.
func paramListCompare(c *jinja.Call) (values.Value, error) {
	p := c.Params("target")
	target := p.Need("target")
	base, err := c.Items()
	if err := first(p.Err(), err); err != nil {
		return values.Null, err
	}
	var wanted, excluded, unsupported []values.Value
	all := false
	for _, item := range target.Items() {
		name := values.Text(item)
		bare, not := strings.CutPrefix(name, "!")
		switch {
		case name == "all":
			all = true
		case !has(base, values.String(bare)):
			unsupported = append(unsupported, values.String(bare))
		case not:
			excluded = append(excluded, values.String(bare))
		default:
			wanted = append(wanted, item)
		}
	}
	if all {
		wanted = base
	}
	return values.MapOf("actionable", values.FromSlice(without(wanted, excluded)), "unsupported", values.FromSlice(unsupported)), nil
}
