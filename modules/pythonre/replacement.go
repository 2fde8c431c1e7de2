package pythonre

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Replacement is a text with groups in it: \1, \g<1>, \g<name>.
type Replacement struct {
	parts []part
}

// part is a text, or the number of a group where text is empty and group not -1.
type part struct {
	text  string
	group int
}

var plainEscapes = map[byte]string{'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v", '\\': `\`, '0': "\x00"}

// ParseReplacement reads a replacement for what re matches.
func ParseReplacement(text string, re *regexp.Regexp) (*Replacement, error) {
	r := &Replacement{}
	for text != "" {
		before, after, found := strings.Cut(text, `\`)
		r.parts = append(r.parts, part{before, -1})
		if !found {
			break
		}
		if after == "" {
			return nil, fmt.Errorf("bad escape (end of pattern)")
		}
		p, n, err := escape(after, re)
		if err != nil {
			return nil, err
		}
		r.parts = append(r.parts, p)
		text = after[n:]
	}
	return r, nil
}

// escape reads what follows a backslash, and how many bytes that are.
func escape(s string, re *regexp.Regexp) (part, int, error) {
	c := s[0]
	switch {
	case c >= '1' && c <= '9':
		n := 1
		if len(s) > 1 && s[1] >= '0' && s[1] <= '9' {
			n = 2
		}
		p, err := groupPart(s[:n], re)
		return p, n, err
	case c == 'g':
		name, _, closed := strings.Cut(strings.TrimPrefix(s[1:], "<"), ">")
		if !closed || len(s) < 2 || s[1] != '<' {
			return part{}, 0, fmt.Errorf("missing group name")
		}
		p, err := groupPart(name, re)
		return p, len(name) + 3, err
	case plainEscapes[c] != "":
		return part{plainEscapes[c], -1}, 1, nil
	case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		return part{}, 0, fmt.Errorf("bad escape \\%c", c)
	}
	_, n := utf8.DecodeRuneInString(s)
	return part{`\` + s[:n], -1}, n, nil
}

func groupPart(name string, re *regexp.Regexp) (part, error) {
	group, err := strconv.Atoi(name)
	if err != nil {
		if group = re.SubexpIndex(name); group < 0 {
			return part{}, fmt.Errorf("unknown group name '%s'", name)
		}
	}
	if group > re.NumSubexp() {
		return part{}, fmt.Errorf("invalid group reference %d", group)
	}
	return part{group: group}, nil
}

// Expand fills the groups of a match in, as FindStringSubmatchIndex gives it for text.
func (r *Replacement) Expand(text string, match []int) string {
	var b strings.Builder
	for _, p := range r.parts {
		if p.group < 0 {
			b.WriteString(p.text)
			continue
		}
		if from := match[2*p.group]; from >= 0 {
			b.WriteString(text[from:match[2*p.group+1]])
		}
	}
	return b.String()
}

// ReplaceAll replaces every match in text and counts them.
func (r *Replacement) ReplaceAll(re *regexp.Regexp, text string) (replaced string, n int) {
	var b strings.Builder
	at := 0
	for _, match := range re.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(text[at:match[0]])
		b.WriteString(r.Expand(text, match))
		at = match[1]
		n++
	}
	b.WriteString(text[at:])
	return b.String(), n
}
