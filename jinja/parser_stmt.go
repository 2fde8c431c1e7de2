package jinja

import (
	"maps"
	"slices"
)

// statements are the tags of the language; other names are ends of blocks or mistakes.
func (p *parser) statements() map[string]func(at int) stmt {
	return map[string]func(at int) stmt{
		"for":        p.parseFor,
		"if":         p.parseIf,
		"set":        p.parseSet,
		"with":       p.parseWith,
		"filter":     p.parseFilterBlock,
		"macro":      p.parseMacro,
		"call":       p.parseCallBlock,
		"block":      p.parseBlock,
		"extends":    p.parseExtends,
		"include":    p.parseInclude,
		"import":     p.parseImport,
		"from":       p.parseFrom,
		"do":         p.parseDo,
		"print":      p.parsePrint,
		"break":      p.parseJump,
		"continue":   p.parseJump,
		"autoescape": p.parseAutoescape,
	}
}

// statement parses one tag; the name of the tag is the current token.
func (p *parser) statement(ends []string) stmt {
	if p.tok().kind != tokName {
		p.fail("expected the name of a tag, got %s", p.tok())
	}
	t := p.tok()
	if p.known == nil {
		p.known = p.statements()
	}
	parse := p.known[t.text]
	if parse == nil {
		p.unknownTag(t, ends, slices.Collect(maps.Keys(p.known)))
	}
	p.next()
	return parse(t.at)
}

func (p *parser) unknownTag(t token, ends, known []string) {
	if len(ends) > 0 {
		p.failAt(t.at, "unexpected tag %q: the open block needs %q first", t.text, ends[len(ends)-1])
	}
	if near := Nearest(t.text, known); near != "" {
		p.failAt(t.at, "there is no tag %q: did you mean %q?", t.text, near)
	}
	p.failAt(t.at, "there is no tag %q", t.text)
}

// bodyTo parses "%} body {% end" and steps over the end's name.
func (p *parser) bodyTo(ends ...string) ([]stmt, string) {
	p.expectBlockEnd()
	body := p.body(ends)
	return body, p.next().text
}

// scopedBody is bodyTo with names of its own.
func (p *parser) scopedBody(ends ...string) ([]stmt, string) {
	p.names.push()
	defer p.names.pop()
	return p.bodyTo(ends...)
}

func (p *parser) parseFor(at int) stmt {
	s := &forStmt{at: at, loop: p.sym("loop")}
	s.target = p.parseTarget()
	if !p.acceptName("in") {
		p.fail("expected \"in\" behind the loop's names, got %s", p.tok())
	}
	s.x = p.parseTuple(tupleOptions{stop: "recursive"})
	p.names.push()
	p.bindTarget(s.target)
	if p.acceptName("if") {
		s.test = p.parseExpression()
	}
	s.recursive = p.acceptName("recursive")
	p.names.bind("loop")
	macros := p.macros
	p.loops++
	body, end := p.bodyTo("else", "endfor")
	p.loops--
	s.body, s.captures = body, p.macros > macros
	p.names.pop()
	if end == "else" {
		s.no, _ = p.scopedBody("endfor")
	}
	p.expectBlockEnd()
	return s
}

func (p *parser) parseIf(at int) stmt {
	s := &ifStmt{at: at}
	for {
		s.tests = append(s.tests, p.parseTuple(tupleOptions{}))
		body, end := p.bodyTo("elif", "else", "endif")
		s.bodies = append(s.bodies, body)
		if end == "elif" {
			continue
		}
		if end == "else" {
			body, _ = p.bodyTo("endif")
			s.bodies = append(s.bodies, body)
		}
		p.expectBlockEnd()
		return s
	}
}

func (p *parser) parseSet(at int) stmt {
	t := p.parseTarget()
	if p.accept("=") {
		x := p.parseTuple(tupleOptions{conditional: true})
		p.bindTarget(t)
		p.expectBlockEnd()
		return &setStmt{t, x, at}
	}
	s := &setBlockStmt{target: t, at: at}
	if p.accept("|") {
		s.filters = p.parseFilterChain()
	}
	s.body, _ = p.scopedBody("endset")
	p.bindTarget(t)
	p.expectBlockEnd()
	return s
}

func (p *parser) parseWith(at int) stmt {
	s := &scopeStmt{at: at}
	for p.tok().kind != tokBlockEnd {
		if s.targets != nil {
			p.expect(",")
		}
		s.targets = append(s.targets, p.parseTargetOne())
		p.expect("=")
		s.vals = append(s.vals, p.parseExpression())
	}
	p.names.push()
	for _, t := range s.targets {
		p.bindTarget(t)
	}
	s.body, _ = p.bodyTo("endwith")
	p.names.pop()
	p.expectBlockEnd()
	return s
}

func (p *parser) parseTargetOne() target {
	t := p.parseSingleTarget()
	if _, ok := t.(attrTarget); ok {
		p.fail("with binds plain names only")
	}
	return t
}

func (p *parser) parseFilterBlock(at int) stmt {
	s := &filterStmt{at: at, filters: p.parseFilterChain()}
	s.body, _ = p.scopedBody("endfilter")
	p.expectBlockEnd()
	return s
}

func (p *parser) parseDo(int) stmt {
	s := &doStmt{p.parseTuple(tupleOptions{conditional: true})}
	p.expectBlockEnd()
	return s
}

func (p *parser) parsePrint(at int) stmt {
	if p.tok().kind == tokBlockEnd {
		p.fail("expected an expression behind print")
	}
	s := &printStmt{p.parseTuple(tupleOptions{conditional: true}), at}
	p.expectBlockEnd()
	return s
}

func (p *parser) parseJump(at int) stmt {
	if p.loops == 0 {
		p.failAt(at, "break and continue work inside a for only")
	}
	sig := broken
	if p.tokens[p.at-1].text == "continue" {
		sig = continued
	}
	p.expectBlockEnd()
	return &jumpStmt{sig}
}

// parseAutoescape takes the tag where it asks for what is so anyway.
func (p *parser) parseAutoescape(at int) stmt {
	x, ok := p.parseExpression().(*literalExpr)
	if !ok || x.v.Truthy() {
		p.failAt(at, "autoescape is not supported: use the filter e where text must be escaped")
	}
	s := &scopeStmt{at: at}
	s.body, _ = p.scopedBody("endautoescape")
	p.expectBlockEnd()
	return s
}
