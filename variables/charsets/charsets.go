// Package charsets writes and reads text in other encodings than UTF-8, by the names that
// Python and IANA have for them.
package charsets

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/ianaindex"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// Encode writes text, which is UTF-8, in another encoding.
func Encode(text []byte, name string) ([]byte, error) {
	e, err := find(name)
	if e == nil || err != nil {
		return text, err
	}
	out, err := e.NewEncoder().Bytes(text)
	if err != nil {
		return nil, fmt.Errorf("the text has characters that the encoding %s lacks: %w", name, err)
	}
	return out, nil
}

// Decode makes UTF-8 of text in another encoding.
func Decode(data []byte, name string) ([]byte, error) {
	e, err := find(name)
	if e == nil || err != nil {
		return data, err
	}
	out, err := e.NewDecoder().Bytes(data)
	if err != nil {
		return nil, fmt.Errorf("the text is not in the encoding %s: %w", name, err)
	}
	return out, nil
}

// find gives the encoding of a name; nil is UTF-8. Where a name leaves open in which order
// bytes stand, they stand as on a little-endian machine, after a mark that says so.
func find(name string) (encoding.Encoding, error) {
	short := strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(name))
	switch {
	case slices.Contains([]string{"", "utf-8", "utf8", "u8"}, short):
		return nil, nil
	case short == "utf-16" || short == "utf16":
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), nil
	case short == "utf-32" || short == "utf32":
		return utf32.UTF32(utf32.LittleEndian, utf32.UseBOM), nil
	case short == "utf-32-le", short == "utf-32le":
		return utf32.UTF32(utf32.LittleEndian, utf32.IgnoreBOM), nil
	case short == "utf-32-be", short == "utf-32be":
		return utf32.UTF32(utf32.BigEndian, utf32.IgnoreBOM), nil
	case strings.HasPrefix(short, "cp125"):
		short = "windows-" + short[2:]
	case strings.HasPrefix(short, "latin-"):
		short = "latin" + short[6:]
	case strings.HasPrefix(short, "utf-16-"):
		short = "utf-16" + short[7:]
	case short == "ascii":
		short = "us-ascii"
	}
	e, err := ianaindex.IANA.Encoding(short)
	if err != nil || e == nil {
		return nil, fmt.Errorf("unknown encoding: %s; iso-8859-1, windows-1252 and utf-16 are some that are known", name)
	}
	return e, nil
}
