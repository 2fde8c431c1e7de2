package executor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
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
	var before Started
	if v.Journal.Kept(keepStart+s.call.Step, &before) { // no helper was there to remember
		if reply, known, err := presumed(s.call, v.Resume.Assume, before); known || err != nil {
			return reply, err
		}
	}
	here := machine.New(machine.Options{Progress: v.progress, Run: s.call.Run})
	defer here.Close()
	err = v.dispatch(ctx, func() error {
		l := &link{visit: v, step: s}
		reply = modules.Perform(ctx, *s.spec, s.call, here, modules.WithLink(l))
		return l.gone
	}, s)
	return reply, err
}

// link is the connection to a step's host.
type link struct {
	visit *visit
	step  *step
	// gone is why the host cannot be reached.
	gone error
}

// Shell runs a command line by the login user's shell, with the task's environment and as
// the user that the task becomes.
func (l *link) Shell(ctx context.Context, line string) (modules.Output, error) {
	target := l.step.target
	become := target.Become
	target.Become = transport.Become{} // which only helpers do
	line = withEnvironment(line, l.step.call.Env)
	var stdin io.Reader
	if become.Enabled {
		argv, err := escalate(become)
		if err != nil {
			return modules.Output{}, err
		}
		line = modules.CommandLine(append(argv, "sh", "-c", "{ "+line+"\n} </dev/null"))
		stdin = strings.NewReader(string(become.Password) + "\n")
	}
	out, err := l.visit.Hosts.Exec(ctx, target, line, stdin)
	var unreachable *transport.Unreachable
	if errors.As(err, &unreachable) {
		l.gone = err
	}
	return modules.Output{RC: out.RC, Stdout: string(out.Stdout), Stderr: string(out.Stderr)}, err
}

// withEnvironment sets variables before a command line, for any login shell.
func withEnvironment(line string, env map[string]string) string {
	if len(env) == 0 {
		return line
	}
	var exports strings.Builder
	for _, name := range slices.Sorted(maps.Keys(env)) {
		exports.WriteString("export " + name + "=" + modules.CommandLine([]string{env[name]}) + "; ")
	}
	return modules.CommandLine([]string{"sh", "-c", exports.String() + line})
}

// escalate is what runs a command as another user. The password goes in by stdin.
func escalate(b transport.Become) ([]string, error) {
	user := cmp.Or(b.User, "root")
	switch method := cmp.Or(b.Method, "sudo"); {
	case method == "sudo" && b.Password != "":
		return append(append([]string{cmp.Or(b.Exe, "sudo")}, b.Flags...), "-H", "-S", "-p", "", "-u", user), nil
	case method == "sudo":
		return append(append([]string{cmp.Or(b.Exe, "sudo")}, b.Flags...), "-H", "-n", "-u", user), nil
	case method == "doas" && b.Password == "":
		return append(append([]string{cmp.Or(b.Exe, "doas")}, b.Flags...), "-n", "-u", user), nil
	default:
		return nil, fmt.Errorf("%s without the helper: become another user by sudo, or by doas without a password", method)
	}
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
