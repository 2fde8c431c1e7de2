package variables

import (
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// ParseExtraVars reads the arguments of -e in order; later ones win. key=value pairs are
// strings whatever they look like; an argument that starts with { or [ is YAML or JSON,
// and @file names a file of either.
func ParseExtraVars(args []string, vault Vault) (*values.Map, error) {
	all := values.NewMap(len(args))
	for i, arg := range args {
		m, err := parseExtra(arg, i, vault)
		if err != nil {
			return nil, fmt.Errorf("extra vars %q: %w", arg, err)
		}
		for key, v := range m.All() {
			all.SetKey(key, v)
		}
	}
	return all, nil
}

func parseExtra(arg string, i int, vault Vault) (*values.Map, error) {
	where := "-e"
	switch {
	case strings.HasPrefix(arg, "@"):
		return readExtraFile(expandHome(arg[1:]), vault)
	case arg == "":
		return values.NewMap(0), nil
	case arg[0] == '/' || arg[0] == '.':
		return nil, fmt.Errorf("write @%s to read variables from a file", arg)
	case arg[0] == '{' || arg[0] == '[':
		v, _, err := parseVars([]byte(arg), where, vault)
		if err != nil {
			return nil, err
		}
		return wantMap(v)
	}
	return parsePairs(arg, values.Position{File: where})
}

func readExtraFile(path string, vault Vault) (*values.Map, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	v, _, err := parseVars(src, path, vault)
	if err != nil {
		return nil, err
	}
	return wantMap(v)
}

func wantMap(v values.Value) (*values.Map, error) {
	m, ok := v.AsMap()
	if ok {
		return m, nil
	}
	if v.IsNull() {
		return values.NewMap(0), nil
	}
	return nil, fmt.Errorf("want a mapping of names to values, not a %s", v.Kind())
}

// parsePairs reads key=value pairs apart by blanks, with shell-like quotes.
func parsePairs(arg string, pos values.Position) (*values.Map, error) {
	m := values.NewMap(1)
	words, err := splitWords(arg)
	if err != nil {
		return nil, err
	}
	for _, word := range words {
		key, text, ok := strings.Cut(word, "=")
		if !ok || key == "" {
			return nil, fmt.Errorf("want key=value, not %q", word)
		}
		m.Set(strings.TrimSpace(key), values.String(unquote(strings.TrimSpace(decodeEscapes(text)))).At(pos))
	}
	return m, nil
}

// splitWords splits at blanks that stand neither in quotes nor in a template.
func splitWords(s string) ([]string, error) {
	var words []string
	start, depth := -1, 0
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		c := s[i]
		blank := c == ' ' || c == '\t' || c == '\n' || c == '\r'
		if start < 0 && !blank {
			start = i
		}
		switch {
		case start < 0:
		case c == '\\' && quote != 0:
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case (c == '"' || c == '\'') && depth == 0:
			quote = c
		case strings.HasPrefix(s[i:], "{{") || strings.HasPrefix(s[i:], "{%"):
			depth++
			i++
		case depth > 0 && (strings.HasPrefix(s[i:], "}}") || strings.HasPrefix(s[i:], "%}")):
			depth--
			i++
		case blank && depth == 0:
			words = append(words, s[start:i])
			start = -1
		}
	}
	if quote != 0 || depth > 0 {
		return nil, fmt.Errorf("a quote or template is not closed in %q", s)
	}
	if start >= 0 {
		words = append(words, s[start:])
	}
	return words, nil
}

var escapeSequence = regexp.MustCompile(`\\(?:U[0-9a-fA-F]{8}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[\\'"abfnrtv])`)

// decodeEscapes replaces \n, \u00e9 and their like as Python does.
func decodeEscapes(s string) string {
	return escapeSequence.ReplaceAllStringFunc(s, func(seq string) string {
		var b strings.Builder
		p := literalParser{s: seq}
		if !p.escape(&b) {
			return seq
		}
		return b.String()
	})
}

// unquote takes one pair of quotes off.
func unquote(s string) string {
	if len(s) > 1 && (s[0] == '"' || s[0] == '\'') && s[len(s)-1] == s[0] && s[len(s)-2] != '\\' {
		return s[1 : len(s)-1]
	}
	return s
}
