package pyre

import (
	"strconv"
	"strings"
	"unicode"

	"github.com/gdeploy/gdeploy/values"
)

// Replacement is a compiled replacement text.
type Replacement struct{ parts []part }

// part is literal text, or the group to put in where group is not negative.
type part struct {
	text  string
	group int
}

// Replacement reads \1, \g<1>, \g<name> and the usual escapes of a replacement text.
func (r *Regexp) Replacement(text string) (*Replacement, error) {
	p := &replacementParser{re: r, src: values.Runes(text)}
	for p.at < len(p.src) {
		if p.src[p.at] != '\\' {
			p.literal(values.FromRunes(p.src[p.at : p.at+1]))
			p.at++
			continue
		}
		if err := p.escape(); err != nil {
			return nil, err
		}
	}
	return &Replacement{p.parts}, nil
}

type replacementParser struct {
	re    *Regexp
	src   []rune
	at    int
	parts []part
}

func (p *replacementParser) fail(msg string) error {
	return &Error{Pattern: string(p.src), At: p.at, Msg: msg}
}

func (p *replacementParser) literal(text string) {
	if n := len(p.parts); n > 0 && p.parts[n-1].group < 0 {
		p.parts[n-1].text += text
		return
	}
	p.parts = append(p.parts, part{text: text, group: -1})
}

var replacementEscapes = map[rune]string{
	'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t", 'v': "\v", '\\': `\`,
}

func (p *replacementParser) escape() error {
	if p.at+1 == len(p.src) {
		return p.fail("bad escape (end of pattern)")
	}
	c := p.src[p.at+1]
	if text, ok := replacementEscapes[c]; ok {
		p.literal(text)
		p.at += 2
		return nil
	}
	switch {
	case c == 'g':
		return p.named()
	case c >= '0' && c <= '9':
		return p.digits()
	case c < 0x80 && unicode.IsLetter(c):
		return p.fail(`bad escape \` + string(c))
	}
	p.literal(`\` + string(c))
	p.at += 2
	return nil
}

func (p *replacementParser) named() error {
	rest := string(p.src[p.at+2:])
	name, _, ok := strings.Cut(strings.TrimPrefix(rest, "<"), ">")
	if !ok || !strings.HasPrefix(rest, "<") {
		return p.fail("missing <name> behind \\g")
	}
	number, known := p.re.names[name]
	if !known {
		var err error
		if number, err = strconv.Atoi(name); err != nil {
			return p.fail("unknown group name " + strconv.Quote(name))
		}
	}
	if err := p.group(number); err != nil {
		return err
	}
	p.at += len([]rune(name)) + 4
	return nil
}

func (p *replacementParser) group(number int) error {
	if number < 0 || number > p.re.groups {
		return p.fail("invalid group reference " + strconv.Itoa(number))
	}
	p.parts = append(p.parts, part{group: number})
	return nil
}

// digits reads \1 to \99, or an octal code: \0, \012 and all of three octal digits.
func (p *replacementParser) digits() error {
	end := p.at + 1
	for end < len(p.src) && end < p.at+4 && p.src[end] >= '0' && p.src[end] <= '7' {
		end++
	}
	octal := string(p.src[p.at+1 : end])
	if octal != "" && (octal[0] == '0' || len(octal) == 3) {
		code, _ := strconv.ParseUint(octal, 8, 32)
		if code > 0o377 {
			return p.fail("octal escape value outside of range 0-0o377")
		}
		p.literal(string(rune(code)))
		p.at = end
		return nil
	}
	end = p.at + 2
	if end < len(p.src) && p.src[end] >= '0' && p.src[end] <= '9' {
		end++
	}
	number, _ := strconv.Atoi(string(p.src[p.at+1 : end]))
	if err := p.group(number); err != nil {
		return err
	}
	p.at = end
	return nil
}

// Expand gives the replacement for a match; groups that took no part are empty.
func (x *Replacement) Expand(m *Match) string {
	var b strings.Builder
	for _, part := range x.parts {
		if part.group < 0 {
			b.WriteString(part.text)
			continue
		}
		text, _ := m.Group(part.group)
		b.WriteString(text)
	}
	return b.String()
}

// Replace is re.sub: it replaces all matches, or the first count where count is above 0.
// more, where not nil, is asked before the result grows by that many bytes.
func (r *Regexp) Replace(text, replacement string, count int, more func(bytes int) error) (string, int, error) {
	x, err := r.Replacement(replacement)
	if err != nil {
		return "", 0, err
	}
	matches, err := r.FindAll(text, count)
	if err != nil || len(matches) == 0 {
		return text, 0, err
	}
	runes := values.Runes(text)
	var b strings.Builder
	last := 0
	for _, m := range matches {
		b.WriteString(values.FromRunes(runes[last:m.Start]))
		b.WriteString(x.Expand(m))
		last = m.End
		if more != nil {
			if err := more(b.Len()); err != nil {
				return "", 0, err
			}
		}
	}
	b.WriteString(values.FromRunes(runes[last:]))
	return b.String(), len(matches), nil
}

// Escape is re.escape: a pattern that matches text and nothing else.
func Escape(text string) string {
	var b strings.Builder
	for _, r := range values.Runes(text) {
		if strings.ContainsRune("()[]{}?*+-|^$\\.&~# \t\n\r\v\f", r) {
			b.WriteByte('\\')
		}
		b.WriteString(values.FromRunes([]rune{r}))
	}
	return b.String()
}
