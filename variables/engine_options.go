package variables

import (
	"github.com/gdeploy/gdeploy/jinja"
)

// jinjaOptions are the filters and tests that playbooks have beside Jinja's own.
func jinjaOptions() jinja.Options {
	o := jinja.Options{Filters: map[string]jinja.Filter{}, Tests: map[string]jinja.Test{}}
	known := jinja.Filters()
	for _, name := range textFilters {
		f := o.Filters[name]
		if f == nil {
			f = known[name]
		}
		if f != nil {
			o.Filters[name] = verbatim(f)
		}
	}
	return o
}
