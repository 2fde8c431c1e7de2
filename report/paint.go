package report

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// role is what a line tells, which decides its color.
type role string

// The roles of lines, by the names that Ansible's settings have for their colors.
const (
	plain       role = ""
	fine        role = "ok"
	changed     role = "changed"
	skipped     role = "skip"
	failed      role = "error"
	unreachable role = "unreachable"
	warned      role = "warn"
	verbose     role = "verbose"
	debugging   role = "debug"
	added       role = "diff_add"
	removed     role = "diff_remove"
	position    role = "diff_lines"
)

// Colors are names of colors, by what they are for: ok, changed, skip, error, unreachable,
// warn, verbose, debug, diff_add, diff_remove, diff_lines.
type Colors map[string]string

var defaultColors = Colors{
	"ok": "green", "changed": "yellow", "skip": "cyan", "error": "red", "unreachable": "bright red", "warn": "bright purple",
	"verbose": "blue", "debug": "dark gray", "diff_add": "green", "diff_remove": "red", "diff_lines": "cyan",
}

// codes are what terminals know the colors by.
var codes = map[string]string{
	"black": "0;30", "red": "0;31", "green": "0;32", "yellow": "0;33", "blue": "0;34", "purple": "0;35", "cyan": "0;36", "bright gray": "0;37",
	"dark gray": "1;30", "bright red": "1;31", "bright green": "1;32", "bright yellow": "1;33", "bright blue": "1;34", "magenta": "0;35",
	"bright purple": "1;35", "bright magenta": "1;35", "bright cyan": "1;36", "white": "1;37", "normal": "0",
}

// ColorNames lists the names of colors.
func ColorNames() []string { return slices.Sorted(maps.Keys(codes)) }

func (c *Console) line(r role, text string) { c.paint(c.out, r, text) }

// paint writes text and a newline; each line is painted for itself.
func (c *Console) paint(w io.Writer, r role, text string) {
	fmt.Fprintln(w, c.painted(r, text))
}

func (c *Console) painted(r role, text string) string {
	if !c.Color || r == plain {
		return text
	}
	name, ok := c.Colors[string(r)]
	if !ok {
		name = defaultColors[string(r)]
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = "\x1b[" + codes[name] + "m" + line + "\x1b[0m"
	}
	return strings.Join(lines, "\n")
}
