package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/user_module"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/variables"
)

// step is one module call with all that it needs worked out.
type step struct {
	scope  *variables.Scope
	item   *item
	spec   *modules.Spec
	call   modules.Call
	target transport.Target
	// delegate is where it runs, if elsewhere; address that host's, if it differs.
	delegate, address string
	diff              bool
	background        *background // nil without async
}

// prepare works out what a round of the task needs, or the result that it has without
// any call: skipped, or failed because something cannot be evaluated.
func (v *visit) prepare(ctx context.Context, it *item) (*step, *result) {
	if yes, _, err := it.scope.Condition(conditions(v.src, v.task)); err != nil {
		r := failedBy(err)
		r.whole = true
		return nil, r
	} else if !yes {
		return nil, skippedFor("skip_reason", "Conditional result was False")
	}
	if v.task.Late != nil {
		return nil, v.late()
	}
	s := &step{item: it, scope: it.scope, spec: v.task.Spec}
	if v.task.UserModule != "" {
		s.spec = &user_module.Spec
	}
	if whole, err := v.fill(ctx, s); err != nil {
		r := failedBy(optionError(err))
		r.delegate, r.address, r.whole = s.delegate, s.address, whole
		return nil, r
	}
	if refused := refuseBackground(s); refused != nil {
		return nil, refused
	}
	return s, nil
}

// late is the result of a task whose mistake Ansible finds only now.
func (v *visit) late() *result {
	r := failedBy(v.task.Late)
	var known *playbooks.LateError
	if errors.As(v.task.Late, &known) && known.Mistakes[0].Ansible != "" && v.task.Action != "debug" {
		r.setChanged(false) // the module itself says it there
	}
	return r
}

// optionError says it as Ansible does where a variable is missing, since playbooks look for that.
func optionError(err error) error {
	var undefined *jinja.UndefinedError
	if errors.As(err, &undefined) {
		return fmt.Errorf("The task includes an option with an undefined variable. The error was: %w", err)
	}
	return err
}

// fill works out the parts of a step, each from the variables of its moment. As in Ansible, a
// keyword or parameter that cannot be evaluated ends a loop as a whole.
func (v *visit) fill(ctx context.Context, s *step) (whole bool, err error) {
	type part func(context.Context, *step) error
	words := []part{v.fillDelegate, v.fillModes, v.fillEnvironment, v.fillArgs}
	for i, part := range append(words, v.fillTarget, v.fillContent, v.fillBackground, v.fillUserModule) {
		if err := part(ctx, s); err != nil {
			return i < len(words), err
		}
	}
	s.call.Chain = v.host.name
	s.call.Step, s.call.NoLog = v.stepName(s.item), v.hides(s.item)
	s.call.Run = v.identity(v.where(s))
	return false, nil
}

// where is the host on which the step runs.
func (v *visit) where(s *step) string {
	if s.delegate != "" {
		return s.delegate
	}
	return v.host.name
}

func (v *visit) stepName(it *item) string {
	if it.looped {
		return fmt.Sprintf("%s@%s#%d", v.place.Path, v.host.name, it.index)
	}
	return v.place.Path + "@" + v.host.name
}

func (v *visit) fillDelegate(_ context.Context, s *step) error {
	to, _ := delegate(v.task)
	if to.IsNull() {
		return nil
	}
	name, err := s.scope.Render(to)
	if err != nil {
		s.delegate = values.Text(to)
	}
	if err != nil || name.IsNull() || name.IsOmit() {
		return err
	}
	s.delegate = values.Text(name)
	if s.delegate == "" {
		return nil // as in Ansible: it is not delegated then
	}
	s.scope = s.scope.DelegatedTo(s.delegate)
	return nil
}

func (v *visit) fillModes(_ context.Context, s *step) (err error) {
	if s.call.Check, err = v.mode(s, v.Check, func(k *playbooks.Keywords) values.Value { return k.CheckMode }); err != nil {
		return err
	}
	if s.call.Diff, err = v.mode(s, v.Diff, func(k *playbooks.Keywords) values.Value { return k.Diff }); err != nil {
		return err
	}
	s.diff = s.call.Diff
	limit, err := v.timeLimit(s)
	s.call.TimeoutMS = limit.Milliseconds()
	return err
}

func (v *visit) mode(s *step, run bool, pick func(*playbooks.Keywords) values.Value) (bool, error) {
	written := v.keyword(pick)
	if written.IsNull() {
		return run, nil
	}
	return s.scope.Bool(written)
}

