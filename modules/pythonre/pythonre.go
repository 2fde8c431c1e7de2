// Package pythonre reads regular expressions and replacements as Python's re module
// writes them, for modules that work on text. It makes Go expressions of them, which
// never take longer than the text is long; what these cannot do (looking ahead or behind,
// a group within the pattern again) is refused with a sentence that says so.
package pythonre

import (
	"fmt"
	"regexp"
	"strings"
)

// Options say how a pattern is read.
type Options struct {
	// Multiline makes ^ and $ match at each line.
	Multiline bool
	// DotAll makes . match line breaks too.
	DotAll bool
	// Unicode makes \w and \d match letters and digits of all languages.
	Unicode bool
}

// Compile reads a pattern.
func Compile(pattern string, o Options) (*regexp.Regexp, error) {
	t := translator{in: pattern, options: o}
	if err := t.run(); err != nil {
		return nil, fmt.Errorf("regular expression %q: %w", pattern, err)
	}
	flags := ""
	if o.Multiline {
		flags += "m"
	}
	if o.DotAll {
		flags += "s"
	}
	if flags != "" {
		flags = "(?" + flags + ")"
	}
	re, err := regexp.Compile(flags + t.out.String())
	if err != nil {
		return nil, fmt.Errorf("regular expression %q: %w", pattern, err)
	}
	return re, nil
}

// translator writes a pattern anew.
type translator struct {
	in      string
	at      int
	out     strings.Builder
	options Options
	// class tells that it is inside [ ].
	class bool
}

func (t *translator) run() error {
	for t.at < len(t.in) {
		var err error
		rest := t.in[t.at:]
		switch {
		case rest[0] == '\\':
			err = t.escape()
		case t.class:
			t.inClass(rest)
		case rest[0] == '[':
			t.open(rest)
		case strings.HasPrefix(rest, "(?"):
			err = t.group(rest)
		case strings.HasPrefix(rest, "{,") && isCount(rest):
			t.put("{0,", 2)
		default:
			t.put(rest[:1], 1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// put writes text in place of the next n bytes.
func (t *translator) put(text string, n int) {
	t.out.WriteString(text)
	t.at += n
}

// open begins a set; a ] that stands first belongs to it.
func (t *translator) open(rest string) {
	t.class = true
	n := 1
	if strings.HasPrefix(rest[n:], "^") {
		n++
	}
	t.put(rest[:n], n)
	if strings.HasPrefix(rest[n:], "]") {
		t.put(`\]`, 1)
	}
}

func (t *translator) inClass(rest string) {
	if rest[0] == ']' {
		t.class = false
	}
	if rest[0] == '[' { // Go would take [: for the name of a set
		t.put(`\[`, 1)
		return
	}
	t.put(rest[:1], 1)
}

// isCount reports whether text is {,n}.
func isCount(text string) bool {
	digits, _, closed := strings.Cut(text[2:], "}")
	return closed && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// refused are the groups that only an engine that tries again and again can match.
var refused = []struct{ prefix, what string }{
	{"(?=", "looks ahead with (?=...)"}, {"(?!", "looks ahead with (?!...)"},
	{"(?<=", "looks behind with (?<=...)"}, {"(?<!", "looks behind with (?<!...)"},
	{"(?P=", "matches a group again with (?P=...)"}, {"(?(", "has a condition (?(...)...)"}, {"(?>", "has an atomic group (?>...)"},
}

// group reads what begins with (?.
func (t *translator) group(rest string) error {
	for _, r := range refused {
		if strings.HasPrefix(rest, r.prefix) {
			return fmt.Errorf("it %s, which gdeploy does not support here: match the text around it too and put it back with \\1, or edit the file with the module template or command", r.what)
		}
	}
	if strings.HasPrefix(rest, "(?#") {
		comment, _, closed := strings.Cut(rest, ")")
		if !closed {
			return fmt.Errorf("missing ), unterminated comment")
		}
		t.at += len(comment) + 1
		return nil
	}
	head := flagsOf(rest)
	if strings.Contains(head, "x") {
		return fmt.Errorf("the flag x is not supported here: write the pattern without spaces and comments")
	}
	if head == "" {
		t.put("(?", 2)
		return nil
	}
	t.out.WriteString("(?" + strings.Map(func(r rune) rune {
		if strings.ContainsRune("auL", r) {
			return -1
		}
		return r
	}, head))
	t.at += 2 + len(head)
	if strings.HasSuffix(t.out.String(), "(?") && strings.HasPrefix(t.in[t.at:], ")") {
		t.out.WriteString(":") // nothing is left of the flags
	}
	return nil
}

// flagsOf gives the letters of (?im) or (?i:...).
func flagsOf(rest string) string {
	n := 2
	for n < len(rest) && strings.IndexByte("aiLmsux-", rest[n]) >= 0 {
		n++
	}
	if n < len(rest) && (rest[n] == ')' || rest[n] == ':') {
		return rest[2:n]
	}
	return ""
}

const space = `\t\n\v\f\r `

// escape reads a backslash and what follows.
func (t *translator) escape() error {
	if t.at+1 == len(t.in) {
		return fmt.Errorf("bad escape (end of pattern)")
	}
	c := t.in[t.at+1]
	switch {
	case c >= '1' && c <= '9' && !t.class:
		return fmt.Errorf("it matches a group again with \\%c, which gdeploy does not support here: write the text twice, or edit the file with the module template or command", c)
	case c == 'Z' && !t.class:
		t.put(`\z`, 2)
	case c == 's':
		t.put(t.set(space, false), 2)
	case c == 'S' && !t.class:
		t.put(t.set(space, true), 2)
	case c == 'w' && t.options.Unicode:
		t.put(t.set(`\p{L}\p{N}_`, false), 2)
	case c == 'W' && t.options.Unicode && !t.class:
		t.put(t.set(`\p{L}\p{N}_`, true), 2)
	case c == 'd' && t.options.Unicode:
		t.put(`\p{Nd}`, 2)
	case c == 'D' && t.options.Unicode:
		t.put(`\P{Nd}`, 2)
	case c == 'u' || c == 'U':
		return t.codePoint(map[byte]int{'u': 4, 'U': 8}[c])
	case strings.IndexByte("pPQECzGKRXkhHN", c) >= 0: // they mean something to Go and nothing to Python
		return fmt.Errorf("bad escape \\%c", c)
	case c == 'b' && t.class:
		t.put(`\x08`, 2)
	default:
		t.put(t.in[t.at:t.at+2], 2)
	}
	return nil
}

func (t *translator) set(inside string, not bool) string {
	switch {
	case t.class:
		return inside
	case not:
		return "[^" + inside + "]"
	}
	return "[" + inside + "]"
}

func (t *translator) codePoint(digits int) error {
	if len(t.in) < t.at+2+digits {
		return fmt.Errorf("incomplete escape %s", t.in[t.at:])
	}
	t.put(`\x{`+t.in[t.at+2:t.at+2+digits]+"}", 2+digits)
	return nil
}
