package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
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
	exitLocked:      "locked by another run",
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
}

func (e *exit) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exit) Unwrap() error { return e.err }

func badOption(err error) error { return &exit{exitOptions, err} }

func notParsed(err error) error {
	if err == nil {
		return nil
	}
	return &exit{exitUnreachable, err}
}

// exitCode prints an error as the operator shall see it and gives its code.
func exitCode(err error) int {
	if err == nil {
		return exitFine
	}
	if text := err.Error(); text != "" {
		fmt.Fprintln(os.Stderr, "gdeploy:", text)
	}
	var e *exit
	if errors.As(err, &e) {
		return e.code
	}
	return exitGeneric
}
