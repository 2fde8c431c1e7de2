package modules

import (
	"errors"
	"syscall"
)

// KindError is an error whose kind survives the wire, so that the executor can act upon it.
type KindError struct {
	Kind ErrorKind
	Err  error
}

// WithKind gives err a kind; nil stays nil.
func WithKind(kind ErrorKind, err error) error {
	if err == nil {
		return nil
	}
	return &KindError{Kind: kind, Err: err}
}

// Error is the text of the error without its kind.
func (e *KindError) Error() string { return e.Err.Error() }

// Unwrap gives the error that was marked.
func (e *KindError) Unwrap() error { return e.Err }

// IsFull reports whether err is a disk or a quota that has no room left.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
