package playbooks

import (
	"errors"
	"strconv"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// commandOptions are the key=value pairs that the modules of commands understand inside
// their free text; every other = belongs to the command.
var commandOptions = map[string]bool{
	"creates": true, "removes": true, "chdir": true, "executable": true, "warn": true,
	"stdin": true, "stdin_add_newline": true, "strip_empty_ends": true,
}

// commandModules take free text that is a command.
var commandModules = map[string]bool{"command": true, "shell": true, "raw": true, "script": true}

var errUnbalanced = errors.New("a quote or a {{ is not closed")

// keyValues takes "a=1 b='x y' rest" apart into its pairs and the rest. With command set,
// only commandOptions are pairs.
func keyValues(text string, command bool) (pairs *values.Map, rest string, err error) {
	pairs = values.NewMap(4)
	words, err := splitWords(text)
	if err != nil {
		return pairs, "", err
	}
	var out strings.Builder
	last := 0
	for _, w := range words {
		word := text[w.start:w.end]
		key, value, ok := cutPair(word)
		if !ok || command && !commandOptions[key] {
			out.WriteString(text[last:w.start])
			out.WriteString(strings.ReplaceAll(word, `\=`, `=`))
			last = w.end
			continue
		}
		pairs.Set(strings.TrimSpace(key), values.String(unquote(strings.TrimSpace(value))))
		out.WriteString(strings.TrimRight(text[last:w.start], " "))
		if last = w.end; last < len(text) && text[last] == '\n' && out.Len() > 0 {
			out.WriteByte(' ') // the line's end goes with its last word
			last += 1 + len(text[last+1:]) - len(strings.TrimLeft(text[last+1:], " "))
		}
	}
	out.WriteString(text[last:])
	rest = joinLines(out.String())
	if pairs.Len() > 0 {
		rest = strings.TrimLeft(rest, " ")
	}
	if strings.TrimSpace(rest) == "" {
		rest = ""
	}
	return pairs, rest, nil
}

// joinLines drops a lone backslash at a line's end together with the line's end.
func joinLines(s string) string {
	if !strings.Contains(s, "\\\n") {
		return s
	}
	return strings.ReplaceAll(s, " \\\n", " ")
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
