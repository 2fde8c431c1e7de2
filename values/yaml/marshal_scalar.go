package yaml

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
)

// scalar writes a scalar plain where that reads back as the same value, else in single
// quotes, else in double quotes.
func (e *emitter) scalar(v values.Value, at place) {
	text, isText := scalarText(v)
	if e.layout.Blocks && isText && at != inKey && e.flow == 0 && fitsBlock(text) {
		e.literal(text)
		return
	}
	if e.layout.Style != 0 {
		e.styled(text, isText, at)
		return
	}
	outer := e.indent
	if e.indent < 0 {
		e.indent = e.layout.Indent
	} else {
		e.indent += e.layout.Indent
	}
	fold := at != inKey
	look := analyse(text, e.layout.ASCII)
	switch {
	case look.plain(e.flow > 0) && (text != "" || e.flow == 0 && at != inKey) && (!isText || isPlainText(text)):
		e.plain(text, fold)
	case look.single:
		e.single(text, fold)
	default:
		e.double(text, fold)
	}
	e.indent = outer
}

// styled writes a scalar in the layout's style, where it can be.
func (e *emitter) styled(text string, isText bool, at place) {
	if !isText {
		e.indicator("!", true, false, false)
	}
	look := analyse(text, e.layout.ASCII)
	if e.layout.Style == '|' && at != inKey && e.flow == 0 && allowsBlock(text) {
		e.literal(text)
		return
	}
	outer := e.indent
	if e.indent < 0 {
		e.indent = e.layout.Indent
	} else {
		e.indent += e.layout.Indent
	}
	if e.layout.Style == '\'' && look.single && !(at == inKey && strings.Contains(text, "\n")) {
		e.single(text, at != inKey)
	} else {
		e.double(text, at != inKey)
	}
	e.indent = outer
}

// allowsBlock reports a text that a block can hold, of one line or several.
func allowsBlock(s string) bool {
	return s != "" && !strings.Contains(s, " \n") && !strings.HasSuffix(s, " ") &&
		!strings.ContainsFunc(s, func(r rune) bool { return !isPrintable(r) })
}

// scalarText gives what a scalar is without quotes, and whether it is a text.
func scalarText(v values.Value) (text string, isText bool) {
	switch v.Kind() {
	case values.KindNull:
		return "null", false
	case values.KindBool, values.KindInt:
		return strings.ToLower(values.Text(v)), false
	case values.KindFloat:
		return floatText(values.Text(v)), false
	case values.KindObject:
		return values.Text(v), false
	}
	return values.Text(v), true
}

// floatText writes a Python float as YAML 1.1 reads it back: 1e+30 needs a point.
func floatText(s string) string {
	switch s {
	case "nan", "inf":
		return "." + s
	case "-inf":
		return "-.inf"
	}
	if mantissa, exponent, ok := strings.Cut(s, "e"); ok && !strings.Contains(mantissa, ".") {
		return mantissa + ".0e" + exponent
	}
	return s
}

// isPlainText tells whether a text stays that text without quotes.
func isPlainText(s string) bool {
	v, err := plain(s)
	return err == nil && v.Kind() == values.KindString && (!numberStart(s[0]) || !isTime(s))
}

// analysis says in which styles a text can be written.
type analysis struct {
	blockPlain, flowPlain, single bool
}

func (a analysis) plain(inFlow bool) bool {
	if inFlow {
		return a.flowPlain
	}
	return a.blockPlain
}

const (
	anywhereSpecial = ",?[]{}"            // inside of brackets, at any place
	firstSpecial    = "#,[]{}&*!|>'\"%@`" // as the first character
)

func analyse(s string, ascii bool) analysis {
	if s == "" {
		return analysis{blockPlain: true, single: true}
	}
	a := analysis{blockPlain: true, flowPlain: true, single: true}
	if strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") {
		a.noPlain()
	}
	runes := []rune(s)
	for i, r := range runes {
		blankBefore := i == 0 || isBlank(runes[i-1])
		blankAfter := i+1 == len(runes) || isBlank(runes[i+1])
		a.indicators(r, i == 0, blankBefore, blankAfter)
		edge := i == 0 || i+1 == len(runes)
		switch {
		case isBreak(r):
			a.noPlain()
			a.single = a.single && (i == 0 || runes[i-1] != ' ')
		case r == ' ' && edge:
			a.noPlain()
		}
		if r == ' ' && i > 0 && isBreak(runes[i-1]) || !isPrintable(r) || r == utf8.RuneError || ascii && r >= utf8.RuneSelf {
			a.noPlain()
			a.single = false
		}
	}
	return a
}

func (a *analysis) noPlain() { a.blockPlain, a.flowPlain = false, false }

