package executor

import (
	"fmt"
	"strings"

	"golang.org/x/text/encoding/ianaindex"
)

// encoded writes text, which is UTF-8, in another encoding. Names are those that Python and IANA have; encodings of which it is open in
// which order bytes stand are refused.
func encoded(text []byte, name string) ([]byte, error) {
	short := strings.NewReplacer("_", "-", " ", "-").Replace(strings.ToLower(name))
	switch {
	case short == "", short == "utf-8", short == "utf8":
		return text, nil
	case short == "utf-16", short == "utf-32":
		return nil, fmt.Errorf("output_encoding %s does not say in which order bytes stand: write %[1]s-le or %[1]s-be", name)
	case strings.HasPrefix(short, "cp125"):
		short = "windows-" + short[2:]
	case strings.HasPrefix(short, "latin-"):
		short = "latin" + short[6:]
	case strings.HasPrefix(short, "utf-16-"):
		short = "utf-16" + short[7:]
	}
	to, err := ianaindex.IANA.Encoding(short)
	if err != nil || to == nil {
		return nil, fmt.Errorf("output_encoding %s is not known; iso-8859-1, windows-1252 and us-ascii are some that are", name)
	}
	out, err := to.NewEncoder().Bytes(text)
	if err != nil {
		return nil, fmt.Errorf("the text has characters that output_encoding %s lacks: %w", name, err)
	}
	return out, nil
}
