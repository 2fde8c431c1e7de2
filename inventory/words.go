package inventory

import (
	"errors"
	"strings"
)

// word is one word of a host line.
type word struct {
	text string
	at   int // byte offset in the line where it starts
}

// splitWords splits a host line as a POSIX shell does: quotes of both kinds group,
// a backslash keeps the next character, # starts a comment even inside a word.
func splitWords(line string) ([]word, error) {
	var words []word
	for i := 0; i < len(line); {
		if isSpace(line[i]) {
			i++
			continue
		}
		if line[i] == '#' {
			return words, nil
		}
		text, next, err := readWord(line, i)
		if err != nil {
			return words, err
		}
		words = append(words, word{text: text, at: i})
		i = next
	}
	return words, nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func readWord(line string, i int) (text string, next int, err error) {
	var b strings.Builder
	for i < len(line) && !isSpace(line[i]) {
		switch c := line[i]; c {
		case '#':
			return b.String(), len(line), nil
		case '\\':
			if i+1 >= len(line) {
				return "", i, errors.New(`a \ at the end of the line escapes nothing`)
			}
			b.WriteByte(line[i+1])
			i += 2
		case '\'', '"':
			if i, err = readQuoted(&b, line, i); err != nil {
				return "", i, err
			}
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String(), i, nil
}

// readQuoted copies a quoted part; in double quotes a backslash escapes " and itself.
func readQuoted(b *strings.Builder, line string, i int) (next int, err error) {
	quote := line[i]
	for i++; i < len(line); i++ {
		c := line[i]
		if c == quote {
			return i + 1, nil
		}
		if c == '\\' && quote == '"' && i+1 < len(line) && (line[i+1] == '"' || line[i+1] == '\\') {
			i++
			c = line[i]
		}
		b.WriteByte(c)
	}
	return i, errors.New("a quote is not closed")
}