func (a *analysis) indicators(r rune, first, blankBefore, blankAfter bool) {
	switch {
	case first && strings.ContainsRune(firstSpecial, r), first && r == '-' && blankAfter:
		a.noPlain()
	case strings.ContainsRune(anywhereSpecial, r), r == ':':
		a.flowPlain = false
	}
	if r == ':' && blankAfter || first && r == '?' && blankAfter || r == '#' && blankBefore {
		a.noPlain()
	}
}

func isBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' || r == 0 || isBreak(r) }

func isPrintable(r rune) bool {
	return r == '\n' || r >= ' ' && r <= '~' || r >= 0xa0 && r < 0xd800 || r >= 0xe000 && r <= 0xfffd && r != 0xfeff || r == 0x85
}

func (e *emitter) plain(s string, fold bool) {
	if !e.whitespace && (s != "" || e.flow > 0) {
		e.put(" ")
	}
	e.words(s, fold, false, func(r rune) { e.put(string(r)) })
	e.whitespace, e.indention = false, false
}

func (e *emitter) single(s string, fold bool) {
	e.indicator("'", true, false, false)
	e.words(s, fold, true, func(r rune) {
		if r == '\'' {
			e.put("'")
		}
		e.put(string(r))
	})
	e.indicator("'", false, false, false)
}

// words writes a text that folds at single blanks; line ends in it are doubled.
func (e *emitter) words(s string, fold, quoted bool, write func(rune)) {
	runes := []rune(s)
	broken := false
	for i, r := range runes {
		last := i+1 == len(runes)
		switch {
		case r == ' ':
			single := (i == 0 || runes[i-1] != ' ') && (last || runes[i+1] != ' ')
			if fold && single && e.column > e.layout.Width && !(quoted && (i == 0 || last)) {
				e.newLine()
			} else {
				e.put(" ")
			}
		case isBreak(r):
			if !broken && r == '\n' {
				e.lineEnd()
			}
			e.breakLine(r)
		default:
			if broken {
				e.newLine()
			}
			write(r)
			e.indention = false
		}
		broken = isBreak(r)
	}
	if broken {
		e.newLine()
	}
}

func (e *emitter) breakLine(r rune) {
	if r == '\n' {
		e.lineEnd()
	} else {
		e.put(string(r))
		e.column = 0
	}
	e.indention = true
}

var doubleEscapes = map[rune]string{
	0: `\0`, 7: `\a`, 8: `\b`, 9: `\t`, '\n': `\n`, 0xb: `\v`, 0xc: `\f`, '\r': `\r`, 0x1b: `\e`,
	'"': `\"`, '\\': `\\`, 0x85: `\N`, 0xa0: `\_`, 0x2028: `\L`, 0x2029: `\P`,
}

func (e *emitter) double(s string, fold bool) {
	e.indicator(`"`, true, false, false)
	spaces := false
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		next := i + n
		switch {
		case r == utf8.RuneError && n == 1:
			e.put(fmt.Sprintf(`\uDC%02X`, s[i]))
		case !isPrintable(r) || isBreak(r) || r == '"' || r == '\\' || e.layout.ASCII && r >= utf8.RuneSelf:
			e.put(doubleEscape(r))
		case r == ' ' && fold && !spaces && e.column > e.layout.Width && i > 0 && next < len(s):
			e.newLine()
			if s[next] == ' ' {
				e.put(`\`)
			}
		default:
			e.put(string(r))
		}
		spaces = r == ' '
		i = next
	}
	e.indicator(`"`, false, false, false)
}

func doubleEscape(r rune) string {
	if text, ok := doubleEscapes[r]; ok {
		return text
	}
	switch {
	case r <= 0xff:
		return fmt.Sprintf(`\x%02X`, r)
	case r <= 0xffff:
		return fmt.Sprintf(`\u%04X`, r)
	}
	return fmt.Sprintf(`\U%08X`, r)
}

// fitsBlock reports a text of several lines that a block keeps as it is.
func fitsBlock(s string) bool {
	return strings.Contains(s, "\n") && !strings.Contains(s, " \n") && !strings.HasSuffix(s, " ") &&
		!strings.ContainsFunc(s, func(r rune) bool { return r != '\n' && r != '\t' && !unicode.IsPrint(r) })
}

// literal writes a text line by line below a |.
func (e *emitter) literal(s string) {
	outer := e.indent
	e.indent = max(e.indent, 0) + e.layout.Indent
	head := "|"
	if strings.HasPrefix(s, " ") || strings.HasPrefix(s, "\n") {
		head += strconv.Itoa(e.layout.Indent)
	}
	switch {
	case !strings.HasSuffix(s, "\n"):
		head += "-"
	case strings.HasSuffix(s, "\n\n"):
		head += "+"
	}
	e.indicator(head, true, false, false)
	for line := range strings.Lines(s) {
		e.lineEnd()
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			e.put(strings.Repeat(" ", e.indent) + line)
		}
	}
	e.whitespace, e.indention = false, false
	e.indent = outer
}
