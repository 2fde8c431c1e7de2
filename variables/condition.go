package variables

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/values"
)

// ConditionError is a condition that cannot be evaluated.
type ConditionError struct {
	// Condition is the expression as it was written, Pos where.
	Condition string
	Pos       values.Position
	Err       error
}

// Error gives file:line:col, the condition and the cause.
func (e *ConditionError) Error() string {
	return fmt.Sprintf("%sThe conditional check '%s' failed. The error was: %s", at(e.Pos), e.Condition, e.cause())
}

// Unwrap gives the cause.
func (e *ConditionError) Unwrap() error { return e.Err }

func (e *ConditionError) cause() string {
	var near *UndefinedError
	if errors.As(e.Err, &near) {
		hint := strings.TrimPrefix(near.Error(), near.UndefinedError.Error())
		return fmt.Sprintf("error while evaluating conditional (%s): %s%s", e.Condition, near.Msg, hint)
	}
	if u, ok := undefinedIn(e.Err); ok {
		return fmt.Sprintf("error while evaluating conditional (%s): %s", e.Condition, u.Msg)
	}
	var syntax *jinja.SyntaxError
	if errors.As(e.Err, &syntax) {
		return "template error while templating string: " + syntax.Msg
	}
	var located *jinja.Error
	if errors.As(e.Err, &located) {
		return located.Err.Error()
	}
	return e.Err.Error()
}

// Condition evaluates the expressions of a when, until, changed_when or failed_when one
// after the other. failing is the first that is false, as it was written. An error is a
// *ConditionError.
func (sc *Scope) Condition(exprs []values.Value) (ok bool, failing string, err error) {
	for _, x := range exprs {
		ok, err := sc.holds(x)
		if err != nil {
			return false, values.Text(x), &ConditionError{Condition: values.Text(x), Pos: x.Pos(), Err: sc.explainError(err)}
		}
		if !ok {
			return false, values.Text(x), nil
		}
	}
	return true, "", nil
}

func (sc *Scope) holds(x values.Value) (bool, error) {
	s, ok := x.AsString()
	if !ok {
		return sc.truth(x)
	}
	if !isTemplate(s) || x.Unsafe() {
		return sc.evaluate(s, x)
	}
	sc.warn(fmt.Sprintf("%sconditional statements should not include jinja2 templating delimiters such as {{ }} or {%% %%}. Found: %s", at(x.Pos()), s))
	v, err := sc.render(x, true)
	if err != nil {
		return false, err
	}
	s, ok = v.AsString()
	if !ok {
		return sc.truth(v)
	}
	return sc.evaluate(s, v.At(x.Pos()))
}

// truth decides values that are no strings; null is true, as a when without a value is.
func (sc *Scope) truth(v values.Value) (bool, error) {
	if v.IsNull() {
		return true, nil
	}
	if isEncrypted(v) {
		out, err := sc.render(v, true)
		return err == nil && out.Truthy(), err
	}
	return jinja.Truth(v)
}

//lint:ignore ST1005 as Ansible says it
var errUnsafeCondition = errors.New("Conditional is marked as unsafe, and cannot be evaluated.")

// evaluate decides a bare expression. Text from outside is data: no host decides what is
// computed here.
func (sc *Scope) evaluate(s string, from values.Value) (bool, error) {
	if s == "" {
		return true, nil
	}
	if from.Unsafe() {
		return false, errUnsafeCondition
	}
	x, err := sc.store.engine.compileExpression(s, from.Pos())
	if err != nil {
		return false, templateError(s, err)
	}
	v, err := x.Eval(sc.ctx(), sc)
	if err != nil {
		return false, err
	}
	return jinja.Truth(v)
}
