package jinja

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
)

type tokenKind uint8

const (
	tokEOF tokenKind = iota
	tokData
	tokVariableBegin
	tokVariableEnd
	tokBlockBegin
	tokBlockEnd
	tokName
	tokString
	tokNumber
	tokOperator
)

// token is one piece of the source. text is the text of data, names and operators,
// and the unescaped text of strings.
type token struct {
	kind   tokenKind
	text   string
	number values.Value
	at     int
}

// maxTokens bounds the size of one tag, and so the depth of what is parsed from it.
const maxTokens = 20_000

type lexer struct {
	*source
	at     int
	tokens []token
	open   []byte // brackets that the current tag has open
	count  int    // tokens in the current tag
}

// lex splits a template into tokens.
func lex(s *source) ([]token, error) {
	l := &lexer{source: s}
	for l.at < len(l.text) {
		if err := l.root(); err != nil {
			return nil, err
		}
	}
	l.emit(token{kind: tokEOF, at: len(l.text)})
	return l.tokens, nil
}

// lexExpression splits a bare expression into tokens.
func lexExpression(s *source) ([]token, error) {
	l := &lexer{source: s}
	for l.skipBlanks(); l.at < len(l.text); l.skipBlanks() {
		if err := l.inside(); err != nil {
			return nil, err
		}
	}
	l.emit(token{kind: tokEOF, at: len(l.text)})
	return l.tokens, nil
}

func (l *lexer) emit(t token) { l.tokens = append(l.tokens, t) }

func (l *lexer) fail(at int, format string, args ...any) error {
	return &SyntaxError{Pos: l.position(at), Msg: fmt.Sprintf(format, args...)}
}

// root reads literal text and the tag behind it.
func (l *lexer) root() error {
	start, kind := l.nextTag()
	if start < 0 {
		l.data(l.text[l.at:], l.at)
		l.at = len(l.text)
		return nil
	}
	opening := l.opening(kind)
	sign := l.sign(start + len(opening))
	l.data(l.textBefore(start, kind, sign), l.at)
	l.at = start + len(opening)
	if sign != 0 {
		l.at++
	}
	switch kind {
	case tokData:
		return l.comment(start)
	case tokBlockBegin:
		if end := l.rawBegin(); end >= 0 {
			return l.raw(start, end)
		}
	}
	l.emit(token{kind: kind, text: opening, at: start})
	return l.tag(kind)
}

// nextTag finds the next tag; kind tokData stands for a comment.
func (l *lexer) nextTag() (int, tokenKind) {
	best, bestKind, bestLen := -1, tokEOF, 0
	for _, kind := range [...]tokenKind{tokData, tokBlockBegin, tokVariableBegin} {
		opening := l.opening(kind)
		i := strings.Index(l.text[l.at:], opening)
		if i >= 0 && (best < 0 || i < best || i == best && len(opening) > bestLen) {
			best, bestKind, bestLen = i, kind, len(opening)
		}
	}
	if best < 0 {
		return -1, tokEOF
	}
	return l.at + best, bestKind
}

func (l *lexer) opening(kind tokenKind) string {
	d := &l.env.options.Delimiters
	switch kind {
	case tokBlockBegin:
		return d.BlockStart
	case tokVariableBegin:
		return d.VariableStart
	}
	return d.CommentStart
}

func (l *lexer) sign(at int) byte {
	if at < len(l.text) && (l.text[at] == '-' || l.text[at] == '+') {
		return l.text[at]
	}
	return 0
}

// textBefore is the literal text up to a tag, without the blanks that the tag eats.
func (l *lexer) textBefore(start int, kind tokenKind, sign byte) string {
	text := l.text[l.at:start]
	if sign == '-' {
		return strings.TrimRightFunc(text, unicode.IsSpace)
	}
	if sign == '+' || !l.env.options.LstripBlocks || kind == tokVariableBegin {
		return text
	}
	line := strings.LastIndexByte(text, '\n') + 1
	startsLine := line > 0 || l.at == 0 || l.text[l.at-1] == '\n'
	if startsLine && strings.TrimSpace(text[line:]) == "" {
		return text[:line]
	}
	return text
}

func (l *lexer) data(text string, at int) {
	if text != "" {
		l.emit(token{kind: tokData, text: text, at: at})
	}
}

