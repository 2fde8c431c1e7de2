package executor

import (
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// hiddenParameter is what Ansible shows in place of a secret one.
const hiddenParameter = "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"

// invocation is what a module on the host was called with, defaults and all: what -vvv shows.
func (v *visit) invocation(s *step) values.Value {
	if v.Verbosity < 3 || s.spec == nil || s.spec.Where != modules.OnHost {
		return values.Null
	}
	written, _ := s.call.Args.AsMap()
	args := values.NewMap(16)
	for _, p := range s.spec.Parameters() {
		value, given := parameterOf(written, p)
		switch {
		case given && p.Secret:
			value = values.String(hiddenParameter)
		case !given && p.HasDefault:
			value = defaultOf(p)
		}
		args.Set(p.Name, value)
	}
	return values.MapOf("module_args", values.FromMap(args))
}

// parameterOf is what was written for a parameter, under its name or another one.
func parameterOf(written *values.Map, p modules.Parameter) (values.Value, bool) {
	if written == nil {
		return values.Null, false
	}
	for _, name := range append([]string{p.Name}, p.Aliases...) {
		if v, ok := written.Get(name); ok {
			return v, true
		}
	}
	return values.Null, false
}

func defaultOf(p modules.Parameter) values.Value {
	if p.Type == "bool" {
		return values.Bool(p.Default == "true" || p.Default == "yes")
	}
	return values.String(p.Default)
}
