package jinja

import (
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
)

// operators are tried in order: long ones first.
var operators = [...]string{
	"//", "**", "==", "!=", ">=", "<=",
	"+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
}

// inside reads one token of a tag.
func (l *lexer) inside() error {
	if l.count++; l.count > maxTokens {
		return l.fail(l.at, "the expression is too long: it has more than %d parts", maxTokens)
	}
	c := l.text[l.at]
	switch {
	case c == '\'' || c == '"':
		return l.str(c)
	case c >= '0' && c <= '9':
		return l.number()
	case isNameStart(l.text[l.at:]):
		l.name()
		return nil
	}
	return l.operator()
}

func isNameStart(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return r == '_' || r != utf8.RuneError && unicode.IsLetter(r)
}

func (l *lexer) name() {
	start := l.at
	for l.at < len(l.text) {
		r, size := utf8.DecodeRuneInString(l.text[l.at:])
		if r == utf8.RuneError || r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) {
			break
		}
		l.at += size
	}
	l.emit(token{kind: tokName, text: l.text[start:l.at], at: start})
}

func (l *lexer) operator() error {
	for _, op := range operators {
		if !strings.HasPrefix(l.text[l.at:], op) {
			continue
		}
		if err := l.balance(op[0]); err != nil {
			return err
		}
		l.emit(token{kind: tokOperator, text: op, at: l.at})
		l.at += len(op)
		return nil
	}
	r, _ := utf8.DecodeRuneInString(l.text[l.at:])
	return l.fail(l.at, "unexpected character %q", r)
}

// balance keeps the stack of open brackets, so that }} inside {'a': {}} ends no tag.
func (l *lexer) balance(c byte) error {
	switch c {
	case '(', '[', '{':
		l.open = append(l.open, c)
	case ')', ']', '}':
		if len(l.open) == 0 {
			return l.fail(l.at, "unexpected %q: no bracket is open", string(c))
		}
		last := l.open[len(l.open)-1]
		if strings.IndexByte(")]}", c) != strings.IndexByte("([{", last) {
			return l.fail(l.at, "unexpected %q: %q is open", string(c), string(last))
		}
		l.open = l.open[:len(l.open)-1]
	}
	return nil
}

// number reads an integer in Python's notations, or a float.
func (l *lexer) number() error {
	start := l.at
	afterDot := start > 0 && l.text[start-1] == '.'
	if n := prefixedDigits(l.text[start:]); n > 0 {
		return l.integer(start, n)
	}
	n := digits(l.text[start:])
	rest := l.text[start+n:]
	fraction := 0
	if len(rest) > 1 && rest[0] == '.' && isDigit(rest[1]) {
		fraction = 1 + digits(rest[1:])
	}
	exponent := exponentLength(rest[fraction:])
	if !afterDot && fraction+exponent > 0 {
		return l.float(start, n+fraction+exponent)
	}
	if l.text[start] == '0' {
		n = len(l.text[start:start+n]) - len(strings.TrimLeft(l.text[start:start+n], "0_"))
	}
	return l.integer(start, n)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// digits is the length of a run of digits, with single underscores between them.
func digits(s string) int {
	n := 0
	for n < len(s) && (isDigit(s[n]) || s[n] == '_' && n > 0 && s[n-1] != '_' && n+1 < len(s) && isDigit(s[n+1])) {
		n++
	}
	return n
}

// prefixedDigits is the length of a 0x, 0o or 0b integer, or 0.
func prefixedDigits(s string) int {
	if len(s) < 3 || s[0] != '0' {
		return 0
	}
	set := map[byte]string{'x': "0123456789abcdefABCDEF", 'o': "01234567", 'b': "01"}[s[1]|0x20]
	if set == "" {
		return 0
	}
	n := 2
	for n < len(s) {
		at := n
		if s[at] == '_' {
			at++
		}
		if at >= len(s) || strings.IndexByte(set, s[at]) < 0 {
			break
		}
		n = at + 1
	}
	if n == 2 {
		return 0
	}
	return n
}

func exponentLength(s string) int {
	if len(s) < 2 || s[0]|0x20 != 'e' {
		return 0
	}
	n := 1
	if s[n] == '+' || s[n] == '-' {
		n++
	}
	if n >= len(s) || !isDigit(s[n]) {
		return 0
	}
	return n + digits(s[n:])
}

func (l *lexer) integer(start, n int) error {
	text := strings.ReplaceAll(l.text[start:start+n], "_", "")
	if len(text) > maxIntDigits {
		return l.fail(start, "the integer has more than %d digits", maxIntDigits)
	}
	i, ok := new(big.Int).SetString(text, 0)
	if !ok {
		i, ok = new(big.Int).SetString(text, 10)
	}
	if !ok {
		return l.fail(start, "%q is no integer", text)
	}
	l.at += n
	l.emit(token{kind: tokNumber, text: text, number: values.BigInt(i), at: start})
	return nil
}

func (l *lexer) float(start, n int) error {
	text := strings.ReplaceAll(l.text[start:start+n], "_", "")
	f, err := strconv.ParseFloat(text, 64)
	if err != nil && f == 0 {
		return l.fail(start, "%q is no number", text)
	}
	l.at += n
	l.emit(token{kind: tokNumber, text: text, number: values.Float(f), at: start})
	return nil
}

func (l *lexer) str(quote byte) error {
	start := l.at
	for i := start + 1; i < len(l.text); i++ {
		switch l.text[i] {
		case '\\':
			i++
		case quote:
			text, err := unescape(l.text[start+1 : i])
			if err != nil {
				return l.fail(start, "%s", err)
			}
			l.at = i + 1
			l.emit(token{kind: tokString, text: text, at: start})
			return nil
		}
	}
	return l.fail(start, "the string is never closed: add a %c", quote)
}

var simpleEscapes = map[byte]string{
	'\n': "", '\\': `\`, '\'': "'", '"': `"`, 'a': "\a", 'b': "\b", 'f': "\f",
	'n': "\n", 'r': "\r", 't': "\t", 'v': "\v",
}

// unescape reads Python's backslash escapes; unknown ones stay as they are.
func unescape(s string) (string, error) {
	if !strings.Contains(s, `\`) {
		return s, nil
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			i++
			continue
		}
		text, n, err := escape(s[i+1:])
		if err != nil {
			return "", err
		}
		b.WriteString(text)
		i += 1 + n
	}
	return b.String(), nil
}

// escape reads what follows a backslash and says how long it is.
func escape(s string) (string, int, error) {
	c := s[0]
	if text, ok := simpleEscapes[c]; ok {
		return text, 1, nil
	}
	if width := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]; width > 0 {
		if len(s) < 1+width {
			return "", 0, valueErrorf(`the escape \%c needs %d hexadecimal digits`, c, width)
		}
		code, err := strconv.ParseUint(s[1:1+width], 16, 32)
		if err != nil || code > unicode.MaxRune {
			return "", 0, valueErrorf(`the escape \%c needs %d hexadecimal digits`, c, width)
		}
		return values.FromRunes([]rune{rune(code)}), 1 + width, nil
	}
	if c == 'N' {
		text, n, err := nameEscape(s[1:])
		return text, 1 + n, err
	}
	n := 0
	for n < 3 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
		n++
	}
	if n > 0 {
		code, _ := strconv.ParseUint(s[:n], 8, 32)
		return string(rune(code)), n, nil
	}
	return `\` + s[:1], 1, nil
}