func (l *lexer) comment(start int) error {
	end := l.env.options.Delimiters.CommentEnd
	i := strings.Index(l.text[l.at:], end)
	if i < 0 {
		return l.fail(start, "the comment is never closed: add %q", end)
	}
	l.at += i
	l.closeTag(l.text[:l.at], end)
	return nil
}

// closeTag steps over the closing delimiter at l.at and the blanks it eats; before
// is the text up to it, whose last character may be a sign.
func (l *lexer) closeTag(before, end string) {
	l.at += len(end)
	switch {
	case strings.HasSuffix(before, "-"):
		l.skipBlanks()
	case strings.HasSuffix(before, "+"):
	case l.env.options.TrimBlocks && strings.HasPrefix(l.text[l.at:], "\n"):
		l.at++
	}
}

// rawBegin gives the end of "raw %}" if that is what stands at l.at, else -1.
func (l *lexer) rawBegin() int {
	rest := strings.TrimLeftFunc(l.text[l.at:], unicode.IsSpace)
	rest, ok := strings.CutPrefix(rest, "raw")
	if !ok {
		return -1
	}
	rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
	end := l.env.options.Delimiters.BlockEnd
	if tail, ok := strings.CutPrefix(rest, end); ok {
		return len(l.text) - len(tail)
	}
	if tail, ok := strings.CutPrefix(rest, "-"+end); ok {
		return len(l.text) - len(strings.TrimLeftFunc(tail, unicode.IsSpace))
	}
	return -1
}

// raw reads up to endraw; l.at moves behind its tag.
func (l *lexer) raw(start, from int) error {
	d := &l.env.options.Delimiters
	for search := from; ; {
		i := strings.Index(l.text[search:], d.BlockStart)
		if i < 0 {
			return l.fail(start, "the raw block is never closed: add %s endraw %s", d.BlockStart, d.BlockEnd)
		}
		tag := search + i
		search = tag + len(d.BlockStart)
		if l.rawEnd(from, tag) {
			return nil
		}
	}
}

// rawEnd emits the raw text and moves on if an endraw tag stands at tag.
func (l *lexer) rawEnd(from, tag int) bool {
	d := &l.env.options.Delimiters
	at := tag + len(d.BlockStart)
	sign := l.sign(at)
	if sign != 0 {
		at++
	}
	rest := strings.TrimLeftFunc(l.text[at:], unicode.IsSpace)
	rest, ok := strings.CutPrefix(rest, "endraw")
	if !ok {
		return false
	}
	rest = strings.TrimLeftFunc(rest, unicode.IsSpace)
	signEnd := len(rest) > 0 && (rest[0] == '-' || rest[0] == '+') && strings.HasPrefix(rest[1:], d.BlockEnd)
	if !signEnd && !strings.HasPrefix(rest, d.BlockEnd) {
		return false
	}
	l.at = from
	l.data(l.textBefore(tag, tokBlockBegin, sign), from)
	l.at = len(l.text) - len(rest)
	if signEnd {
		l.at++
	}
	l.closeTag(l.text[:l.at], d.BlockEnd)
	return true
}

// tag reads the tokens of a tag up to its end.
func (l *lexer) tag(kind tokenKind) error {
	l.open, l.count = l.open[:0], 0
	for {
		l.skipBlanks()
		if l.at >= len(l.text) {
			return nil // the parser says which end is missing
		}
		if len(l.open) == 0 && l.tagEnd(kind) {
			return nil
		}
		if err := l.inside(); err != nil {
			return err
		}
	}
}

// tagEnd emits the end of a tag and moves on if it stands at l.at.
func (l *lexer) tagEnd(kind tokenKind) bool {
	d := &l.env.options.Delimiters
	end, endKind := d.BlockEnd, tokBlockEnd
	if kind == tokVariableBegin {
		end, endKind = d.VariableEnd, tokVariableEnd
	}
	rest := l.text[l.at:]
	start, signed := l.at, false
	if rest[0] == '-' || rest[0] == '+' && kind == tokBlockBegin {
		signed = strings.HasPrefix(rest[1:], end)
	}
	if !signed && !strings.HasPrefix(rest, end) {
		return false
	}
	sign := ""
	if signed {
		sign = rest[:1]
		l.at++
	}
	l.emit(token{kind: endKind, text: end, at: start})
	if kind == tokVariableBegin && sign == "" {
		sign = "+"
	}
	l.closeTag(sign, end)
	return true
}

func (l *lexer) skipBlanks() {
	for l.at < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.at:])
		if !unicode.IsSpace(r) {
			return
		}
		l.at += size
	}
}
