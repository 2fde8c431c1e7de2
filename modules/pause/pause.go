// Package pause waits for some time or for the operator.
package pause

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "pause", Where: modules.OnController, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	Minutes *int    `json:"minutes" help:"how many minutes to wait"`
	Seconds *int    `json:"seconds" help:"how many seconds to wait"`
	Prompt  *string `json:"prompt" help:"what to ask the operator"`
	Echo    bool    `json:"echo" default:"yes" help:"show what the operator types"`

	terminal modules.Terminal
}

// UseTerminal gives the operator's terminal.
func (m *Module) UseTerminal(t modules.Terminal) { m.terminal = t }

// Validate wants one length of time.
func (m *Module) Validate() error {
	return modules.Exclusive("minutes", m.Minutes != nil, "seconds", m.Seconds != nil)
}

// Run waits.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	start := sys.Now()
	input, warnings, err := m.wait(ctx, sys)
	stop := sys.Now()
	return modules.Result{Warnings: warnings, Data: modules.Data(
		"stdout", values.String("Paused for "+m.unit(stop.Sub(start))),
		"stderr", values.String(""),
		"rc", values.Int(0),
		"delta", values.Int(int64(stop.Sub(start)/time.Second)),
		"start", values.String(start.Format("2006-01-02 15:04:05.000000")),
		"stop", values.String(stop.Format("2006-01-02 15:04:05.000000")),
		"echo", values.Bool(m.Echo),
		"user_input", values.String(input),
	)}, err
}

// unit prints how long it was, in the unit that was asked for.
func (m *Module) unit(d time.Duration) string {
	if m.Minutes != nil || m.Seconds == nil {
		return values.FloatText(math.Round(d.Minutes()*100)/100) + " minutes"
	}
	return values.FloatText(math.Round(d.Seconds()*100)/100) + " seconds"
}

func (m *Module) wait(ctx context.Context, sys modules.System) (input string, warnings []string, err error) {
	limit := m.limit()
	if limit == 0 {
		if m.terminal == nil || !m.terminal.Interactive() {
			return "", []string{"Not waiting for response to prompt as stdin is not interactive"}, nil
		}
		input, err = m.terminal.Prompt(ctx, m.text("Press enter to continue, Ctrl+C to interrupt"), m.Echo)
		return input, nil, err
	}
	sys.Progress(fmt.Sprintf("Pausing for %d seconds", limit/time.Second))
	timed, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if m.Prompt != nil && m.terminal != nil && m.terminal.Interactive() {
		input, err = m.terminal.Prompt(timed, m.text(""), m.Echo)
		if err == nil || !errors.Is(err, context.DeadlineExceeded) {
			return input, nil, err
		}
	}
	<-timed.Done()
	return input, nil, ctx.Err()
}

func (m *Module) text(otherwise string) string {
	if m.Prompt != nil {
		return *m.Prompt
	}
	return otherwise
}

// limit is how long to wait, at least a second; 0 is until the operator answers.
func (m *Module) limit() time.Duration {
	switch {
	case m.Minutes != nil:
		return max(time.Duration(*m.Minutes)*time.Minute, time.Second)
	case m.Seconds != nil:
		return max(time.Duration(*m.Seconds)*time.Second, time.Second)
	}
	return 0
}
