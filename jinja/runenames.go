package jinja

import (
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/runenames"
)

// ideographs are the names that end in the number of their character.
const ideographs = "CJK UNIFIED IDEOGRAPH-"

// named gives the character of a name in Unicode's list, in letters of either case.
func named(name string) (rune, bool) {
	name = strings.ToUpper(name)
	if digits, ok := strings.CutPrefix(name, ideographs); ok {
		code, err := strconv.ParseUint(digits, 16, 32)
		return rune(code), err == nil && unicode.Is(unicode.Han, rune(code))
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if known := runenames.Name(r); known == name && known != "" && known[0] != '<' {
			return r, true
		}
	}
	return 0, false
}

// nameEscape reads {NAME}, which follows \N, and says how long it is.
func nameEscape(s string) (string, int, error) {
	inner, ok := strings.CutPrefix(s, "{")
	name, _, closed := strings.Cut(inner, "}")
	if !ok || !closed || name == "" {
		return "", 0, valueErrorf(`malformed \N character escape: write \N{NAME}`)
	}
	r, known := named(name)
	if !known {
		return "", 0, valueErrorf(`unknown Unicode character name %q`, name)
	}
	return string(r), len(name) + len("{}"), nil
}
