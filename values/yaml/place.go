package yaml

import (
	"strings"

	goyaml "go.yaml.in/yaml/v4"

	"github.com/gdeploy/gdeploy/values"
)

// maxLine bounds the lines that are looked into, in bytes.
const maxLine = 2000

// place is where a value stands. For text it is where the text itself begins: behind the
// quote, and on the line below a | or >; so that whoever finds a mistake in the text can
// count from there.
func (c *constructor) place(n *goyaml.Node) values.Position {
	pos := c.pos(n)
	if n.Kind != goyaml.ScalarNode {
		return pos
	}
	switch {
	case n.Style&(goyaml.LiteralStyle|goyaml.FoldedStyle) != 0:
		return c.blockPlace(n, pos)
	case n.Style&(goyaml.DoubleQuotedStyle|goyaml.SingleQuotedStyle) != 0:
		pos.Col++
	}
	if rest, ok := c.restOf(pos); !ok || !strings.HasPrefix(rest, n.Value) {
		return pos.Scattered()
	}
	return pos
}

// blockPlace is where the text of a block begins.
func (c *constructor) blockPlace(n *goyaml.Node, pos values.Position) values.Position {
	indent := -1
	for i := pos.Line; i < len(c.text()) && indent < 0; i++ {
		if line := c.text()[i]; strings.TrimLeft(line, " ") != "" {
			indent = len(line) - len(strings.TrimLeft(line, " "))
		}
	}
	if indent < 0 {
		return pos
	}
	pos.Line, pos.Col = pos.Line+1, indent+1
	if n.Style&goyaml.FoldedStyle == 0 {
		return pos.Indented(indent)
	}
	text := strings.TrimRight(n.Value, "\n")
	if rest, ok := c.restOf(pos); !ok || strings.TrimRight(rest, " ") != text {
		return pos.Scattered()
	}
	return pos
}

// restOf is what stands from pos to the end of its line.
func (c *constructor) restOf(pos values.Position) (string, bool) {
	if pos.Line < 1 || pos.Line > len(c.text()) {
		return "", false
	}
	if len(c.text()[pos.Line-1]) > maxLine {
		return "", false // this is asked for every value, and a long line holds many
	}
	line := []rune(c.text()[pos.Line-1])
	if pos.Col < 1 || pos.Col-1 > len(line) {
		return "", false
	}
	return string(line[pos.Col-1:]), true
}

// text is the document as lines.
func (c *constructor) text() []string {
	if c.lines == nil {
		c.lines = strings.Split(strings.ReplaceAll(string(c.src), "\r\n", "\n"), "\n")
	}
	return c.lines
}
