package record

import "strings"

// Pretty is Encode with a line for each member, for files that people read too.
func Pretty(v any) ([]byte, error) {
	line, err := Encode(v)
	if err != nil {
		return nil, err
	}
	return spread(line), nil
}

// spread breaks and indents JSON that was written without spaces.
func spread(line []byte) []byte {
	var out []byte
	depth, quoted := 0, false
	newline := func() { out = append(out, "\n"+strings.Repeat("  ", depth)...) }
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quoted:
			out = append(out, c)
			if c == '\\' {
				i++
				out = append(out, line[i])
			}
			quoted = c != '"'
		case (c == '{' || c == '[') && line[i+1] == c+2: // empty
			out = append(out, c, c+2)
			i++
		case c == '{' || c == '[':
			out = append(out, c)
			depth++
			newline()
		case c == '}' || c == ']':
			depth--
			newline()
			out = append(out, c)
		case c == ',':
			out = append(out, c)
			newline()
		case c == ':':
			out = append(out, ": "...)
		default:
			out = append(out, c)
			quoted = c == '"'
		}
	}
	return out
}
