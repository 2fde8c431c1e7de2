package jinja

import (
	"fmt"
	"maps"
	"slices"
)

// parseArguments parses (a, b=c, *d, **e).
func (p *parser) parseArguments() *arguments {
	p.expect("(")
	a := &arguments{}
	for first := true; !p.tok().is(")"); first = false {
		if !first {
			p.expect(",")
			if p.tok().is(")") {
				break
			}
		}
		p.parseArgument(a)
	}
	p.expect(")")
	return a
}

func (p *parser) parseArgument(a *arguments) {
	t := p.tok()
	switch {
	case t.is("*"):
		p.next()
		p.argumentOrder(a.star == nil && a.starstar == nil, t)
		a.star = p.parseExpression()
	case t.is("**"):
		p.next()
		p.argumentOrder(a.starstar == nil, t)
		a.starstar = p.parseExpression()
	case t.kind == tokName && p.peek().is("="):
		p.next()
		p.next()
		p.argumentOrder(a.starstar == nil, t)
		a.names = append(a.names, t.text)
		a.named = append(a.named, p.parseExpression())
	default:
		p.argumentOrder(a.star == nil && a.starstar == nil && a.names == nil, t)
		a.positional = append(a.positional, p.parseExpression())
	}
}

func (p *parser) argumentOrder(ok bool, t token) {
	if !ok {
		p.failAt(t.at, "this argument stands in the wrong place: first those by position, then those by name, then * and **")
	}
}

// parseFilters parses | filter, is test and calls of their results.
func (p *parser) parseFilters(x expr) expr {
	for {
		switch t := p.tok(); {
		case t.is("|"):
			p.next()
			x = p.parseFilter(x)
		case t.isName("is"):
			p.next()
			x = p.parseTest(x)
		case t.is("("):
			x = &callExpr{fn: x, args: p.parseArguments(), at: t.at}
		default:
			return x
		}
	}
}

func (p *parser) dottedName() token {
	t := p.expectName()
	for p.accept(".") {
		t.text += "." + p.expectName().text
	}
	return t
}

func (p *parser) parseFilter(x expr) *filterExpr {
	t := p.dottedName()
	fn, err := p.env.filter(t.text)
	f := &filterExpr{x: x, name: t.text, fn: fn, at: t.at}
	if fn == nil {
		p.unknown("filter", t, err)
	}
	if p.tok().is("(") {
		f.args = p.parseArguments()
	}
	return f
}

// parseFilterChain parses what follows {% filter or {% set x |: filters alone.
func (p *parser) parseFilterChain() []*filterExpr {
	filters := []*filterExpr{p.parseFilter(nil)}
	for p.accept("|") {
		filters = append(filters, p.parseFilter(nil))
	}
	return filters
}

func (p *parser) parseTest(x expr) expr {
	negated := p.acceptName("not")
	t := p.dottedName()
	fn, err := p.env.test(t.text)
	test := &testExpr{x: x, name: t.text, fn: fn, at: t.at}
	if fn == nil {
		p.unknown("test", t, err)
	}
	if p.tok().is("(") {
		test.args = p.parseArguments()
	} else if p.startsTestArgument() {
		if p.tok().isName("is") {
			p.fail("tests cannot be chained: write \"and\" between them")
		}
		p.enter()
		arg := p.parsePostfix(p.parsePrimary())
		p.leave()
		test.args = &arguments{positional: []expr{arg}}
	}
	if negated {
		return &notExpr{test}
	}
	return test
}

// startsTestArgument sees the one argument that a test may have without parentheses.
func (p *parser) startsTestArgument() bool {
	t := p.tok()
	switch t.kind {
	case tokName:
		return !slices.Contains([]string{"else", "or", "and", "if", "not", "in"}, t.text)
	case tokString, tokNumber:
		return true
	}
	return t.is("(") || t.is("[") || t.is("{")
}

// unknown notes a filter or test that does not exist, or err, because of which that is not known.
func (p *parser) unknown(what string, t token, err error) {
	err = firstError(err, unknownName(p.env, what, t.text))
	p.problems = append(p.problems, &SyntaxError{Pos: p.position(t.at), Msg: err.Error(), Unknown: what, Name: t.text})
}

// unknownName says that a filter or test does not exist, and which is the nearest.
func unknownName(e *Environment, what, name string) error {
	known := slices.Collect(maps.Keys(e.filters))
	if what == "test" {
		known = slices.Collect(maps.Keys(e.tests))
	}
	if hint := e.options.Hints[name]; hint != "" {
		return fmt.Errorf("there is no %s %q: %s", what, name, hint)
	}
	if e.options.Own != nil {
		if why := e.options.Own.Why(what, name); why != "" {
			return fmt.Errorf("there is no %s %q: %s", what, name, why)
		}
		known = append(known, e.options.Own.Names(what)...)
	}
	if near := Nearest(name, known); near != "" {
		return fmt.Errorf("there is no %s %q: did you mean %q?", what, name, near)
	}
	return fmt.Errorf("there is no %s %q", what, name)
}

// Nearest gives the name among known that a person may have meant by name, or "".
func Nearest(name string, known []string) string {
	best, bestDistance := "", min(len(name), 1+max(1, len(name)/3))
	slices.Sort(known)
	for _, k := range known {
		if d := distance(name, k); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance counts the letters to insert, drop, replace or swap with their neighbour to get
// from a to b.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := last[j]
			if a[i] != b[j] {
				cost++
			}
			row[j+1] = min(cost, row[j]+1, last[j+1]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// parseTarget parses what a set or for assigns to.
func (p *parser) parseTarget() target {
	t := p.parseSingleTarget()
	if !p.tok().is(",") {
		return t
	}
	list := tupleTarget{t}
	for p.accept(",") {
		if p.tok().kind != tokName && !p.tok().is("(") || p.tok().isName("in") {
			break
		}
		list = append(list, p.parseSingleTarget())
	}
	return list
}

func (p *parser) parseSingleTarget() target {
	p.enter()
	defer p.leave()
	if p.accept("(") {
		t := p.parseTarget()
		p.expect(")")
		return t
	}
	t := p.expectName()
	switch t.text {
	case "true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else":
		p.failAt(t.at, "cannot assign to %q", t.text)
	}
	if p.accept(".") {
		p.names.read(t.text, len(p.uses) > 0)
		return attrTarget{p.sym(t.text), p.expectName().text}
	}
	return nameTarget{p.sym(t.text)}
}

// bindTarget makes the names of a target known, from where its value is computed on.
func (p *parser) bindTarget(t target) {
	switch t := t.(type) {
	case nameTarget:
		for name, sym := range p.symbols {
			if sym == t.sym {
				p.names.bind(name)
			}
		}
	case tupleTarget:
		for _, part := range t {
			p.bindTarget(part)
		}
	}
}

func (p *parser) bindName(name string) int {
	p.names.bind(name)
	return p.sym(name)
}
