package modules

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/gdeploy/gdeploy/values"
)

// Ability hands a module something that only the place where it runs can give; see
// WithEvaluator, WithTerminal and WithVerbosity.
type Ability func(Module)

// Predictor is a module that its Spec says to skip in check mode, but which runs until
// it comes to a program, as command does. Predicts tells whether it then counts as
// changed rather than skipped.
type Predictor interface {
	Predicts() bool
}

// Perform decodes a call, runs the module on a Recorder and tells what came of it. It
// never panics: a module that does has failed.
func Perform(ctx context.Context, spec Spec, call Call, sys System, abilities ...Ability) (reply Reply) {
	if call.Timed {
		began := sys.Now()
		defer func() { reply.Times = &Times{Began: began, Ended: sys.Now(), Effect: reply.effect} }()
	}
	m, err := Decode(spec, call.Args, ExpandPaths(sys))
	if err != nil {
		return refuse(err)
	}
	if _, predicts := m.(Predictor); call.Check && spec.Check == Skip && !predicts {
		return Reply{Skipped: true, Msg: notForeseen(spec)}
	}
	for _, give := range abilities {
		give(m)
	}
	_, foresees := m.(Predictor)
	if call.Check && spec.Check == Skip && !foresees {
		return Reply{Skipped: true, Msg: notForeseen(spec)}
	}
	if call.TimeoutMS > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(call.TimeoutMS)*time.Millisecond)
		defer cancel()
	}
	if !spec.AwaitsSignal && !call.Check {
		AwaitSignal(sys)
	}
	recorder := NewRecorder(sys, call.Check, call.Diff, secretsOf(spec, call.Args))
	result, err := runModule(ctx, spec, m, recorder)
	return outcome(ctx, spec, m, recorder, result, err)
}

// notForeseen says that a module does nothing in check mode.
func notForeseen(spec Spec) string {
	if spec.Where == OnController {
		return "check mode not (yet) supported for this module"
	}
	return fmt.Sprintf("remote module (%s) does not support check mode", spec.Name)
}

func refuse(err error) Reply {
	msg := err.Error()
	var ps Problems
	if errors.As(err, &ps) {
		msg = ps.failure()
	}
	return Reply{Failed: true, Msg: msg, ErrorKind: KindArgs}
}

// errPanic marks a bug in a module.
type errPanic struct {
	value any
	stack string
}

// Error names the bug; the stack is told beside it.
func (e *errPanic) Error() string { return fmt.Sprintf("this is a bug in gdeploy: %v", e.value) }

func runModule(ctx context.Context, spec Spec, m Module, sys System) (result Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &errPanic{fmt.Sprintf("module %s: %v", spec.Name, p), string(debug.Stack())}
		}
	}()
	return m.Run(ctx, sys)
}

func outcome(ctx context.Context, spec Spec, m Module, r *Recorder, result Result, err error) Reply {
	reply := Reply{
		Changed:    len(r.Changes()) > 0 || result.Changed,
		Skipped:    result.Skipped,
		LeftOut:    r.leftOut,
		Msg:        result.Msg,
		Data:       mapValue(result.Data),
		Facts:      mapValue(result.Facts),
		CacheFacts: result.CacheFacts,
		Changes:    r.Changes(),
		Warnings:   append(result.Warnings, r.warnings...),
		effect:     result.Effect,
	}
	switch {
	case err == nil:
	case errors.Is(err, ErrWouldRun):
		wouldRun(&reply, spec, m)
	default:
		fail(ctx, &reply, err)
		reply.Changed = result.Changed // as Ansible's modules, which tell a failure and no change
	}
	return reply
}

func mapValue(m *values.Map) values.Value {
	if m == nil {
		return values.Null
	}
	return values.FromMap(m)
}

// wouldRun is a dry run that came to a program.
func wouldRun(reply *Reply, spec Spec, m Module) {
	reply.Unknown = true
	if spec.Check != Skip {
		return
	}
	if p, ok := m.(Predictor); ok && p.Predicts() {
		return
	}
	reply.Skipped, reply.Changed, reply.Changes = true, false, nil
}

