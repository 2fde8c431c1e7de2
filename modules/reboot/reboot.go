// Package reboot restarts a host and waits until it is back.
package reboot

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	waiting "github.com/gdeploy/gdeploy/modules/wait_for_connection"
	"github.com/gdeploy/gdeploy/values"
)

// Spec describes the module.
var Spec = modules.Spec{Name: "reboot", Where: modules.OnController, New: func() modules.Module { return new(Module) }}

// Module holds the parameters.
type Module struct {
	PreRebootDelay  int           `json:"pre_reboot_delay" default:"0" aliases:"pre_reboot_delay_sec" help:"how many seconds the host waits before it goes down; whole minutes count"`
	PostRebootDelay time.Duration `json:"post_reboot_delay" default:"0" aliases:"post_reboot_delay_sec" help:"how long to wait when it is back"`
	RebootTimeout   time.Duration `json:"reboot_timeout" default:"600" aliases:"reboot_timeout_sec" help:"when to give up, for each of coming back and test_command"`
	ConnectTimeout  time.Duration `json:"connect_timeout" default:"5" aliases:"connect_timeout_sec" help:"how long one try to connect may take, with 20 seconds more for the helper"`
	TestCommand     string        `json:"test_command" default:"whoami" help:"command that succeeds when the host is ready"`
	Msg             string        `json:"msg" default:"Reboot initiated by Ansible" help:"what users of the host are told"`
	SearchPaths     []string      `json:"search_paths" default:"/sbin,/bin,/usr/sbin,/usr/bin,/usr/local/sbin" help:"where the program shutdown may be"`
	BootTimeCommand string        `json:"boot_time_command" default:"cat /proc/sys/kernel/random/boot_id" help:"command that prints something else after each boot"`
	RebootCommand   string        `json:"reboot_command" help:"command that restarts the host, instead of shutdown"`

	host modules.ManagedHost
	link modules.Link
	eval modules.Evaluator
}

// UseHost takes what runs commands on the host.
func (m *Module) UseHost(h modules.ManagedHost) { m.host = h }

// UseLink takes the connection.
func (m *Module) UseLink(l modules.Link) { m.link = l }

// UseEvaluator takes what knows how the host is reached.
func (m *Module) UseEvaluator(e modules.Evaluator) { m.eval = e }

// Run restarts the host, and comes back when it has.
func (m *Module) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	if how, err := m.eval.Evaluate("ansible_connection"); err == nil && values.Text(how) == "local" {
		return modules.Result{Data: modules.Data("rebooted", values.False, "elapsed", values.Int(0))},
			modules.Fail("Running reboot with local connection would reboot the control node.")
	}
	began := sys.Now()
	err := modules.Apply(sys, modules.Change{Action: "exec", Path: m.command()}, func(modules.System) error { return m.reboot(ctx) })
	return modules.Result{Data: modules.Data("rebooted", values.True,
		"elapsed", values.Int(int64(sys.Now().Sub(began)/time.Second)))}, err
}

func (m *Module) command() string {
	if m.RebootCommand != "" {
		return m.RebootCommand
	}
	return modules.CommandLine([]string{"shutdown", "-r", fmt.Sprint(max(0, m.PreRebootDelay/60)), m.Msg})
}

func (m *Module) reboot(ctx context.Context) error {
	before, err := m.run(ctx, m.BootTimeCommand)
	if err != nil {
		return modules.Fail("Failed to get host boot time info: %w", err)
	}
	if err := m.down(ctx); err != nil {
		return err
	}
	if err := m.up(ctx, before); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, m.RebootTimeout)
	defer cancel()
	err = waiting.Until(limited, time.Second, func() error {
		_, err := m.run(limited, m.TestCommand)
		return err
	})
	if err != nil {
		return modules.Fail("Timed out waiting for post-reboot test command (timeout=%.0f): %w", m.RebootTimeout.Seconds(), err)
	}
	return waiting.Pause(ctx, m.PostRebootDelay)
}

// down has the host go down. A connection that breaks off is what was wanted.
func (m *Module) down(ctx context.Context) error {
	_, err := m.run(ctx, "PATH=$PATH:"+strings.Join(m.SearchPaths, ":")+"; export PATH; "+m.command())
	var gone *modules.KindError
	if errors.As(err, &gone) && gone.Kind == modules.KindUnreachable {
		return nil
	}
	if err != nil {
		err = modules.Fail("Reboot command failed: %w", err)
	}
	return err
}

// up waits until the host runs another boot than before.
func (m *Module) up(ctx context.Context, before string) error {
	limited, cancel := context.WithTimeout(ctx, m.RebootTimeout+time.Duration(m.PreRebootDelay)*time.Second)
	defer cancel()
	err := waiting.Until(limited, time.Second, func() error {
		if err := waiting.Answers(limited, m.link, m.ConnectTimeout); err != nil {
			return err
		}
		now, err := m.run(limited, m.BootTimeCommand)
		if err == nil && now == before {
			err = errors.New("boot time has not changed")
		}
		return err
	})
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("Timed out waiting for last boot time check (timeout=%.0f): %s", m.RebootTimeout.Seconds(), err) //nolint:staticcheck // as Ansible says it
	}
	return err
}

// run runs a command line on the host, as the task's user, and gives what it prints.
func (m *Module) run(ctx context.Context, line string) (string, error) {
	reply, err := m.host.Call(ctx, "shell", values.MapOf("cmd", values.String(line)))
	stdout, _ := reply.Data.Get("stdout")
	if err == nil && reply.Failed {
		stderr, _ := reply.Data.Get("stderr")
		err = fmt.Errorf("%s: %s", reply.Msg, strings.TrimSpace(values.Text(stderr)))
	}
	return values.Text(stdout), err
}
