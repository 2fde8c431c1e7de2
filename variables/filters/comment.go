package filters

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// commentStyle is how a language writes comments.
type commentStyle struct {
	beginning, decoration, end string
}

var commentStyles = map[string]commentStyle{
	"plain":  {"", "# ", ""},
	"erlang": {"", "% ", ""},
	"c":      {"", "// ", ""},
	"cblock": {"/*", " * ", " */"},
	"xml":    {"<!--", " - ", "-->"},
}

// comment turns text into a comment.
func comment(c *jinja.Call) (values.Value, error) {
	text, ok := c.Value.AsString()
	if !ok {
		return values.Null, fmt.Errorf("comment needs text, not %s", jinja.TypeName(c.Value))
	}
	p := c.Params("style", "newline", "beginning", "prefix", "prefix_count", "decoration", "postfix", "postfix_count", "end")
	name := p.String("style", "plain")
	style, known := commentStyles[name]
	if !known {
		names := strings.Join(slices.Sorted(maps.Keys(commentStyles)), ", ")
		return values.Null, fmt.Errorf("comment: the style %q is not known: use one of %s", name, names)
	}
	newline := p.String("newline", "\n")
	decoration := p.String("decoration", style.decoration)
	bare := strings.TrimRight(decoration, " ")
	beginning, end := p.String("beginning", style.beginning), p.String("end", style.end)
	prefix, prefixes := p.String("prefix", bare), p.Int("prefix_count", 1)
	postfix, postfixes := p.String("postfix", bare), p.Int("postfix_count", 1)
	if err := first(p.Err(), c.Fits((max(prefixes, 0)+max(postfixes, 0))*(len(prefix)+len(postfix)+1))); err != nil {
		return values.Null, err
	}
	var b strings.Builder
	if beginning != "" {
		b.WriteString(beginning + newline)
	}
	b.WriteString(repeatLine(prefix, newline, prefixes))
	b.WriteString(decorate(text, decoration, newline) + newline)
	b.WriteString(repeatLine(postfix, newline, postfixes))
	result := b.String()
	if end != "" {
		return values.String(result + end), nil
	}
	return values.String(strings.TrimSuffix(result, newline)), c.Fits(len(result))
}

func repeatLine(line, newline string, n int) string {
	if line == "" {
		return ""
	}
	return strings.Repeat(line+newline, max(n, 0))
}

func decorate(text, decoration, newline string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = decoration + line
		if line == "" && i < len(lines)-1 {
			lines[i] = strings.TrimRight(decoration, " ")
		}
	}
	return strings.Join(lines, newline)
}
