package report

import (
	"fmt"
	"io"
	"strings"
)

// color is the code of a terminal's color.
type color string

// The colors of Ansible's output.
const (
	plain     color = ""
	green     color = "0;32"
	yellow    color = "0;33"
	cyan      color = "0;36"
	red       color = "0;31"
	brightRed color = "1;31"
	purple    color = "1;35"
	grey      color = "1;30"
)

func (c *Console) line(color color, text string) { c.paint(c.out, color, text) }

// paint writes text and a newline; each line is painted for itself.
func (c *Console) paint(w io.Writer, color color, text string) {
	fmt.Fprintln(w, c.painted(color, text))
}

func (c *Console) painted(color color, text string) string {
	if !c.Color || color == plain {
		return text
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = "\x1b[" + string(color) + "m" + line + "\x1b[0m"
	}
	return strings.Join(lines, "\n")
}
