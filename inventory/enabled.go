package inventory

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Formats are the words of Options.Formats, which are the names of Ansible's plugins.
var Formats = []string{"host_list", "advanced_host_list", "script", "auto", "yaml", "ini", "toml", "constructed", "generator"}

// reads reports that sources may be of one of some formats.
func (l *loader) reads(formats ...string) bool {
	return l.opts.Formats == nil || slices.ContainsFunc(formats, func(format string) bool { return l.place(format) >= 0 })
}

// place is where a format stands among those that are enabled; -1 where it does not.
func (l *loader) place(format string) int {
	return slices.IndexFunc(l.opts.Formats, func(name string) bool {
		return strings.TrimPrefix(name, "ansible.builtin.") == format
	})
}

// expandsLists reports that a list of hosts may have ranges: the first of the two formats of
// lists counts.
func (l *loader) expandsLists() bool {
	advanced, plain := l.place("advanced_host_list"), l.place("host_list")
	return advanced >= 0 && (plain < 0 || advanced < plain)
}

func (l *loader) notEnabled(source, format string) error {
	return fmt.Errorf("inventory %q: this is read as %s, which the setting inventory_enabled leaves out: it has %s", source, format, strings.Join(l.opts.Formats, ", "))
}

// formatOf names the format that the ending of a file stands for; empty for a name without one.
func formatOf(file string) string {
	switch path.Ext(file) {
	case "":
		return ""
	case ".yml", ".yaml", ".json":
		return "yaml"
	case ".toml":
		return "toml"
	}
	return "ini"
}
