// Package wait_for_connection waits until a host answers again.
package wait_for_connection

import (
	"context"
	"fmt"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{
	Name: "wait_for_connection", Where: modules.OnController, Check: modules.Skip, New: func() modules.Module { return new(Module) },
}

// Module holds the parameters.
type Module struct {
	Timeout        time.Duration `json:"timeout" default:"600" help:"when to give up"`
	Delay          time.Duration `json:"delay" default:"0" help:"how long to wait before the first try"`
	Sleep          time.Duration `json:"sleep" default:"1" help:"how long to wait between two tries"`
	ConnectTimeout time.Duration `json:"connect_timeout" default:"5" help:"how long one try may take, with 20 seconds more for the helper"`

	link modules.Link
}

// UseLink takes the connection.
func (m *Module) UseLink(l modules.Link) { m.link = l }

// Run tries again and again.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	began := sys.Now()
	if err := Pause(ctx, m.Delay); err != nil {
		return modules.Result{}, err
	}
	limited, cancel := context.WithTimeout(ctx, m.Timeout)
	defer cancel()
	last := Until(limited, m.Sleep, func() error { return Answers(limited, m.link, m.ConnectTimeout) })
	elapsed := modules.Data("elapsed", values.Int(int64(sys.Now().Sub(began)/time.Second)))
	if last != nil && ctx.Err() == nil {
		last = fmt.Errorf("timed out waiting for ping module test: %w", last)
	}
	return modules.Result{Data: elapsed}, last
}

// Answers connects anew and reports why the host does not answer.
func Answers(ctx context.Context, link modules.Link, connect time.Duration) error {
	const helper = 20 * time.Second // to bring it to a host that has lost it
	limited, cancel := context.WithTimeout(ctx, connect+helper)
	defer cancel()
	link.Reset()
	return link.Wait(limited)
}

// Until does something until it succeeds; when ctx ends first, it gives the last error.
func Until(ctx context.Context, sleep time.Duration, do func() error) error {
	for {
		err := do()
		if err == nil || Pause(ctx, sleep) != nil {
			return err
		}
	}
}

// Pause waits, or gives the error of a context that ends first.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	return ctx.Err()
}
