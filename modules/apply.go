package modules

import (
	"context"
	"fmt"
	"strings"

	"github.com/gdeploy/gdeploy/values"
)

// Changer is a System that records changes which are made by other means than its own
// methods: words on a socket, or several steps that are one change to the operator.
type Changer interface {
	// Apply records c and makes it by do, which gets a System that records nothing of
	// its own. In check mode do is not called.
	Apply(c Change, do func(System) error) error
}

// Apply makes one change by do and has sys record it. In check mode do is not called.
func Apply(sys System, c Change, do func(System) error) error {
	if changer, ok := sys.(Changer); ok {
		return changer.Apply(c, do)
	}
	return do(sys)
}

// Apply makes one change by do and records it, also where do fails: it may have got
// half way.
func (r *Recorder) Apply(c Change, do func(System) error) error {
	r.record(c)
	if r.check {
		return nil
	}
	return do(r.System)
}

// Bystander is a System that does what is no change to the operator, though it must not
// be done in a dry run.
type Bystander interface {
	Aside(do func(System) error) error
}

// Aside does what is no change to the operator: having a daemon read its files again. It
// is not recorded, and not done in check mode.
func Aside(sys System, do func(System) error) error {
	if by, ok := sys.(Bystander); ok {
		return by.Aside(do)
	}
	return do(sys)
}

// Aside does something without recording it.
func (r *Recorder) Aside(do func(System) error) error {
	if r.check {
		r.leftOut = true
		return nil
	}
	return do(r.System)
}

// ProgramError is a program that ended with a code other than 0.
type ProgramError struct {
	Argv []string
	Output
}

// Error gives the program, its code and the end of what it said.
func (e *ProgramError) Error() string {
	said := e.Said()
	if said == "" {
		said = "it said nothing"
	}
	return fmt.Sprintf("%s ended with code %d: %s", CommandLine(e.Argv), e.RC, said)
}

// Said is the end of what the program said, on stderr or else on stdout.
func (e *ProgramError) Said() string {
	said := strings.TrimSpace(e.Stderr)
	if said == "" {
		said = strings.TrimSpace(e.Stdout)
	}
	const enough = 2000
	if len(said) > enough {
		said = "..." + strings.ToValidUTF8(said[len(said)-enough:], "")
	}
	return said
}

// into adds how the program ended to what register sees, as Ansible names it.
func (e *ProgramError) into(data values.Value) values.Value {
	all := values.NewMap(5)
	if m, ok := data.AsMap(); ok {
		all = m.Clone()
	}
	all.Set("rc", values.Int(int64(e.RC)))
	all.Set("stdout", values.String(e.Stdout))
	all.Set("stdout_lines", Lines(e.Stdout))
	all.Set("stderr", values.String(e.Stderr))
	all.Set("stderr_lines", Lines(e.Stderr))
	return values.FromMap(all)
}

// Query runs a program that changes nothing and must succeed; else the error is a
// ProgramError.
func Query(ctx context.Context, sys Commands, c Command) (Output, error) {
	out, err := sys.Query(ctx, c)
	return out, succeeded(c, out, err)
}

// Exec runs a program that may change something and must succeed; else the error is a
// ProgramError.
func Exec(ctx context.Context, sys Commands, c Command) (Output, error) {
	out, err := sys.Exec(ctx, c)
	return out, succeeded(c, out, err)
}

func succeeded(c Command, out Output, err error) error {
	if err == nil && out.RC != 0 {
		err = &ProgramError{Argv: c.Argv, Output: out}
	}
	return err
}
