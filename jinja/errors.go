package jinja

import (
	"errors"
	"fmt"

	"github.com/gdeploy/gdeploy/values"
)

// SyntaxError is a mistake found when compiling: bad syntax, an unknown filter or test.
type SyntaxError struct {
	Pos values.Position
	Msg string
	// Unknown is "filter" or "test" where Name is one that does not exist.
	Unknown string
	Name    string
}

// Error gives file:line:col and what is wrong.
func (e *SyntaxError) Error() string { return prefix(e.Pos) + e.Msg }

// UndefinedError is the use of a name, attribute or element that does not exist.
type UndefinedError struct {
	// Name is the name, attribute or index that is missing.
	Name string
	// Path is the whole chain where it is known, such as nested.q.
	Path string
	// Msg says it in a sentence, such as "'port' is undefined".
	Msg string
	Pos values.Position
}

// Error gives file:line:col and what is missing.
func (e *UndefinedError) Error() string { return prefix(e.Pos) + e.Msg }

// Error is any other failure of a render, with the place in the template.
type Error struct {
	Pos values.Position
	Err error
}

// Error gives file:line:col and the cause.
func (e *Error) Error() string { return prefix(e.Pos) + e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// TypeError is Python's: an operation on values that it does not work on.
type TypeError string

// Error gives the sentence.
func (e TypeError) Error() string { return string(e) }

// ValueError is Python's: a value of the right type that the operation cannot take.
type ValueError string

// Error gives the sentence.
func (e ValueError) Error() string { return string(e) }

// LimitError says that a render used more than its Limits.
type LimitError string

// Error gives the sentence.
func (e LimitError) Error() string { return string(e) }

func typeErrorf(format string, args ...any) error { return TypeError(fmt.Sprintf(format, args...)) }

func valueErrorf(format string, args ...any) error { return ValueError(fmt.Sprintf(format, args...)) }

func limitErrorf(format string, args ...any) error { return LimitError(fmt.Sprintf(format, args...)) }

var errZeroDivision = ValueError("division by zero")

func prefix(pos values.Position) string {
	if s := pos.String(); s != "" {
		return s + ": "
	}
	return ""
}

// locate gives err the position of offset unless it has one.
func locate(s *source, offset int, err error) error {
	if err == nil || located(err) {
		return err
	}
	return &Error{Pos: s.position(offset), Err: err}
}

func located(err error) bool {
	var e *Error
	if errors.As(err, &e) {
		return true
	}
	var u *UndefinedError
	if errors.As(err, &u) {
		return u.Pos.Line != 0
	}
	var syntax *SyntaxError
	return errors.As(err, &syntax)
}
