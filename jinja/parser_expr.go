package jinja

import (
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

func (p *parser) parseExpression() expr {
	p.enter()
	defer p.leave()
	return p.parseCondition()
}

func (p *parser) parseCondition() expr {
	x := p.parseOr()
	for p.tok().isName("if") {
		at := p.next().at
		test := p.parseOr()
		var no expr
		if p.acceptName("else") {
			p.enter()
			no = p.parseCondition()
			p.leave()
		}
		x = &condExpr{test: test, yes: x, no: no, at: at}
	}
	return x
}

func (p *parser) parseOr() expr {
	x := p.parseAnd()
	for p.acceptName("or") {
		x = &logicExpr{left: x, right: p.parseAnd(), or: true}
	}
	return x
}

func (p *parser) parseAnd() expr {
	x := p.parseNot()
	for p.acceptName("and") {
		x = &logicExpr{left: x, right: p.parseNot()}
	}
	return x
}

func (p *parser) parseNot() expr {
	if !p.acceptName("not") {
		return p.parseCompare()
	}
	p.enter()
	defer p.leave()
	return &notExpr{p.parseNot()}
}

var comparisons = []string{"==", "!=", "<", "<=", ">", ">="}

func (p *parser) parseCompare() expr {
	first := p.parseSum()
	var rest []comparison
	for {
		op, at := p.comparison()
		if op == "" {
			break
		}
		rest = append(rest, comparison{op, p.parseSum(), at})
	}
	if rest == nil {
		return first
	}
	return &compareExpr{first, rest}
}

func (p *parser) comparison() (string, int) {
	t := p.tok()
	switch {
	case t.kind == tokOperator && slices.Contains(comparisons, t.text), t.isName("in"):
		p.next()
		return t.text, t.at
	case t.isName("not") && p.peek().isName("in"):
		p.next()
		p.next()
		return "not in", t.at
	}
	return "", 0
}

// binary parses operands that one of ops joins, from left to right.
func (p *parser) binary(operand func() expr, ops ...string) expr {
	x := operand()
	for p.tok().kind == tokOperator && slices.Contains(ops, p.tok().text) {
		t := p.next()
		x = &binaryExpr{op: t.text, left: x, right: operand(), at: t.at}
	}
	return x
}

func (p *parser) parseSum() expr { return p.binary(p.parseConcat, "+", "-") }

func (p *parser) parseConcat() expr {
	at := p.tok().at
	parts := []expr{p.parseProduct()}
	for p.accept("~") {
		parts = append(parts, p.parseProduct())
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return &concatExpr{parts, at}
}

func (p *parser) parseProduct() expr { return p.binary(p.parsePower, "*", "/", "//", "%") }

func (p *parser) parsePower() expr {
	return p.binary(func() expr { return p.parseUnary(true) }, "**")
}

func (p *parser) parseUnary(withFilters bool) expr {
	p.enter()
	defer p.leave()
	t := p.tok()
	var x expr
	if t.is("-") || t.is("+") {
		p.next()
		x = &unaryExpr{t.text, p.parseUnary(false), t.at}
	} else {
		x = p.parsePrimary()
	}
	x = p.parsePostfix(x)
	if withFilters {
		x = p.parseFilters(x)
	}
	return x
}

func (p *parser) parsePrimary() expr {
	t := p.next()
	switch {
	case t.kind == tokName:
		return p.nameOrConstant(t)
	case t.kind == tokString:
		var text strings.Builder
		text.WriteString(t.text)
		for p.tok().kind == tokString {
			text.WriteString(p.next().text)
		}
		return &literalExpr{values.String(text.String())}
	case t.kind == tokNumber:
		return &literalExpr{t.number}
	case t.is("("):
		x := p.parseTuple(tupleOptions{conditional: true, parentheses: true})
		p.expect(")")
		return x
	case t.is("["):
		return &listExpr{items: p.parseItems("]")}
	case t.is("{"):
		return p.parseMap(t.at)
	}
	p.failAt(t.at, "expected an expression, got %s", t)
	return nil
}

func (p *parser) nameOrConstant(t token) expr {
	switch t.text {
	case "true", "True":
		return &literalExpr{values.True}
	case "false", "False":
		return &literalExpr{values.False}
	case "none", "None":
		return &literalExpr{values.Null}
	}
	for _, uses := range p.uses {
		uses[t.text] = true
	}
	p.names.read(t.text, len(p.uses) > 0)
	return &nameExpr{p.sym(t.text), t.at}
}

// parseItems parses expressions up to the closing bracket.
func (p *parser) parseItems(end string) []expr {
	var items []expr
	for !p.tok().is(end) {
		if items != nil {
			p.expect(",")
			if p.tok().is(end) {
				break
			}
		}
		items = append(items, p.parseExpression())
	}
	p.expect(end)
	return items
}

func (p *parser) parseMap(at int) expr {
	m := &mapExpr{at: at}
	for !p.tok().is("}") {
		if m.keys != nil {
			p.expect(",")
			if p.tok().is("}") {
				break
			}
		}
		m.keys = append(m.keys, p.parseExpression())
		p.expect(":")
		m.vals = append(m.vals, p.parseExpression())
	}
	p.expect("}")
	return m
}

type tupleOptions struct {
	conditional bool // a inline if may follow
	parentheses bool // () is the empty tuple
	stop        string
}

// parseTuple parses one expression, or several with commas between as a tuple.
func (p *parser) parseTuple(o tupleOptions) expr {
	p.enter()
	defer p.leave()
	var items []expr
	comma := false
	for !p.tupleEnds(o.stop) {
		if o.conditional {
			items = append(items, p.parseExpression())
		} else {
			items = append(items, p.parseOr())
		}
		comma = p.accept(",")
		if !comma {
			break
		}
	}
	if len(items) == 1 && !comma {
		return items[0]
	}
	if items == nil && !o.parentheses {
		p.fail("expected an expression, got %s", p.tok())
	}
	return &listExpr{items: items, tuple: true}
}

func (p *parser) tupleEnds(stop string) bool {
	t := p.tok()
	switch t.kind {
	case tokVariableEnd, tokBlockEnd, tokEOF:
		return true
	}
	return t.is(")") || stop != "" && t.isName(stop)
}

func (p *parser) parsePostfix(x expr) expr {
	for {
		switch t := p.tok(); {
		case t.is("."):
			p.next()
			x = p.parseAttribute(x)
		case t.is("["):
			p.next()
			x = p.parseSubscript(x, t.at)
		case t.is("("):
			x = &callExpr{fn: x, args: p.parseArguments(), at: t.at}
		default:
			return x
		}
	}
}

func (p *parser) parseAttribute(x expr) expr {
	t := p.next()
	switch {
	case t.kind == tokName:
		return &attrExpr{x, t.text, t.at}
	case t.kind == tokNumber && t.number.Kind() == values.KindInt:
		return &itemExpr{x, &literalExpr{t.number}, t.at}
	}
	p.failAt(t.at, "expected a name or number behind the dot, got %s", t)
	return nil
}

func (p *parser) parseSubscript(x expr, at int) expr {
	var parts []expr
	comma := false
	for !p.tok().is("]") {
		if parts != nil {
			p.expect(",")
			comma = true
			if p.tok().is("]") {
				break
			}
		}
		part := p.parseSubscriptPart(at)
		if s, ok := part.(*sliceExpr); ok && s.object == nil && !comma && p.tok().is("]") && parts == nil {
			p.next()
			s.object = x
			return s
		}
		parts = append(parts, part)
	}
	p.expect("]")
	if parts == nil {
		p.failAt(at, "expected an index or key between [ and ]")
	}
	key := parts[0]
	if comma {
		key = &listExpr{items: parts, tuple: true}
	}
	return &itemExpr{x, key, at}
}

// parseSubscriptPart parses an index, or a slice whose object is still open.
func (p *parser) parseSubscriptPart(at int) expr {
	s := &sliceExpr{at: at}
	if !p.tok().is(":") {
		x := p.parseExpression()
		if !p.tok().is(":") {
			return x
		}
		s.start = x
	}
	p.expect(":")
	s.stop = p.parseBound()
	if p.accept(":") {
		s.step = p.parseBound()
	}
	if !p.tok().is("]") {
		p.fail("expected ']' behind the slice, got %s", p.tok())
	}
	return s
}

func (p *parser) parseBound() expr {
	if t := p.tok(); t.is(":") || t.is("]") || t.is(",") {
		return nil
	}
	return p.parseExpression()
}
