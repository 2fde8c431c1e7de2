package modules

import (
	"context"
	"errors"

	"github.com/gdeploy/gdeploy/values"
)

// Modules that run beside the executor may need more than a System. They say so by an
// optional interface (UsesEvaluator, UsesHost, UsesTerminal, UsesTypes, UsesVars, UsesVerbosity), and the executor
// gives it as an Ability:
//
//	modules.Perform(ctx, spec, call, sys,
//		modules.WithEvaluator(evaluator), modules.WithTerminal(terminal), modules.WithVerbosity(v))
//
// The call's arguments are evaluated as those of any other module before that; the
// expressions in them (assert's that, debug's var) are strings without {{ }} and so
// are still there.

// Evaluator evaluates expressions with the variables of the task's host.
type Evaluator interface {
	// Condition evaluates one condition as when does: a string is an expression, a
	// bool is itself.
	Condition(condition values.Value) (bool, error)
	// Evaluate gives the value of an expression written without {{ }}. The error for
	// an undefined name wraps ErrUndefined.
	Evaluate(expression string) (values.Value, error)
}

// ErrUndefined is an expression with a name that has no value.
var ErrUndefined = errors.New("undefined")

// Terminal is the operator's terminal.
type Terminal interface {
	// Interactive reports whether somebody can answer.
	Interactive() bool
	// Prompt shows text and waits for a line, which is hidden unless echo is set. It
	// ends with the context's error when the context ends first, and with ErrAbort
	// where the operator chose to abort (Ctrl-C, then a).
	Prompt(ctx context.Context, text string, echo bool) (string, error)
}

// ErrAbort is what Prompt gives where the operator does not want to go on.
var ErrAbort = Fail("user requested abort!")

// UsesEvaluator is a module that evaluates expressions.
type UsesEvaluator interface{ UseEvaluator(Evaluator) }

// UsesTerminal is a module that asks the operator.
type UsesTerminal interface{ UseTerminal(Terminal) }

// ManagedHost is the host of the task, for modules that run here and need something of it.
type ManagedHost interface {
	// Call runs another module there. The error is for a host that cannot be reached.
	Call(ctx context.Context, module string, args values.Value) (Reply, error)
	// Offer makes a file that lies beside the executor, and stays until the module ends,
	// what a call may be given as its src.
	Offer(file string) (values.Value, error)
}

// UsesHost is a module that has other modules run on the host.
type UsesHost interface{ UseHost(ManagedHost) }

// WithHost gives h to a module that has other modules run on the host.
func WithHost(h ManagedHost) Ability {
	return func(m Module) {
		if user, ok := m.(UsesHost); ok {
			user.UseHost(h)
		}
	}
}

// VarsReader reads files of variables, with the search path and the vault of the task.
type VarsReader interface {
	// ReadVars gives the variables as they are written, templates and all, and the
	// files in the order in which they were read.
	ReadVars(VarsSource) (vars *values.Map, files []string, err error)
}

// VarsSource says which files of variables to read, under the names that include_vars has
// for its parameters.
type VarsSource struct {
	File, Dir               string
	Name                    string
	Depth                   int // of Dir; 0 is all
	FilesMatching           string
	IgnoreFiles             []string
	Extensions              []string
	IgnoreUnknownExtensions bool
	// Merge merges dicts of the same name; nil is the run's setting.
	Merge *bool
}

// UsesVars is a module that reads files of variables.
type UsesVars interface{ UseVars(VarsReader) }

// UsesTypes is a module that asks whether templates keep the types of their values, as
// with the setting jinja2_native.
type UsesTypes interface{ UseTypes(kept bool) }

// WithTypes tells a module that asks whether templates keep types.
func WithTypes(kept bool) Ability {
	return func(m Module) {
		if user, ok := m.(UsesTypes); ok {
			user.UseTypes(kept)
		}
	}
}

// UsesVerbosity is a module that does something only from some number of -v on.
type UsesVerbosity interface{ UseVerbosity(int) }

// WithEvaluator gives e to a module that evaluates expressions.
func WithEvaluator(e Evaluator) Ability {
	return func(m Module) {
		if user, ok := m.(UsesEvaluator); ok {
			user.UseEvaluator(e)
		}
	}
}

// WithTerminal gives t to a module that asks the operator.
func WithTerminal(t Terminal) Ability {
	return func(m Module) {
		if user, ok := m.(UsesTerminal); ok {
			user.UseTerminal(t)
		}
	}
}

// WithVars gives r to a module that reads files of variables.
func WithVars(r VarsReader) Ability {
	return func(m Module) {
		if user, ok := m.(UsesVars); ok {
			user.UseVars(r)
		}
	}
}

// WithVerbosity tells a module the number of -v.
func WithVerbosity(v int) Ability {
	return func(m Module) {
		if user, ok := m.(UsesVerbosity); ok {
			user.UseVerbosity(v)
		}
	}
}
