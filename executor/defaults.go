package executor

import (
	"errors"
	"time"

	"github.com/gdeploy/gdeploy/jinja"
	"github.com/gdeploy/gdeploy/playbooks"
	"github.com/gdeploy/gdeploy/values"
)

// Defaults are settings that count where a play or task does not say.
type Defaults struct {
	// Strategy is the name of one; empty is linear.
	Strategy string
	// Gathering says when plays collect facts that do not say gather_facts.
	Gathering Gathering
	// GatherSubset, GatherTimeout (seconds) and FactPath go to the module that does so.
	GatherSubset  []string
	GatherTimeout int
	FactPath      string

	AnyErrorsFatal bool
	NoLog          bool
	// TaskTimeout is in seconds; 0 is no limit.
	TaskTimeout int
	// Poll is the time between looks at async tasks; 0 is 15 s, and a negative one leaves
	// them alone, as poll: 0 does.
	Poll time.Duration
	// AsyncDir is where hosts keep the results of async tasks; empty is the helper's own place.
	AsyncDir string
	// TellArgs and TellStarts ask for the arguments of tasks, and for HostStarted events.
	TellArgs, TellStarts bool
	// Unmatched says what a pattern is that names no host: a warning where empty.
	Unmatched Unmatched
	// MissingHandlersPass makes a warning of a notified handler that does not exist.
	MissingHandlersPass bool
}

// Unmatched says what becomes of a pattern that names no host.
type Unmatched string

// What a pattern without hosts is, beside a warning.
const (
	UnmatchedFails  Unmatched = "error"
	UnmatchedPasses Unmatched = "ignore"
)

// Gathering says when facts are collected.
type Gathering string

// The ways to collect facts.
const (
	Implicit Gathering = "implicit" // unless gather_facts is no
	Explicit Gathering = "explicit" // only where gather_facts is yes
	Smart    Gathering = "smart"    // unless gather_facts is no, and once for each host
)

// or gives a default for a keyword that nobody wrote.
func or(written values.Value, fallback bool) values.Value {
	if written.IsNull() {
		return values.Bool(fallback)
	}
	return written
}

// noLog is the keyword no_log of a task.
func (v *visit) noLogKeyword() values.Value {
	return or(v.keyword(func(k *playbooks.Keywords) values.Value { return k.NoLog }), v.Defaults.NoLog)
}

// readNoLog works out whether the task is hidden. What depends on the item of its loop hides
// all that is not told item by item.
func (v *visit) readNoLog() (err error) {
	v.noLog, err = v.scope.Bool(v.noLogKeyword())
	var undefined *jinja.UndefinedError
	if v.task.Loop != nil && errors.As(err, &undefined) {
		v.noLog, v.byItem = true, true
		return nil
	}
	return err
}

// hides reports that a round is hidden; one whose no_log cannot be evaluated is.
func (v *visit) hides(it *item) bool {
	if !v.byItem {
		return v.noLog
	}
	hidden, err := it.scope.Bool(v.noLogKeyword())
	v.hid = v.hid || hidden || err != nil
	return hidden || err != nil
}

// isFatal reports any_errors_fatal of a task.
func (v *visit) isFatal() bool {
	yes, err := v.scope.Bool(or(v.keyword(func(k *playbooks.Keywords) values.Value { return k.AnyErrorsFatal }), v.Defaults.AnyErrorsFatal))
	return err == nil && yes
}
