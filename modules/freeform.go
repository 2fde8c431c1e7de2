package modules

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/gdeploy/gdeploy/values"
)

// commandLine is the parameter whose free text is a command line, in which cmd=x is a word.
const commandLine = "cmd"

// ParseFreeForm reads the arguments of a module written as text: "path=/x state=absent",
// and for modules with a FreeForm parameter what is no known key=value is that parameter's
// text: "ls -l chdir=/tmp". Quotes and {{ }} hold words together.
func ParseFreeForm(spec Spec, text string) (*values.Map, error) {
	words, err := splitWords(text)
	if err != nil {
		return nil, fmt.Errorf("arguments of %s: %w", spec.Name, err)
	}
	args := values.NewMap(len(words))
	fields := fieldsOf(structType(spec.New()))
	rest, at := "", 0
	for _, w := range words {
		key, value, ok := cutPair(w.text)
		f, known := findField(fields, key)
		if spec.FreeForm != "" && (!ok || !known || spec.FreeForm == commandLine && (key == commandLine || f.Type == "list")) {
			continue
		}
		if !ok {
			return nil, fmt.Errorf("%s takes no free text: %q is no key=value", spec.Name, w.text)
		}
		args.Set(key, values.String(unquote(value)))
		rest += leftOver(text[at:w.start], rest)
		at = w.end
	}
	rest += leftOver(text[at:], rest)
	if rest = strings.TrimSpace(rest); rest != "" && spec.FreeForm != "" {
		args.Set(spec.FreeForm, values.String(rest))
	}
	return args, nil
}

// CutWord divides a command line behind its first word, which loses its quotes.
func CutWord(line string) (word, rest string) {
	words, err := splitWords(line)
	if err != nil || len(words) == 0 {
		return line, ""
	}
	return unquote(words[0].text), strings.TrimSpace(line[words[0].end:])
}

// leftOver is free text between two pairs; where something went before it, the space
// after the pair that was cut out goes with it.
func leftOver(text, before string) string {
	if before == "" || strings.HasSuffix(before, " ") {
		return strings.TrimLeft(text, " ")
	}
	return text
}

// word is a part of a text that no space outside quotes divides.
type word struct {
	text       string
	start, end int
}

// splitWords divides text at spaces and newlines that are in no quotes and in no
// {{ }}, {% %} or {# #}.
func splitWords(text string) ([]word, error) {
	var words []word
	start, quote, opening, closing, depth := -1, byte(0), "", "", 0
	for i := 0; i < len(text); i++ {
		c := text[i]
		space := c == ' ' || c == '\n' || c == '\t' || c == '\r'
		switch {
		case closing != "":
			// as in Ansible, quotes mean nothing in there, and each opening wants its closing
			switch {
			case strings.HasPrefix(text[i:], closing):
				i++
				depth--
			case strings.HasPrefix(text[i:], opening):
				i++
				depth++
			}
			if depth == 0 {
				closing = ""
			}
			continue
		case quote != 0:
			if c == quote && text[i-1] != '\\' {
				quote = 0
			}
			continue
		case space && start >= 0:
			words = append(words, word{text[start:i], start, i})
			start = -1
		}
		if space {
			continue
		}
		if start < 0 {
			start = i
		}
		if closing = templateEnd(text[i:]); closing != "" {
			opening, depth = text[i:i+2], 1
			i++
			continue
		}
		if (c == '"' || c == '\'') && (i == 0 || text[i-1] != '\\') {
			quote = c
		}
	}
	if quote != 0 || closing != "" {
		return nil, errors.New("failed at splitting arguments, either an unbalanced jinja2 block or quotes")
	}
	if start >= 0 {
		words = append(words, word{text[start:], start, len(text)})
	}
	return words, nil
}

// templateEnd gives what ends the template construct that s starts with.
func templateEnd(s string) string {
	switch {
	case strings.HasPrefix(s, "{{"):
		return "}}"
	case strings.HasPrefix(s, "{%"):
		return "%}"
	case strings.HasPrefix(s, "{#"):
		return "#}"
	}
	return ""
}

// cutPair divides at the first "=" that no backslash precedes.
func cutPair(text string) (key, value string, ok bool) {
	text = decodeEscapes(text)
	for i := 1; i < len(text); i++ {
		if text[i] == '=' && text[i-1] != '\\' {
			return strings.TrimSpace(text[:i]), strings.TrimSpace(text[i+1:]), true
		}
	}
	return "", "", false
}

// unquote takes off one pair of quotes around the whole text.
func unquote(s string) string {
	if len(s) > 1 && s[0] == s[len(s)-1] && (s[0] == '"' || s[0] == '\'') && s[len(s)-2] != '\\' {
		return s[1 : len(s)-1]
	}
	return s
}

var plainEscapes = map[byte]string{
	'n': "\n", 't': "\t", 'r': "\r", 'a': "\a", 'b': "\b", 'f': "\f", 'v': "\v",
	'\\': "\\", '\'': "'", '"': "\"",
}

// decodeEscapes reads \n, \x41, \u00e9 and the like in a key=value word.
func decodeEscapes(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		if text, ok := plainEscapes[s[i+1]]; ok {
			b.WriteString(text)
			i++
			continue
		}
		r, n := codePoint(s[i+1:])
		if n == 0 {
			b.WriteByte(s[i])
			continue
		}
		b.WriteRune(r)
		i += n
	}
	return b.String()
}

// codePoint reads x41, u00e9 or U0001f600, and tells how many bytes that took.
func codePoint(s string) (rune, int) {
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[0]]
	if digits == 0 || len(s) < digits+1 {
		return 0, 0
	}
	n, err := strconv.ParseUint(s[1:digits+1], 16, 32)
	if err != nil || !utf8.ValidRune(rune(n)) {
		return 0, 0
	}
	return rune(n), digits + 1
}
