package values

import "unicode/utf8"

// escapedByte is where bytes that are not UTF-8 go: byte 0x80 is U+DC80, as in
// Python's surrogateescape.
const escapedByte = 0xDC00

// Runes splits s into Python's characters. A byte that is not UTF-8 becomes one lone
// surrogate, so that FromRunes(Runes(s)) == s for every s.
func Runes(s string) []rune {
	runes := make([]rune, 0, len(s))
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			r = escapedByte + rune(s[i])
		}
		runes = append(runes, r)
		i += size
	}
	return runes
}

// FromRunes joins characters to a string; lone surrogates that Runes made become their bytes again.
func FromRunes(runes []rune) string {
	b := make([]byte, 0, len(runes))
	for _, r := range runes {
		if r >= escapedByte+0x80 && r <= escapedByte+0xFF {
			b = append(b, byte(r-escapedByte))
			continue
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b)
}

// Length is Python's len(s): the number of characters.
func Length(s string) int { return utf8.RuneCountInString(s) }
