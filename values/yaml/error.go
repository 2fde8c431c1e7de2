package yaml

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/gdeploy/gdeploy/values"
)

// Error is one mistake in a YAML text.
type Error struct {
	Pos values.Position
	// Msg says what is wrong, and where it is known, what to do.
	Msg string
	// Line is the offending line as it was written.
	Line string
	// Hint is what most likely was meant; often empty.
	Hint string
}

// Error gives file:line:col: message, then the offending line with a mark below the
// column, then the hint.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Pos.String() + ": " + e.Msg)
	if e.Line != "" {
		b.WriteString("\n    " + e.Line + "\n    " + strings.Repeat(" ", max(0, e.Pos.Col-1)) + "^")
	}
	if e.Hint != "" {
		b.WriteString("\n    " + e.Hint)
	}
	return b.String()
}

// NewError makes an error that shows the line of src at pos.
func NewError(src []byte, pos values.Position, msg string) *Error {
	line := strings.Map(printable, strings.ToValidUTF8(lineAt(src, pos.Line), "?"))
	if len(line) > 200 {
		line = "" // the mark would be far to the right of any screen
	}
	return &Error{Pos: pos, Msg: msg, Line: line}
}

// printable keeps the width of a line: one character on the screen for each.
func printable(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case r < ' ':
		return '?'
	}
	return r
}

// lineAt gives the n-th line, counted from 1, without its end.
func lineAt(src []byte, n int) string {
	rest := string(src)
	for ; n > 1; n-- {
		_, after, ok := strings.Cut(rest, "\n")
		if !ok {
			return ""
		}
		rest = after
	}
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimRight(line, "\r")
}

// plainWords replaces the parser's terms by words that a person who writes playbooks knows.
var plainWords = map[string]string{
	"mapping values are not allowed in this context":         `a ": " is not allowed here`,
	"could not find expected ':'":                            `a key without its ":"`,
	"did not find expected key":                              "this does not belong to the mapping around it",
	"did not find expected '-' indicator":                    `this does not belong to the list around it: want "- "`,
	"found character that cannot start any token":            "no value can start with this character",
	"block sequence entries are not allowed in this context": `a list ("- ") cannot start here: put it on the next line`,
	"did not find expected ',' or '}'":                       "a { without its }",
	"did not find expected ',' or ']'":                       "a [ without its ]",
	"found unknown escape character":                         `no such escape after \ (in single quotes a \ stands for itself)`,
	"did not find expected <document start>":                 "this does not belong to the document above",
	"did not find expected alphabetic or numeric character":  "a * or & without a name",
	"found undefined tag handle":                             "this tag is not known",
	"did not find expected whitespace or line break":         "a space is missing here",
	"did not find expected comment or line break":            "nothing may follow here on this line",
	"found unexpected end of stream":                         "the text ends inside a quoted value",
	"found unknown directive name":                           "a line cannot start with %",
	"exceeded max depth of 200":                              "nested deeper than 200 levels",
}

// syntaxError turns the parser's error into one for people.
func syntaxError(src []byte, file string, err error) error {
	var load *goyaml.LoadError
	if !errors.As(err, &load) {
		return fmt.Errorf("%s: %w", file, err)
	}
	msg := load.Message
	if anchor, ok := strings.CutPrefix(msg, "unknown anchor "); ok {
		msg = fmt.Sprintf("no anchor %q stands above", "&"+strings.Trim(strings.TrimSuffix(anchor, " referenced"), "'"))
	}
	if plain, ok := plainWords[msg]; ok {
		msg = plain
	}
	pos := values.Position{File: file, Line: load.Mark.Line, Col: load.Mark.Column}
	// Where the parser only noticed later, the beginning is what the person must see.
	if pointsToStart(load) {
		pos.Line, pos.Col = load.ContextMark.Line, load.ContextMark.Column
	}
	if pos.Line == 0 {
		pos.Line, pos.Col = 1, 1
	}
	e := NewError(src, pos, msg)
	e.Hint = hint(src, pos)
	return e
}

func pointsToStart(e *goyaml.LoadError) bool {
	switch e.ContextMsg {
	case "while scanning a simple key", "while scanning a quoted scalar", "while parsing a flow mapping", "while parsing a flow sequence":
		return e.Message != "found unknown escape character"
	}
	return false
}

const templateHint = `a value that starts with {{ must be quoted: key: "{{ name }}"`

// hint guesses the classic mistakes from the offending line.
func hint(src []byte, pos values.Position) string {
	line := lineAt(src, pos.Line)
	value := valuePart(line)
	switch {
	case strings.HasPrefix(value, "{{"):
		return templateHint
	case strings.Contains(indentation(line), "\t") || pos.Col <= len(line) && pos.Col > 0 && line[pos.Col-1] == '\t':
		return "indent with spaces, never with tabs"
	case value != "" && (value[0] == '\'' || value[0] == '"') && !quotedWhole(value):
		return "a value that starts with a quote must be quoted as a whole"
	case value != "" && strings.ContainsRune("@`%", rune(value[0])):
		return fmt.Sprintf("a value that starts with %c must be quoted", value[0])
	case strings.Contains(value, ": ") || strings.HasSuffix(value, ":"):
		return `a value that holds ": " must be quoted`
	case pos.Line > 1 && strings.Contains(line, ":"):
		return "compare the indentation with the lines above"
	}
	return ""
}

func indentation(line string) string {
	return line[:len(line)-len(strings.TrimLeft(line, " \t"))]
}

// valuePart gives what stands after the list dashes and the key of a line.
func valuePart(line string) string {
	s := strings.TrimSpace(line)
	for strings.HasPrefix(s, "- ") {
		s = strings.TrimSpace(s[2:])
	}
	if s != "" && strings.ContainsRune("\"'{[@`%", rune(s[0])) {
		return s
	}
	if _, value, ok := strings.Cut(s, ": "); ok {
		return strings.TrimSpace(value)
	}
	return s
}

func quotedWhole(s string) bool {
	end := strings.IndexByte(s[1:], s[0])
	if end < 0 {
		return true
	}
	rest := strings.TrimSpace(s[end+2:])
	return rest == "" || rest[0] == '#' || rest[0] == s[0]
}

// badCharacter finds the first character that YAML does not allow at all.
func badCharacter(src []byte, file string) (values.Position, string) {
	pos := values.Position{File: file, Line: 1, Col: 1}
	if len(src) > 1 && (src[0] == 0xff && src[1] == 0xfe || src[0] == 0xfe && src[1] == 0xff) {
		return pos, "" // UTF-16, which the parser converts
	}
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c == '\n':
			pos.Line, pos.Col = pos.Line+1, 0
			i++
		case c >= ' ' && c < 0x7f || c == '\t' || c == '\r':
			i++
		default:
			r, n := utf8.DecodeRune(src[i:])
			if r == utf8.RuneError && n <= 1 {
				return pos, fmt.Sprintf("byte 0x%02x is not UTF-8: save the file as UTF-8", c)
			}
			if r < 0xa0 && r != 0x85 || r == 0xfffe || r == 0xffff {
				return pos, fmt.Sprintf("the control character %U is not allowed: in double quotes write \\x%02x", r, r)
			}
			i += n
		}
		pos.Col++
	}
	return pos, ""
}
