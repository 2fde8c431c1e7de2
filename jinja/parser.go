package jinja

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// maxDepth bounds how deep expressions and blocks may nest in the source.
const maxDepth = 300

// parser turns tokens into the syntax tree.
type parser struct {
	*source
	tokens   []token
	at       int
	depth    int
	loops    int // open for blocks, for break and continue
	symbols  map[string]int
	names    *names
	uses     []map[string]bool // names read inside the open macros
	blocks   map[string]*blockStmt
	macros   int     // macros and call blocks seen so far
	problems []error // unknown filters and tests
	known    map[string]func(at int) stmt
}

func newParser(e *Environment, src string, pos values.Position) (*parser, error) {
	src = normalizeNewlines(src)
	if !e.options.KeepTrailingNewline {
		src = strings.TrimSuffix(src, "\n")
	}
	s := &source{env: e, text: src, pos: pos}
	tokens, err := lex(s)
	return prepare(s, tokens), err
}

func newExpressionParser(e *Environment, src string, pos values.Position) (*parser, error) {
	s := &source{env: e, text: normalizeNewlines(src), pos: pos}
	tokens, err := lexExpression(s)
	return prepare(s, tokens), err
}

func prepare(s *source, tokens []token) *parser {
	return &parser{source: s, tokens: tokens, symbols: map[string]int{}, names: newNames(), blocks: map[string]*blockStmt{}}
}

func normalizeNewlines(s string) string {
	if !strings.Contains(s, "\r") {
		return s
	}
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

// mistake carries a syntax error up to template() or expression().
type mistake struct{ err error }

func (p *parser) failAt(at int, format string, args ...any) {
	panic(mistake{&SyntaxError{Pos: p.position(at), Msg: fmt.Sprintf(format, args...)}})
}

func (p *parser) fail(format string, args ...any) { p.failAt(p.tok().at, format, args...) }

func (p *parser) recovered(err *error) {
	switch r := recover().(type) {
	case nil:
	case mistake:
		*err = errors.Join(append(p.problems, r.err)...)
	default:
		panic(r)
	}
}

func (p *parser) template() (t *Template, err error) {
	defer p.recovered(&err)
	self := p.sym("self")
	body := p.body(nil)
	if len(p.problems) > 0 {
		return nil, p.joined()
	}
	t = p.result()
	t.body, t.blocks = body, p.blocks
	t.selfSym, t.usesSelf = self, slices.Contains(t.free, "self")
	return t, nil
}

func (p *parser) expression() (x *Expression, err error) {
	defer p.recovered(&err)
	if p.tok().kind == tokEOF {
		p.fail("expected an expression, got nothing")
	}
	root := p.parseTuple(tupleOptions{conditional: true})
	if p.tok().kind != tokEOF {
		p.fail("unexpected %s behind the expression", p.tok())
	}
	if len(p.problems) > 0 {
		return nil, p.joined()
	}
	return &Expression{root: root, t: p.result()}, nil
}

func (p *parser) joined() error {
	if len(p.problems) == 1 {
		return p.problems[0]
	}
	return errors.Join(p.problems...)
}

func (p *parser) result() *Template {
	t := &Template{source: p.source, symbols: make([]string, len(p.symbols)), free: p.names.result()}
	for name, sym := range p.symbols {
		t.symbols[sym] = name
	}
	return t
}

func (p *parser) sym(name string) int {
	sym, ok := p.symbols[name]
	if !ok {
		sym = len(p.symbols)
		p.symbols[name] = sym
	}
	return sym
}

// enter counts a level of nesting; the caller defers leave.
func (p *parser) enter() {
	if p.depth++; p.depth > maxDepth {
		p.fail("the template is nested more than %d levels deep", maxDepth)
	}
}

func (p *parser) leave() { p.depth-- }

func (p *parser) tok() token { return p.tokens[p.at] }

func (p *parser) peek() token { return p.tokens[min(p.at+1, len(p.tokens)-1)] }

func (p *parser) next() token {
	t := p.tokens[p.at]
	if t.kind != tokEOF {
		p.at++
	}
	return t
}

func (t token) is(op string) bool { return t.kind == tokOperator && t.text == op }

func (t token) isName(name string) bool { return t.kind == tokName && t.text == name }

// String describes the token in messages.
func (t token) String() string {
	switch t.kind {
	case tokEOF:
		return "the end of the template"
	case tokData:
		return "text"
	case tokString:
		return "a string"
	}
	return fmt.Sprintf("%q", t.text)
}

func (p *parser) accept(op string) bool {
	if p.tok().is(op) {
		p.at++
		return true
	}
	return false
}

func (p *parser) acceptName(name string) bool {
	if p.tok().isName(name) {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(op string) token {
	if !p.tok().is(op) {
		p.fail("expected %q, got %s", op, p.tok())
	}
	return p.next()
}

func (p *parser) expectName() token {
	if p.tok().kind != tokName {
		p.fail("expected a name, got %s", p.tok())
	}
	return p.next()
}

func (p *parser) expectBlockEnd() {
	if p.tok().kind != tokBlockEnd {
		p.fail("expected %q, got %s", p.env.options.Delimiters.BlockEnd, p.tok())
	}
	p.next()
}

// body parses statements up to a tag that one of ends names, which stays the current
// token; with no ends, up to the end of the template.
func (p *parser) body(ends []string) []stmt {
	p.enter()
	defer p.leave()
	var body []stmt
	for {
		switch t := p.tok(); t.kind {
		case tokEOF:
			if ends != nil {
				p.fail("the template ends where {%% %s %%} is missing", strings.Join(ends, " %} or {% "))
			}
			return body
		case tokData:
			p.next()
			body = append(body, &textStmt{t.text})
		case tokVariableBegin:
			body = append(body, p.print())
		case tokBlockBegin:
			p.next()
			if ends != nil && p.tok().kind == tokName && slices.Contains(ends, p.tok().text) {
				return body
			}
			if s := p.statement(ends); s != nil {
				body = append(body, s)
			}
		default:
			p.fail("unexpected %s", t)
		}
	}
}

func (p *parser) print() stmt {
	begin := p.next()
	if p.tok().kind == tokVariableEnd {
		p.fail("expected an expression between %s and %s", begin.text, p.tok().text)
	}
	x := p.parseTuple(tupleOptions{conditional: true})
	if p.tok().kind != tokVariableEnd {
		p.fail("expected %q, got %s", p.env.options.Delimiters.VariableEnd, p.tok())
	}
	p.next()
	return &printStmt{x, begin.at}
}

// names keeps track of which names a template binds itself, to know those it takes
// from outside.
type names struct {
	scopes []map[string]bool
	seen   map[string]bool
	free   []freeName
}

type freeName struct {
	name  string
	macro bool // read inside a macro, which may run after a later set
}

func newNames() *names {
	return &names{scopes: []map[string]bool{{}}, seen: map[string]bool{}}
}

func (n *names) push() { n.scopes = append(n.scopes, map[string]bool{}) }
func (n *names) pop()  { n.scopes = n.scopes[:len(n.scopes)-1] }

func (n *names) bind(name string) { n.scopes[len(n.scopes)-1][name] = true }

func (n *names) read(name string, macro bool) {
	for _, scope := range n.scopes {
		if scope[name] {
			return
		}
	}
	if !n.seen[name] || !macro {
		n.free = append(n.free, freeName{name, macro})
	}
	n.seen[name] = true
}

func (n *names) result() []string {
	var free []string
	for _, f := range n.free {
		if f.macro && n.scopes[0][f.name] || slices.Contains(free, f.name) {
			continue
		}
		free = append(free, f.name)
	}
	return free
}
