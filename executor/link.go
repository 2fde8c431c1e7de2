package executor

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/values"
)

// onConnection runs a module that works on the connection itself, without a helper.
func (v *visit) onConnection(ctx context.Context, s *step) (reply modules.Reply, err error) {
	here := machine.New(machine.Options{Progress: v.progress, Run: s.call.Run})
	defer here.Close()
	err = v.send1(ctx, s, func() error {
		l := &link{visit: v, step: s}
		reply = modules.Perform(ctx, *s.spec, s.call, here, modules.WithLink(l))
		return l.gone
	})
	return reply, err
}

// link is the connection to a step's host.
type link struct {
	visit *visit
	step  *step
	// gone is why the host cannot be reached.
	gone error
}

// Shell runs a command line by the login user's shell, with the task's environment.
func (l *link) Shell(ctx context.Context, line string) (modules.Output, error) {
	var exports strings.Builder
	for _, name := range slices.Sorted(maps.Keys(l.step.call.Env)) {
		exports.WriteString("export " + name + "=" + modules.CommandLine([]string{l.step.call.Env[name]}) + "; ")
	}
	out, err := l.visit.Hosts.Exec(ctx, l.step.target, exports.String()+line, nil)
	var unreachable *transport.Unreachable
	if errors.As(err, &unreachable) {
		l.gone = err
	}
	return modules.Output{RC: out.RC, Stdout: string(out.Stdout), Stderr: string(out.Stderr)}, err
}

// Reset closes the connection.
func (l *link) Reset() { l.visit.Hosts.Reset(l.step.target) }

// Wait comes back when the host answers modules again.
func (l *link) Wait(ctx context.Context) error {
	ping := modules.Call{Module: "ping", Args: values.MapOf()}
	for {
		_, err := l.visit.Hosts.Call(ctx, l.step.target, ping, nil, nil)
		if err == nil {
			return nil
		}
		l.Reset()
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Second):
		}
	}
}
