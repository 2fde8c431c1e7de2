package jinja

func (p *parser) parseMacro(at int) stmt {
	t := p.expectName()
	s := &macroStmt{sym: p.bindName(t.text)}
	s.signature = p.parseSignature(t.text, at, "endmacro")
	return s
}

func (p *parser) parseCallBlock(at int) stmt {
	s := &callStmt{}
	s.name, s.at = "caller", at
	p.names.push()
	if p.tok().is("(") {
		p.parseParams(&s.signature)
	}
	callAt := p.tok().at
	call, ok := p.parseUnary(true).(*callExpr)
	if !ok {
		p.failAt(callAt, "expected a call of a macro, such as {%% call m() %%}")
	}
	s.call = call
	p.macroBody(&s.signature, "endcall")
	return s
}

// parseSignature parses "(params) %} body {% end %}".
func (p *parser) parseSignature(name string, at int, end string) signature {
	s := signature{name: name, at: at}
	p.names.push()
	p.parseParams(&s)
	p.macroBody(&s, end)
	return s
}

func (p *parser) parseParams(s *signature) {
	p.expect("(")
	for first := true; !p.tok().is(")"); first = false {
		if !first {
			p.expect(",")
			if p.tok().is(")") {
				break
			}
		}
		t := p.expectName()
		s.params = append(s.params, p.bindName(t.text))
		if p.accept("=") {
			s.defaults = append(s.defaults, p.parseExpression())
		} else if s.defaults != nil {
			p.failAt(t.at, "the parameter %q needs a default, as one before it has", t.text)
		}
	}
	p.expect(")")
}

// macroBody parses the body, and sees which of the special names it uses; the scope
// of the parameters is open.
func (p *parser) macroBody(s *signature, end string) {
	p.macros++
	s.varargs, s.kwargs, s.caller = p.bindName("varargs"), p.bindName("kwargs"), p.bindName("caller")
	uses := map[string]bool{}
	p.uses = append(p.uses, uses)
	loops := p.loops
	p.loops = 0
	s.body, _ = p.bodyTo(end)
	p.loops = loops
	p.uses = p.uses[:len(p.uses)-1]
	p.names.pop()
	s.usesVarargs, s.usesKwargs, s.usesCaller = uses["varargs"], uses["kwargs"], uses["caller"]
	p.expectBlockEnd()
}

func (p *parser) parseBlock(at int) stmt {
	t := p.expectName()
	if p.blocks[t.text] != nil {
		p.failAt(t.at, "the block %q is defined twice", t.text)
	}
	s := &blockStmt{name: t.text, at: at, super: p.sym("super"), self: p.sym("self")}
	p.blocks[t.text] = s
	s.scoped = p.acceptName("scoped")
	s.required = p.acceptName("required")
	p.names.push()
	p.names.bind("super")
	p.names.bind("self")
	loops := p.loops
	p.loops = 0
	s.body, _ = p.bodyTo("endblock")
	p.loops = loops
	p.names.pop()
	p.acceptName(t.text)
	p.expectBlockEnd()
	return s
}

func (p *parser) parseExtends(at int) stmt {
	s := &extendsStmt{p.parseExpression(), at}
	p.expectBlockEnd()
	return s
}

func (p *parser) parseInclude(at int) stmt {
	s := &includeStmt{name: p.parseExpression(), at: at}
	if p.tok().isName("ignore") && p.peek().isName("missing") {
		p.next()
		p.next()
		s.ignoreMissing = true
	}
	s.context = p.parseContext(true)
	p.expectBlockEnd()
	return s
}

func (p *parser) parseContext(def bool) bool {
	t := p.tok()
	if !p.peek().isName("context") || !t.isName("with") && !t.isName("without") {
		return def
	}
	p.next()
	p.next()
	return t.text == "with"
}

func (p *parser) parseImport(at int) stmt {
	s := &importStmt{name: p.parseExpression(), at: at}
	if !p.acceptName("as") {
		p.fail("expected \"as\" and a name for the imported template, got %s", p.tok())
	}
	s.target = p.bindName(p.expectName().text)
	s.context = p.parseContext(false)
	p.expectBlockEnd()
	return s
}

func (p *parser) parseFrom(at int) stmt {
	s := &importStmt{name: p.parseExpression(), at: at, names: []importedName{}}
	if !p.acceptName("import") {
		p.fail("expected \"import\", got %s", p.tok())
	}
	for p.tok().kind == tokName && !p.endsImports() {
		t := p.expectName()
		if t.text[0] == '_' {
			p.failAt(t.at, "names that start with an underscore cannot be imported")
		}
		as := t.text
		if p.acceptName("as") {
			as = p.expectName().text
		}
		s.names = append(s.names, importedName{t.text, p.bindName(as)})
		if !p.accept(",") {
			break
		}
	}
	s.context = p.parseContext(false)
	if len(s.names) == 0 {
		p.fail("expected the names to import, got %s", p.tok())
	}
	p.expectBlockEnd()
	return s
}

func (p *parser) endsImports() bool {
	return (p.tok().isName("with") || p.tok().isName("without")) && p.peek().isName("context")
}
