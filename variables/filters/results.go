package filters

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// result reads a registered result.
func result(c *jinja.Call) (*values.Map, error) {
	m, ok, err := jinja.AsMap(c.Value)
	if err := first(err, jinja.Defined(c.Value)); err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("the '%s' test expects a dictionary", c.Name)
	}
	return m, c.Params().Err()
}

// resultTest asks whether the key of a result is what is wanted.
func resultTest(key string, want bool) jinja.Test {
	return func(c *jinja.Call) (bool, error) {
		m, err := result(c)
		if err != nil {
			return false, err
		}
		v, _ := m.Get(key)
		return v.Truthy() == want, nil
	}
}

// changed looks at the items of a loop's result where the result itself does not say.
func changed(c *jinja.Call) (bool, error) {
	m, err := result(c)
	if err != nil {
		return false, err
	}
	if v, ok := m.Get("changed"); ok {
		return v.Truthy(), nil
	}
	results, _ := m.Get("results")
	return slices.ContainsFunc(results.Items(), func(item values.Value) bool {
		v, _ := item.Get("changed")
		return v.Truthy()
	}), nil
}

// finished is true for what never was asynchronous.
func finished(c *jinja.Call) (bool, error) {
	m, err := result(c)
	if err != nil {
		return false, err
	}
	v, ok := m.Get("finished")
	return !ok || v.Truthy(), nil
}

func started(c *jinja.Call) (bool, error) {
	m, err := result(c)
	if err != nil {
		return false, err
	}
	v, ok := m.Get("started")
	return !ok || v.Truthy(), nil
}

func testAny(c *jinja.Call) (bool, error) {
	items, err := c.Items()
	for _, item := range items {
		if yes, err := jinja.Truth(item); yes || err != nil {
			return yes, err
		}
	}
	return false, first(err, c.Params().Err())
}

func testAll(c *jinja.Call) (bool, error) {
	items, err := c.Items()
	for _, item := range items {
		if yes, err := jinja.Truth(item); !yes || err != nil {
			return false, err
		}
	}
	return err == nil, first(err, c.Params().Err())
}

func contains(c *jinja.Call) (bool, error) {
	p := c.Params("value")
	v := p.Need("value")
	if p.Err() != nil {
		return false, p.Err()
	}
	return jinja.Contains(c.Value, v)
}

func truthy(c *jinja.Call) (bool, error) {
	p := c.Params("convert_bool")
	if p.Bool("convert_bool", false) {
		switch strings.ToLower(values.Text(c.Value)) {
		case "y", "yes", "on", "1", "true", "t", "1.0":
			return true, jinja.Defined(c.Value)
		case "n", "no", "off", "0", "false", "f", "0.0":
			return false, jinja.Defined(c.Value)
		}
	}
	if p.Err() != nil {
		return false, p.Err()
	}
	return jinja.Truth(c.Value)
}

func falsy(c *jinja.Call) (bool, error) {
	yes, err := truthy(c)
	return !yes, err
}

func isNaN(c *jinja.Call) (bool, error) {
	f, ok := c.Value.AsFloat()
	return ok && math.IsNaN(f), jinja.Defined(c.Value)
}

func subset(c *jinja.Call) (bool, error) {
	a, b, err := twoLists(c)
	if err != nil {
		return false, err
	}
	return containsAll(b, a)
}

func superset(c *jinja.Call) (bool, error) {
	a, b, err := twoLists(c)
	if err != nil {
		return false, err
	}
	return containsAll(a, b)
}

func containsAll(whole, part []values.Value) (bool, error) {
	in := setOf(whole)
	if wrong := append(in.others, setOf(part).others...); len(wrong) > 0 {
		return false, fmt.Errorf("unhashable type: '%s': the lists must hold plain values", jinja.TypeName(wrong[0]))
	}
	return !slices.ContainsFunc(part, func(v values.Value) bool { return !in.has(v) }), nil
}

// vaultEncrypted tells values that stand encrypted in a file, which are open already
// when a template sees them, and what the filter vault wrapped. Text in the vault's
// format is only text.
func vaultEncrypted(c *jinja.Call) (bool, error) {
	o, _ := c.Value.AsObject()
	_, wrapped := o.(vaulted)
	return wrapped || c.Value.Kind() == values.KindString && c.Value.Secret(), c.Params().Err()
}

// timedOut tells results of tasks that took longer than their timeout.
func timedOut(c *jinja.Call) (bool, error) {
	m, err := result(c)
	if err != nil {
		return false, err
	}
	v, _ := m.Get("timedout")
	period, ok := v.Get("period")
	return ok && period.Truthy() || !ok && v.Truthy(), nil
}