// timeLimit is the task's timeout.
func (v *visit) timeLimit(s *step) (time.Duration, error) {
	written := v.keyword(func(k *playbooks.Keywords) values.Value { return k.Timeout })
	if written.IsNull() {
		return time.Duration(v.Defaults.TaskTimeout) * time.Second, nil
	}
	seconds, err := s.scope.Float(written)
	return time.Duration(seconds * float64(time.Second)), err
}

// fillEnvironment puts the environments around the task together, the innermost winning.
func (v *visit) fillEnvironment(_ context.Context, s *step) error {
	for _, k := range around(v.src, v.task) {
		for _, written := range k.Environment {
			env, err := s.scope.Render(written)
			if err != nil {
				return err
			}
			m, ok := env.AsMap()
			if !ok {
				if env.IsNull() || env.IsOmit() || values.Text(env) == "" {
					continue
				}
				return fmt.Errorf("environment must be a mapping, not %s", values.Text(env))
			}
			for name, value := range m.All() {
				if s.call.Env == nil {
					s.call.Env = map[string]string{}
				}
				s.call.Env[values.Text(name)] = values.Text(value)
			}
		}
	}
	return nil
}

// fillArgs evaluates the parameters, over those that module_defaults give.
func (v *visit) fillArgs(_ context.Context, s *step) error {
	args := values.NewMap(8)
	if err := v.addDefaults(s, args); err != nil {
		return err
	}
	written, err := v.writtenArgs(s)
	if err != nil {
		return err
	}
	rendered, err := s.scope.Render(values.FromMap(written))
	if err != nil {
		return err
	}
	if !s.item.looped {
		v.said = rendered
	}
	own, _ := rendered.AsMap()
	for name, value := range own.All() {
		if name, err = v.factName(s, name); err != nil {
			return err
		}
		args.SetKey(name, value)
	}
	s.call.Module = v.task.Action
	if s.spec != nil {
		s.call.Module = s.spec.Name
	}
	s.call.Args = values.FromMap(variables.DropOmitted(args))
	v.learnSecrets(s)
	return nil
}

// factName evaluates the name of a parameter where it may be a template: set_fact's are
// names of variables.
func (v *visit) factName(s *step, name values.Value) (values.Value, error) {
	if s.spec == nil || s.spec.Name != "set_fact" {
		return name, nil
	}
	return s.scope.Render(name)
}

func (v *visit) writtenArgs(s *step) (*values.Map, error) {
	if v.task.ArgsTemplate.IsNull() {
		if v.task.Args == nil {
			return values.NewMap(0), nil
		}
		return v.task.Args, nil
	}
	all, err := s.scope.Render(v.task.ArgsTemplate)
	if err != nil {
		return nil, err
	}
	m, ok := all.AsMap()
	if !ok {
		return nil, fmt.Errorf("args must be a mapping, not %s", values.Text(all))
	}
	m = m.Clone()
	if v.task.Args != nil {
		for name, value := range v.task.Args.All() {
			m.SetKey(name, value)
		}
	}
	return m, nil
}

func (v *visit) addDefaults(s *step, args *values.Map) error {
	var layers []playbooks.DefaultsLayer
	for _, k := range around(v.src, v.task) {
		for _, written := range k.ModuleDefaults {
			all, err := s.scope.Render(written)
			if err != nil {
				return err
			}
			if m, ok := all.AsMap(); ok {
				layers = append(layers, playbooks.DefaultsLayer{Args: m, Groups: k.ModuleGroups})
			}
		}
	}
	for _, defaults := range v.task.Defaults(layers) {
		d, _ := defaults.AsMap()
		for key, value := range d.All() {
			args.SetKey(key, value)
		}
	}
	return nil
}

// learnSecrets makes what must not be shown known before anything can show it.
func (v *visit) learnSecrets(s *step) {
	s.item.secrets.known = v.learns
	args, _ := s.call.Args.AsMap()
	if s.spec != nil {
		for _, p := range s.spec.Parameters() {
			if value, ok := args.Get(p.Name); ok && p.Secret {
				addSecrets(&s.item.secrets, value.MarkSecret())
			}
		}
	}
	addSecrets(&s.item.secrets, s.call.Args)
}

// noted remembers the secrets that it adds to those known.
type noted struct {
	known Secrets
	all   []string
}

// Add makes a secret known.
func (n *noted) Add(secret string) {
	n.known.Add(secret)
	n.all = append(n.all, secret)
}

func addSecrets(known interface{ Add(secret string) }, v values.Value) {
	if m, ok := v.AsMap(); ok {
		for _, value := range m.All() {
			addSecrets(known, value)
		}
		return
	}
	for _, value := range v.Items() {
		addSecrets(known, value)
	}
	if text, ok := v.AsString(); ok && v.Secret() {
		known.Add(text)
	}
}
