package pyre

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/dlclark/regexp2"
)

// translation is a pattern on its way from Python's notation to that of regexp2.
type translation struct {
	src     []rune
	at      int
	out     strings.Builder
	groups  int
	names   map[string]int
	options regexp2.RegexOptions
	verbose bool
}

// translate rewrites a pattern: named groups become numbered ones, since Python
// numbers all groups from left to right, and what the two engines read differently is
// written so that it means what Python means.
func translate(pattern []rune, flags Flags) (*translation, error) {
	t := &translation{src: pattern, names: map[string]int{}}
	t.setFlags(flags)
	for t.at < len(t.src) {
		if err := t.one(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *translation) setFlags(flags Flags) {
	if flags&IgnoreCase != 0 {
		t.options |= regexp2.IgnoreCase
	}
	if flags&Multiline != 0 {
		t.options |= regexp2.Multiline
	}
	if flags&DotAll != 0 {
		t.options |= regexp2.Singleline
	}
	if flags&Verbose != 0 {
		t.verbose = true
	}
}

func (t *translation) fail(format string, args ...any) error {
	return &Error{Pattern: string(t.src), At: t.at, Msg: fmt.Sprintf(format, args...)}
}

func (t *translation) has(prefix string) bool {
	for i, r := range []rune(prefix) {
		if t.at+i >= len(t.src) || t.src[t.at+i] != r {
			return false
		}
	}
	return true
}

// literal writes one character; bytes that are not UTF-8 are lone surrogates, which only
// an escape can carry.
func (t *translation) literal(c rune) {
	if c >= 0xD800 && c < 0xE000 {
		fmt.Fprintf(&t.out, `\u%04x`, c)
		return
	}
	t.out.WriteRune(c)
}

func (t *translation) one() error {
	c := t.src[t.at]
	switch {
	case c == '\\':
		return t.escape(false)
	case c == '[':
		return t.class()
	case c == '(':
		return t.group()
	case c == '{':
		t.brace()
	case t.verbose && unicode.IsSpace(c):
		t.at++
	case t.verbose && c == '#':
		for t.at < len(t.src) && t.src[t.at] != '\n' {
			t.at++
		}
	default:
		t.at++
		t.literal(c)
	}
	return nil
}

// brace reads {n}, {n,m}, {,m}; any other brace stands for itself.
func (t *translation) brace() {
	end := t.at + 1
	for end < len(t.src) && (t.src[end] == ',' || t.src[end] >= '0' && t.src[end] <= '9') {
		end++
	}
	body := string(t.src[t.at+1 : end])
	closed := end < len(t.src) && t.src[end] == '}'
	if !closed || body == "" || strings.Count(body, ",") > 1 {
		t.at++
		t.out.WriteString(`\{`)
		return
	}
	if strings.HasPrefix(body, ",") {
		body = "0" + body
	}
	t.out.WriteString("{" + body + "}")
	t.at = end + 1
}

// group reads what follows an opening parenthesis.
func (t *translation) group() error {
	switch {
	case t.has("(?P<"):
		return t.namedGroup()
	case t.has("(?P="):
		t.at += 4
		name, err := t.until(')')
		if err != nil {
			return err
		}
		return t.reference(name)
	case t.has("(?#"):
		t.at += 3
		_, err := t.until(')')
		return err
	case t.has("(?("):
		return t.conditional()
	case t.has("(?:"), t.has("(?="), t.has("(?!"), t.has("(?>"), t.has("(?<="), t.has("(?<!"):
		n := 3
		if t.has("(?<") {
			n = 4
		}
		t.out.WriteString(string(t.src[t.at : t.at+n]))
		t.at += n
		return nil
	case t.has("(?"):
		return t.inlineFlags()
	}
	t.groups++
	t.at++
	t.out.WriteByte('(')
	return nil
}

func (t *translation) namedGroup() error {
	t.at += 4
	name, err := t.until('>')
	if err != nil {
		return err
	}
	if _, ok := t.names[name]; ok {
		return t.fail("the group %q is defined twice", name)
	}
	if !isName(name) {
		return t.fail("%q is no name for a group", name)
	}
	t.groups++
	t.names[name] = t.groups
	t.out.WriteByte('(')
	return nil
}

func isName(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}

// until reads up to end and steps over it.
func (t *translation) until(end rune) (string, error) {
	start := t.at
	for t.at < len(t.src) {
		if t.src[t.at] == end {
			t.at++
			return string(t.src[start : t.at-1]), nil
		}
		t.at++
	}
	return "", t.fail("missing %q", end)
}

func (t *translation) reference(name string) error {
	number, ok := t.names[name]
	if !ok {
		var err error
		if number, err = strconv.Atoi(name); err != nil {
			return t.fail("there is no group %q", name)
		}
	}
	if number > t.groups {
		return t.fail("there is no group %d before this", number)
	}
	fmt.Fprintf(&t.out, `(?:\%d)`, number)
	return nil
}

func (t *translation) conditional() error {
	t.at += 3
	name, err := t.until(')')
	if err != nil {
		return err
	}
	number, ok := t.names[name]
	if !ok {
		if number, err = strconv.Atoi(name); err != nil {
			return t.fail("there is no group %q", name)
		}
	}
	fmt.Fprintf(&t.out, "(?(%d)", number)
	return nil
}

// inlineFlags reads (?aiLmsux) at the start, and (?i:...) and (?-i:...) anywhere.
func (t *translation) inlineFlags() error {
	start := t.at
	end := start + 2
	for end < len(t.src) && strings.ContainsRune("aiLmsux-", t.src[end]) {
		end++
	}
	if end == len(t.src) || t.src[end] != ')' && t.src[end] != ':' || end == start+2 {
		return t.fail("unknown extension %q", string(t.src[start:min(end+1, len(t.src))]))
	}
	flags := string(t.src[start+2 : end])
	t.at = end + 1
	if t.src[end] == ')' {
		if start != 0 {
			t.at = start
			return t.fail("global flags not at the start of the expression")
		}
		t.setFlags(ParseFlags(flags))
		return nil
	}
	kept := strings.TrimSuffix(strings.NewReplacer("a", "", "L", "", "u", "", "x", "").Replace(flags), "-")
	t.out.WriteString("(?" + kept + ":")
	return nil
}

// class reads [...]: Python knows no subtraction of classes, so [ inside is itself.
func (t *translation) class() error {
	start := t.at
	t.out.WriteByte('[')
	t.at++
	if t.has("^") {
		t.out.WriteByte('^')
		t.at++
	}
	for first := true; ; first = false {
		if t.at >= len(t.src) {
			t.at = start
			return t.fail("unterminated character set")
		}
		switch c := t.src[t.at]; {
		case c == ']' && !first:
			t.at++
			t.out.WriteByte(']')
			return nil
		case c == ']' || c == '[':
			t.at++
			t.out.WriteString(`\` + string(c))
		case c == '\\':
			if err := t.escape(true); err != nil {
				return err
			}
		default:
			t.at++
			t.literal(c)
		}
	}
}

// escape reads a backslash and what follows.
func (t *translation) escape(inClass bool) error {
	if t.at+1 >= len(t.src) {
		return t.fail("bad escape (end of pattern)")
	}
	c := t.src[t.at+1]
	switch {
	case c >= '0' && c <= '9':
		return t.digits(inClass)
	case c == 'x':
		return t.codepoint(2)
	case c == 'u':
		return t.codepoint(4)
	case c == 'U':
		return t.codepoint(8)
	case c == 'Z' && !inClass:
		t.out.WriteString(`\z`)
	case strings.ContainsRune("wWdDsSafnrtv", c), !inClass && strings.ContainsRune("AbB", c), inClass && c == 'b':
		t.out.WriteString(`\` + string(c))
	case c < 0x80 && unicode.IsLetter(c):
		return t.fail(`bad escape \%c`, c)
	case c < 0x80:
		t.out.WriteString(`\` + string(c))
	default:
		t.literal(c)
	}
	t.at += 2
	return nil
}

// digits reads a reference to a group, or an octal code.
func (t *translation) digits(inClass bool) error {
	end := t.at + 1
	for end < len(t.src) && end < t.at+4 && t.src[end] >= '0' && t.src[end] <= '7' {
		end++
	}
	octal := string(t.src[t.at+1 : end])
	if inClass || octal != "" && octal[0] == '0' || len(octal) == 3 {
		code, err := strconv.ParseUint(octal, 8, 32)
		if err != nil || code > 0o377 {
			return t.fail("octal escape value outside of range 0-0o377")
		}
		fmt.Fprintf(&t.out, `\u%04x`, code)
		t.at = end
		return nil
	}
	end = t.at + 2
	if end < len(t.src) && t.src[end] >= '0' && t.src[end] <= '9' {
		end++
	}
	name := string(t.src[t.at+1 : end])
	if err := t.reference(name); err != nil {
		return err
	}
	t.at = end
	return nil
}

func (t *translation) codepoint(width int) error {
	end := t.at + 2 + width
	if end > len(t.src) {
		return t.fail("incomplete escape %s", string(t.src[t.at:]))
	}
	code, err := strconv.ParseUint(string(t.src[t.at+2:end]), 16, 32)
	if err != nil || code > unicode.MaxRune {
		return t.fail("bad escape %s", string(t.src[t.at:end]))
	}
	if code > 0xFFFF {
		t.literal(rune(code))
	} else {
		fmt.Fprintf(&t.out, `\u%04x`, code)
	}
	t.at = end
	return nil
}
