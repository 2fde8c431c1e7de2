package executor

import (
	"github.com/gdeploy/gdeploy/values"
)

// includes is what a round of an include has for a result: its arguments.
func (v *visit) includes(it *item, one *inclusion) *result {
	r := newResult()
	if one.what.role == "" {
		r.fields.Set("include", values.String(one.what.file))
	}
	args := values.NewMap(2)
	for key, written := range v.task.Args.All() {
		if name := values.Text(key); name == "file" || name == "_raw_params" {
			continue
		}
		if value, err := it.scope.Render(written); err == nil {
			args.SetKey(key, value)
		}
	}
	r.fields.Set("include_args", values.FromMap(args))
	return r
}

// registerIncluded registers what was included, as Ansible does before the tasks in it run.
func (v *visit) registerIncluded(rounds []*result) {
	if v.task.Register == "" {
		return
	}
	value := rounds[0].fields.Clone()
	if v.task.Loop != nil {
		value = values.NewMap(4)
		list := make([]values.Value, len(rounds))
		for i, r := range rounds {
			list[i] = values.FromMap(r.fields)
			if r.skipped {
				list[i] = r.registered()
			}
		}
		value.Set("results", values.FromSlice(list))
		value.Set("skipped", values.False)
		value.Set("msg", values.String("All items completed"))
	}
	value.Set("changed", values.False)
	v.Store.Register(v.host.name, v.task.Register, values.FromMap(value))
}
