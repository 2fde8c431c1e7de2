package executor

import (
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// result is what came of a task on a host, in Ansible's shape.
type result struct {
	// fields are what register sees, less failed and skipped.
	fields      *values.Map
	changed     bool
	failed      bool
	skipped     bool
	unreachable bool
	looped      bool
	launched    bool // left alone by async
	exhausted   bool // until did not come true
	whole       bool // what is wrong is so for the whole of a loop
	facts       *values.Map
	warnings    []string
	kind        modules.ErrorKind
	invocation  values.Value // what -vvv shows of the call; null otherwise
	// delegate is where it ran, if elsewhere; address that host's, if it differs.
	delegate, address string
	// learned are the facts that it made variables.
	learned []learned
	// rounds are how the variables stood in the rounds of a loop that were not skipped.
	rounds []*variables.Scope
	// failures are those of the rounds that failed.
	failures []*variables.Scope
	// diffed says that its differences were asked for.
	diffed bool
	// replayed says that it is from the journal of a run that goes on.
	replayed bool
	// cut says that the operator ended it: it is no result to keep.
	cut bool
	// unborn says that nothing was done, since the run ends before that.
	unborn bool
}

func newResult() *result { return &result{fields: values.NewMap(4)} }

// failedBy is the result of a task that could not even be tried.
func failedBy(err error) *result {
	r := newResult()
	r.failed = true
	r.fields.Set("msg", values.String(err.Error()))
	return r
}

// skippedFor is the result of a task that was not done.
func skippedFor(key, reason string) *result {
	r := newResult()
	r.skipped = true
	r.fields.Set("changed", values.False)
	r.fields.Set(key, values.String(reason))
	return r
}

// unreachableBy is the result of a call that did not get to its host.
func unreachableBy(err error) *result {
	r := newResult()
	r.unreachable = true
	r.fields.Set("changed", values.False)
	r.fields.Set("msg", values.String(err.Error()))
	r.fields.Set("unreachable", values.True)
	return r
}

// fromReply puts a module's reply into Ansible's shape.
func fromReply(reply modules.Reply) *result {
	r := newResult()
	if data, ok := reply.Data.AsMap(); ok {
		r.fields = data.Clone()
	}
	r.changed, r.failed, r.skipped = reply.Changed, reply.Failed, reply.Skipped
	r.kind, r.warnings = reply.ErrorKind, reply.Warnings
	r.fields.Set("changed", values.Bool(reply.Changed))
	if reply.Unknown && reply.Changed && reply.Msg == "" {
		r.warnings = append(r.warnings, "a dry run does not run programs: the task would change something, and what else it would do or return is not known")
	}
	if own, told := r.fields.Get("msg"); reply.Msg != "" && !(told && own.Kind() != values.KindString) {
		r.fields.Set("msg", values.String(reply.Msg))
	}
	if facts, ok := reply.Facts.AsMap(); ok {
		r.facts = facts
		r.fields.Set("ansible_facts", reply.Facts)
	}
	return r
}

func (r *result) status() Status {
	switch {
	case r.unreachable:
		return Unreachable
	case r.failed:
		return Failed
	case r.skipped:
		return Skipped
	case r.changed:
		return Changed
	}
	return OK
}

// setChanged and setFailed overrule what the module said.
func (r *result) setChanged(changed bool) {
	r.changed = changed
	r.fields.Set("changed", values.Bool(changed))
}

func (r *result) setFailed(failed bool) { r.failed = failed }

// quiet is what a result says that need not be shown; it is not kept.
const quiet = "_ansible_verbose_always"

// registered is the result as register sees it.
func (r *result) registered() values.Value {
	m := r.fields.Clone()
	m.Delete(values.String(quiet))
	if !m.Has("changed") {
		m.Set("changed", values.Bool(r.changed))
	}
	if r.skipped || r.looped {
		m.Set("skipped", values.Bool(r.skipped))
	}
	if r.failed || !r.looped && !(r.skipped && m.Has("skip_reason")) {
		m.Set("failed", values.Bool(r.failed))
	}
	if r.exhausted {
		m.Set("failed", values.True)
	}
	if r.launched {
		m.Set("failed", values.Int(0)) // as Ansible has it
	}
	return values.FromMap(m)
}

// censored is what is shown of a result that nobody shall see.
func censored(r *result) values.Value {
	shown := values.NewMap(3)
	if attempts, ok := r.fields.Get("attempts"); ok && !r.unreachable {
		shown.Set("attempts", attempts)
	}
	shown.Set("censored", values.String("the output has been hidden due to the fact that 'no_log: true' was specified for this result"))
	shown.Set("changed", values.Bool(r.changed))
	return values.FromMap(shown)
}

// outputs are the fields that carry what a program printed or a file holds.
var outputs = []string{"stdout", "stdout_lines", "stderr", "stderr_lines", "content", "results"}

// secretOutput marks what a no_log task brought, so that it stays hidden where later
// tasks pass it on.
func secretOutput(v values.Value) values.Value {
	m, ok := v.AsMap()
	if !ok {
		return v
	}
	m = m.Clone()
	for _, name := range outputs {
		if out, ok := m.Get(name); ok {
			m.Set(name, out.MarkSecret())
		}
	}
	return values.FromMap(m)
}
