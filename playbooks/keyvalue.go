package playbooks

import (
	"errors"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

var errUnbalanced = errors.New("a quote or a {{ is not closed")

// keyValues takes "a=1 b='x y' rest" apart into its pairs and the rest. Modules with a
// parameter for free text are read by modules.ParseFreeForm.
func keyValues(text string) (pairs *values.Map, rest string, err error) {
	pairs = values.NewMap(4)
	words, err := splitWords(text)
	if err != nil {
		return pairs, "", err
	}
	var left []string
	for _, w := range words {
		word := text[w.start:w.end]
		key, value, ok := cutPair(word)
		if !ok {
			left = append(left, strings.ReplaceAll(word, `\=`, `=`))
			continue
		}
		pairs.Set(strings.TrimSpace(key), values.String(unquote(strings.TrimSpace(value))))
	}
	return pairs, strings.Join(left, " "), nil
}

// span is a word of a text.
type span struct{ start, end int }

// splitWords finds the words between blanks and line ends; quotes and templates keep
// theirs together.
func splitWords(s string) ([]span, error) {
	var words []span
	start, depth := -1, 0
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c == ' ' || c == '\n') && quote == 0 && depth == 0 {
			if start >= 0 {
				words = append(words, span{start, i})
				start = -1
			}
			continue
		}
		if start < 0 {
			start = i
		}
		switch {
		case (c == '"' || c == '\'') && (i == 0 || s[i-1] != '\\') && (quote == 0 || quote == c):
			quote ^= c
		case quote == 0 && c == '{' && i+1 < len(s) && strings.IndexByte("{%#", s[i+1]) >= 0:
			depth++
			i++
		case quote == 0 && depth > 0 && i+1 < len(s) && s[i+1] == '}' && strings.IndexByte("}%#", c) >= 0:
			depth--
			i++
		}
	}
	if start >= 0 {
		words = append(words, span{start, len(s)})
	}
	if quote != 0 || depth != 0 {
		return nil, errUnbalanced
	}
	return words, nil
}

// cutPair splits a word at its first = that is neither its first character nor escaped.
func cutPair(word string) (key, value string, ok bool) {
	for i := 1; i < len(word); i++ {
		if word[i] == '=' && word[i-1] != '\\' {
			return unescape(word[:i]), unescape(word[i+1:]), true
		}
	}
	return "", "", false
}

// unquote takes one pair of quotes around the whole off.
func unquote(s string) string {
	if n := len(s); n > 1 && s[0] == s[n-1] && (s[0] == '"' || s[0] == '\'') && s[n-2] != '\\' {
		return s[1 : n-1]
	}
	return s
}

// unescape replaces \n, \t, \x41, \u00e9, \" and such.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var out strings.Builder
	for s != "" {
		if s[0] == '\\' && len(s) > 1 {
			if s[1] == '\'' || s[1] == '"' {
				out.WriteByte(s[1])
				s = s[2:]
				continue
			}
			if r, _, tail, err := strconv.UnquoteChar(s, 0); err == nil {
				out.WriteRune(r)
				s = tail
				continue
			}
		}
		out.WriteByte(s[0])
		s = s[1:]
	}
	return out.String()
}
