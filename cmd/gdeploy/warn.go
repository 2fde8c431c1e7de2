package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/gdeploy/gdeploy/values"
	"github.com/gdeploy/gdeploy/values/yaml"
)

// warning tells the operator something about a place. It may be called from any goroutine.
type warning func(values.Position, string)

// nothingSecret leaves a text as it is.
func nothingSecret(text string) string { return text }

// warnTo writes each warning once, as mask leaves it.
func warnTo(out io.Writer, mask func(string) string) warning {
	var mu sync.Mutex
	told := map[string]bool{}
	return func(pos values.Position, text string) {
		if at := pos.String(); at != "" {
			text = at + ": " + text
		}
		text = mask(text)
		mu.Lock()
		defer mu.Unlock()
		if !told[text] {
			told[text] = true
			fmt.Fprintln(out, "[WARNING]: "+text)
		}
	}
}

// doubles are mistakes that are found where warnings are told. The zero value is ready.
type doubles struct {
	mu   sync.Mutex
	errs []error
	late bool // the run has begun, so that it is too late for mistakes
}

// add notes a mistake; it reports false where it is too late for that.
func (d *doubles) add(err error) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.errs = append(d.errs, err)
	return !d.late
}

// begin says that the run begins.
func (d *doubles) begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.late = true
}

// all gives those that were found; nil where there are none.
func (d *doubles) all() error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return errors.Join(d.errs...)
}

// sorted leaves out the warnings that settings turn off, and takes note of those that they
// make mistakes.
func (s *session) sorted(warn warning) warning {
	s.twice = &doubles{}
	return func(pos values.Position, text string) {
		twice := yaml.TellsOfTwice(text)
		switch set := s.settings; {
		case twice && set.DuplicateKeys == "ignore":
		case twice && set.DuplicateKeys == "error":
			if !s.twice.add(fmt.Errorf("%s: %s", pos, strings.Replace(text, "the last one counts", "take one away", 1))) {
				warn(pos, text)
			}
		case strings.Contains(text, " is deprecated") && !set.DeprecationWarnings:
		default:
			warn(pos, text)
		}
	}
}
