package jinja

import (
	"maps"
	"slices"
	"unicode"

	"github.com/gdeploy/gdeploy/values"
)

// Tests lists Jinja's own tests.
func Tests() map[string]Test {
	return map[string]Test{
		"!=":          compareTest("!="),
		"<":           compareTest("<"),
		"<=":          compareTest("<="),
		"==":          compareTest("=="),
		">":           compareTest(">"),
		">=":          compareTest(">="),
		"boolean":     kindTest(values.KindBool),
		"callable":    testCallable,
		"defined":     testDefined,
		"divisibleby": testDivisibleby,
		"eq":          compareTest("=="),
		"equalto":     compareTest("=="),
		"escaped":     func(*Call) (bool, error) { return false, nil },
		"even":        parityTest(0),
		"false":       testFalse,
		"filter":      testFilter,
		"float":       kindTest(values.KindFloat),
		"ge":          compareTest(">="),
		"greaterthan": compareTest(">"),
		"gt":          compareTest(">"),
		"in":          compareTest("in"),
		"integer":     kindTest(values.KindInt),
		"iterable":    testIterable,
		"le":          compareTest("<="),
		"lessthan":    compareTest("<"),
		"lower":       caseTest(unicode.IsLower, unicode.IsUpper),
		"lt":          compareTest("<"),
		"mapping":     testMapping,
		"ne":          compareTest("!="),
		"none":        kindTest(values.KindNull),
		"number":      testNumber,
		"odd":         parityTest(1),
		"sameas":      testSameas,
		"sequence":    testSequence,
		"string":      kindTest(values.KindString),
		"test":        testTest,
		"true":        testTrue,
		"undefined":   testUndefined,
		"upper":       caseTest(unicode.IsUpper, unicode.IsLower),
	}
}

func compareTest(op string) Test {
	return func(c *Call) (bool, error) {
		p := c.Params("other")
		other := p.Need("other")
		if p.Err() != nil {
			return false, firstError(need(c.Value), p.Err())
		}
		return compare(op, c.Value, other)
	}
}

func kindTest(kind values.Kind) Test {
	return func(c *Call) (bool, error) { return c.Value.Kind() == kind, c.Params().Err() }
}

func testDefined(c *Call) (bool, error)   { return !IsUndefined(c.Value), c.Params().Err() }
func testUndefined(c *Call) (bool, error) { return IsUndefined(c.Value), c.Params().Err() }
func testNumber(c *Call) (bool, error)    { return isNumber(c.Value), nil }

func testTrue(c *Call) (bool, error) {
	b, ok := c.Value.AsBool()
	return ok && b, nil
}

func testFalse(c *Call) (bool, error) {
	b, ok := c.Value.AsBool()
	return ok && !b, nil
}

func testCallable(c *Call) (bool, error) {
	o, _ := c.Value.AsObject()
	_, ok := o.(Callable)
	return ok || IsUndefined(c.Value), nil
}

func testMapping(c *Call) (bool, error) {
	o, _ := c.Value.AsObject()
	_, ok := o.(Mapping)
	return ok || c.Value.Kind() == values.KindMap, nil
}

func testSequence(c *Call) (bool, error) {
	switch c.Value.Kind() {
	case values.KindString, values.KindList, values.KindMap:
		return true, nil
	}
	o, _ := c.Value.AsObject()
	_, isMapping := o.(Mapping)
	_, isItemer := o.(Itemer)
	return isMapping || isItemer, nil
}

func testIterable(c *Call) (bool, error) {
	if err := need(c.Value); err != nil {
		return false, err
	}
	if o, ok := c.Value.AsObject(); ok {
		_, iterable := o.(Iterable)
		_, mapping := o.(Mapping)
		return iterable || mapping, nil
	}
	return c.Value.Kind() == values.KindString || isContainer(c.Value), nil
}

func testSameas(c *Call) (bool, error) {
	p := c.Params("other")
	other, ok := p.Get("other")
	if !ok {
		return false, firstError(p.Err(), typeErrorf("sameas needs the other value"))
	}
	return identical(c.Value, other), p.Err()
}

// identical is Python's is, where values are told apart by kind and content.
func identical(a, b values.Value) bool {
	if a.Kind() != b.Kind() {
		return false
	}
	switch a.Kind() {
	case values.KindList:
		x, _ := a.AsList()
		y, _ := b.AsList()
		return x == y
	case values.KindMap:
		x, _ := a.AsMap()
		y, _ := b.AsMap()
		return x == y
	case values.KindObject:
		x, _ := a.AsObject()
		y, _ := b.AsObject()
		return x == y
	}
	return values.Equal(a, b)
}

func testDivisibleby(c *Call) (bool, error) {
	p := c.Params("num")
	by := p.Need("num")
	if err := firstError(need(c.Value), p.Err()); err != nil {
		return false, err
	}
	rest, err := c.frame.in.binary("%", c.Value, by)
	return err == nil && !rest.Truthy(), err
}

func parityTest(want int64) Test {
	return func(c *Call) (bool, error) {
		if err := need(c.Value); err != nil {
			return false, err
		}
		rest, err := c.frame.in.binary("%", c.Value, values.Int(2))
		return err == nil && values.Equal(rest, values.Int(want)), err
	}
}

// caseTest is Python's islower and isupper: at least one letter of the case, and none
// of the other.
func caseTest(is, isNot func(rune) bool) Test {
	return func(c *Call) (bool, error) {
		text, err := c.Text()
		return err == nil && allCased(text, is, isNot), err
	}
}

func allCased(s string, is, isNot func(rune) bool) bool {
	found := false
	for _, r := range s {
		if isNot(r) || unicode.IsTitle(r) {
			return false
		}
		found = found || is(r)
	}
	return found
}

func testFilter(c *Call) (bool, error) {
	name, _ := c.Value.AsString()
	return c.Environment().HasFilter(name), need(c.Value)
}

func testTest(c *Call) (bool, error) {
	name, _ := c.Value.AsString()
	return c.Environment().HasTest(name), need(c.Value)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