// TookTooLong begins the message of a call that its timeout ended.
const TookTooLong = "it took longer than its timeout allows: "

func fail(ctx context.Context, reply *Reply, err error) {
	reply.Failed = true
	reply.Msg = err.Error()
	reply.ErrorKind = kindOf(ctx, err)
	if reply.ErrorKind == KindTimeout && errors.Is(err, context.DeadlineExceeded) {
		reply.Msg = TookTooLong + reply.Msg
	}
	if program, ok := errors.AsType[*ProgramError](err); ok {
		reply.Data = program.into(reply.Data)
	}
	var bug *errPanic
	if errors.As(err, &bug) {
		reply.Data = values.MapOf("exception", values.String(bug.stack))
	}
}

func kindOf(ctx context.Context, err error) ErrorKind {
	var kind *KindError
	switch {
	case errors.As(err, &kind):
		return kind.Kind
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return KindNoSpace
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return KindTimeout
	case errors.Is(ctx.Err(), context.Canceled):
		return KindCanceled
	}
	return KindOther
}

// Environ is a System that knows the environment in which programs run.
type Environ interface {
	Getenv(name string) (string, bool)
}

// Flags is a System that knows a file's flags as chattr sets them, and its version.
type Flags interface {
	Flags(path string) (flags, version uint32, err error)
}

// ExpandPaths completes paths for the user that the module runs as: ~, ~user, and
// $NAME or ${NAME}. What is not known stays as it is.
func ExpandPaths(sys Accounts) Expander {
	return func(path string) string {
		if strings.Contains(path, "$") {
			path = expandVariables(path, sys)
		}
		if !strings.HasPrefix(path, "~") {
			return path
		}
		name, rest, slash := strings.Cut(path[1:], "/")
		home, known := lookup("HOME", sys)
		if name != "" {
			user, err := sys.User(name)
			home, known = user.Home, err == nil
		}
		if !known || home == "" {
			return path
		}
		home = strings.TrimRight(home, "/")
		if slash {
			return home + "/" + rest
		}
		if home == "" {
			return "/"
		}
		return home
	}
}

func expandVariables(path string, sys Accounts) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(path, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, rest := variableName(after)
		value, known := lookup(name, sys)
		if !known {
			value, rest = "$", after
		}
		b.WriteString(value)
		path = rest
	}
}

func variableName(s string) (name, rest string) {
	if inner, ok := strings.CutPrefix(s, "{"); ok {
		name, rest, ok = strings.Cut(inner, "}")
		if ok {
			return name, rest
		}
		return "", s
	}
	return cutWhile(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
}

func lookup(name string, sys Accounts) (string, bool) {
	if env, ok := sys.(Environ); ok && name != "" {
		if value, ok := env.Getenv(name); ok {
			return value, true
		}
	}
	switch name {
	case "HOME":
		return sys.Self().Home, true
	case "USER", "LOGNAME":
		return sys.Self().Name, true
	}
	return "", false
}

// secretsOf gathers the texts that must not be shown: values marked secret, and those
// of parameters that are.
func secretsOf(spec Spec, args values.Value) []string {
	var found []string
	collect(args, &found, false)
	for _, f := range fieldsOf(structType(spec.New())) {
		if !f.Secret {
			continue
		}
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			if v, ok := args.Get(name); ok {
				collect(v, &found, true)
			}
		}
	}
	return found
}

func collect(v values.Value, found *[]string, secret bool) {
	secret = secret || v.Secret()
	for _, item := range v.Items() {
		collect(item, found, secret)
	}
	if m, ok := v.AsMap(); ok {
		for _, item := range m.Values() {
			collect(item, found, secret)
		}
		return
	}
	kind := v.Kind()
	if secret && (kind == values.KindString || kind == values.KindInt) && values.Text(v) != "" {
		*found = append(*found, values.Text(v))
	}
}
