package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// The exit codes; each command's help lists those that it uses.
const (
	exitFine        = 0
	exitGeneric     = 1
	exitFailed      = 2
	exitUnreachable = 4
	exitOptions     = 5
	exitLocked      = 6
	exitTakenBack   = 7
	exitInterrupted = 99
	exitBug         = 250
)

var meaning = map[int]string{
	exitFine:        "all fine",
	exitGeneric:     "something else",
	exitFailed:      "a host failed",
	exitUnreachable: "a host was unreachable, or a playbook or inventory does not parse",
	exitOptions:     "bad options",
	exitLocked:      "locked by another run, on hold, or frozen",
	exitTakenBack:   "a check failed, and what was done was taken back",
	exitInterrupted: "interrupted",
	exitBug:         "a bug",
}

// allCodes are those of commands that run playbooks.
var allCodes = []int{exitFine, exitGeneric, exitFailed, exitUnreachable, exitOptions, exitLocked, exitTakenBack, exitInterrupted, exitBug}

// exits ends the help of a command with its exit codes.
func exits(codes ...int) string {
	var b strings.Builder
	b.WriteString("\n\nExit codes:")
	for _, code := range codes {
		fmt.Fprintf(&b, "\n  %3d  %s", code, meaning[code])
	}
	return b.String()
}

// exit is an error with the exit code that it asks for. An empty text prints nothing.
type exit struct {
	code int
	err  error
	// early says that nothing was done yet.
	early bool
}

// Error is the text of the error inside.
func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

// Unwrap gives the error inside.
func (e *exit) Unwrap() error { return e.err }

func badOption(err error) error { return &exit{code: exitOptions, err: err, early: true} }

func notParsed(err error) error {
	if err == nil {
		return nil
	}
	return &exit{code: exitUnreachable, err: err, early: true}
}

// exitCode prints an error as the operator shall see it and gives its code. Mistakes in
// files stand at the beginning of lines, where editors look for them.
func exitCode(err error) int {
	if err == nil {
		return exitFine
	}
	e := &exit{code: exitGeneric}
	errors.As(err, &e)
	text, count := err.Error(), mistakes(err)
	if errors.Is(err, context.Canceled) && e.code != exitInterrupted {
		text, count, e = "interrupted; nothing was done", 0, &exit{code: exitInterrupted}
	}
	switch {
	case text == "":
	case e.early && count > 0:
		fmt.Fprintf(os.Stderr, "%s\ngdeploy: %s; nothing was done\n", text, counted(count, "mistake"))
	default:
		fmt.Fprintln(os.Stderr, "gdeploy:", text)
	}
	return e.code
}

// mistakes counts the mistakes in files that an error tells of, and all of several that
// were joined.
func mistakes(err error) int {
	switch e := err.(type) {
	case playbooks.Mistakes:
		return len(slices.DeleteFunc(slices.Clone(e), func(m playbooks.Mistake) bool { return m.Pos.File == "" }))
	case *yaml.Error:
		return 1
	case interface{ Unwrap() []error }:
		n, all := 0, e.Unwrap()
		for _, inner := range all {
			n += max(min(1, len(all)-1), mistakes(inner))
		}
		return n
	}
	if inner := errors.Unwrap(err); inner != nil {
		return mistakes(inner)
	}
	return 0
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
