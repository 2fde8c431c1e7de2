package modules

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Exec runs a program that may change something.
func (r *Recorder) Exec(ctx context.Context, c Command) (Output, error) {
	line := CommandLine(c.Argv)
	if r.check && !c.Foresees {
		r.record(Change{Action: "exec", Path: line})
		return Output{}, ErrWouldRun
	}
	out, err := r.System.Exec(ctx, c)
	if err == nil && c.Unchanged != nil && c.Unchanged(out) {
		return out, nil
	}
	var notStarted *NotStartedError
	if !errors.As(err, &notStarted) {
		r.record(Change{Action: "exec", Path: line})
	}
	return out, err
}

// NotStartedError is a program that could not be started, and so has changed nothing.
type NotStartedError struct {
	Argv []string
	Err  error
}

// Error names the program and the reason.
func (e *NotStartedError) Error() string {
	name := ""
	if len(e.Argv) > 0 {
		name = e.Argv[0]
	}
	return fmt.Sprintf("start %s: %v", name, e.Err)
}

// Unwrap gives the reason.
func (e *NotStartedError) Unwrap() error { return e.Err }

// CommandLine prints a command with its arguments quoted as a shell needs it.
func CommandLine(argv []string) string {
	quoted := make([]string, len(argv))
	for i, arg := range argv {
		quoted[i] = shellQuote(arg)
	}
	return strings.Join(quoted, " ")
}

func shellQuote(s string) string {
	plain := s != ""
	for _, c := range s {
		if !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-", c) && c < 0x80 {
			plain = false
		}
	}
	if plain {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'"'"'`) + "'"
}
