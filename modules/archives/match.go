package archives

import (
	"path"
	"strings"
)

// Match matches a shell pattern whose * and ? stand for slashes too, as those of tar and
// Python do.
func Match(pattern, name string) bool {
	for pattern != "" {
		switch pattern[0] {
		case '*':
			for i := 0; i <= len(name); i++ {
				if Match(pattern[1:], name[i:]) {
					return true
				}
			}
			return false
		case '[':
			end := strings.IndexByte(pattern[1:], ']')
			if end < 0 || name == "" {
				return pattern == name
			}
			if set := "[" + strings.Replace(pattern[1:end+1], "!", "^", 1) + "]"; !inSet(set, name[:1]) {
				return false
			}
			pattern, name = pattern[end+2:], name[1:]
			continue
		case '\\':
			if len(pattern) > 1 {
				pattern = pattern[1:]
			}
		case '?':
			if name == "" {
				return false
			}
			pattern, name = pattern[1:], name[1:]
			continue
		}
		if name == "" || pattern[0] != name[0] {
			return false
		}
		pattern, name = pattern[1:], name[1:]
	}
	return name == ""
}

// inSet tells whether a byte is one of [set].
func inSet(set, b string) bool {
	ok, err := path.Match(set, b)
	return ok && err == nil
}
