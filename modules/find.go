package modules

import "strings"

// prefixes may stand before the name of any module.
var prefixes = []string{"ansible.builtin.", "ansible.legacy.", "ansible.posix.", "community.general."}

// Find looks a module up by its name, an alias, or either with Ansible's prefixes.
func Find(specs []Spec, name string) (Spec, bool) {
	for _, prefix := range prefixes {
		if bare, ok := strings.CutPrefix(name, prefix); ok {
			name = bare
			break
		}
	}
	for _, s := range specs {
		if s.Name == name || contains(s.Aliases, name) {
			return s, true
		}
	}
	return Spec{}, false
}

// Nearest is the module name that was probably meant, or "".
func Nearest(specs []Spec, name string) string {
	var names []string
	for _, s := range specs {
		names = append(append(names, s.Name), s.Aliases...)
	}
	for _, prefix := range prefixes {
		name = strings.TrimPrefix(name, prefix)
	}
	return nearest(name, names)
}
