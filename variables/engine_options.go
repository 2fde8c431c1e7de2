package variables

import (
	"maps"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/variables/filters"
)

// jinjaOptions are the filters and tests that playbooks have beside Jinja's own.
func jinjaOptions() jinja.Options {
	all := jinja.Filters()
	maps.Copy(all, filters.All())
	for _, name := range textFilters {
		for _, prefix := range []string{"", "ansible.builtin.", "ansible.legacy."} {
			if f := all[prefix+name]; f != nil {
				all[prefix+name] = verbatim(f)
			}
		}
	}
	return jinja.Options{Filters: all, Tests: filters.Tests(), UndefinedFilters: filters.AcceptUndefined(), Hints: filters.Refused()}
}
