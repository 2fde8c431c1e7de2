package jinja

import (
	"strings"
	"unicode"

	"github.com/gdeploy/gdeploy/values"
)

func filterWordwrap(c *Call) (values.Value, error) {
	text, err := c.Text()
	p := c.Params("width", "break_long_words", "wrapstring", "break_on_hyphens")
	w := wrapper{
		width:   p.Int("width", 79),
		long:    p.Bool("break_long_words", true),
		hyphens: p.Bool("break_on_hyphens", true),
	}
	with := "\n"
	if v, ok := p.Get("wrapstring"); ok && !v.IsNull() {
		with = p.String("wrapstring", with)
	}
	if err := firstError(err, p.Err()); err != nil {
		return values.Null, err
	}
	if w.width <= 0 {
		return values.Null, valueErrorf("wordwrap: the width must be above 0, not %d", w.width)
	}
	lines := splitLines(text, false)
	for i, line := range lines {
		lines[i] = strings.Join(w.wrap(line), with)
	}
	return values.String(strings.Join(lines, with)), nil
}

// wrapper breaks a line as Python's textwrap does, keeping blanks inside lines.
type wrapper struct {
	width         int
	long, hyphens bool
}

func (w wrapper) wrap(line string) []string {
	chunks := w.chunks(line)
	var lines []string
	for len(chunks) > 0 {
		if len(lines) > 0 && strings.TrimSpace(chunks[0]) == "" {
			chunks = chunks[1:]
			continue
		}
		var current []string
		current, chunks = w.line(chunks)
		if n := len(current); n > 0 && strings.TrimSpace(current[n-1]) == "" {
			current = current[:n-1]
		}
		if len(current) > 0 {
			lines = append(lines, strings.Join(current, ""))
		}
	}
	return lines
}

// line takes as many chunks as fit.
func (w wrapper) line(chunks []string) (current, rest []string) {
	used := 0
	for len(chunks) > 0 {
		n := values.Length(chunks[0])
		if used+n > w.width {
			break
		}
		current, chunks, used = append(current, chunks[0]), chunks[1:], used+n
	}
	if len(chunks) == 0 || values.Length(chunks[0]) <= w.width {
		return current, chunks
	}
	if !w.long {
		if len(current) == 0 {
			return chunks[:1], chunks[1:]
		}
		return current, chunks
	}
	runes := values.Runes(chunks[0])
	room := w.width - used
	head, tail := values.FromRunes(runes[:room]), values.FromRunes(runes[room:])
	return append(current, head), append([]string{tail}, chunks[1:]...)
}

// chunks splits a line into words and blanks; a word may also break behind a hyphen
// between letters.
func (w wrapper) chunks(line string) []string {
	var chunks []string
	runes := values.Runes(line)
	start := 0
	for i := 1; i <= len(runes); i++ {
		if i == len(runes) || unicode.IsSpace(runes[i]) != unicode.IsSpace(runes[i-1]) || w.hyphenBreak(runes, i) {
			chunks = append(chunks, values.FromRunes(runes[start:i]))
			start = i
		}
	}
	return chunks
}

func (w wrapper) hyphenBreak(runes []rune, i int) bool {
	return w.hyphens && i > 1 && runes[i-1] == '-' && unicode.IsLetter(runes[i]) &&
		(unicode.IsLetter(runes[i-2]) || unicode.IsDigit(runes[i-2]))
}
