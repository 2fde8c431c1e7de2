package reboot_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/reboot"
	"github.com/gdeploy/gdeploy/values"
)

func TestCases(t *testing.T) { moduletest.Run(t, reboot.Spec) }

// host is a machine with a number of boots.
type host struct {
	boots, away int
	// stays tells that it does not go down, though it says so; busy for how many test
	// commands it is not ready; cut that it hangs up before it answers.
	stays, cut bool
	busy       int
	asked      []string
}

// Call runs a command line.
func (h *host) Call(_ context.Context, _ string, args values.Value) (modules.Reply, error) {
	line, _ := args.Get("cmd")
	h.asked = append(h.asked, values.Text(line))
	say := func(text string) (modules.Reply, error) {
		return modules.Reply{Data: values.MapOf("stdout", values.String(text))}, nil
	}
	switch {
	case strings.Contains(values.Text(line), "boot_id"):
		return say(fmt.Sprint(h.boots))
	case strings.HasSuffix(values.Text(line), "refuse"):
		return modules.Reply{Failed: true, Msg: "non-zero return code", Data: values.MapOf("stderr", values.String("no"))}, nil
	case strings.Contains(values.Text(line), "shutdown"):
		if !h.stays {
			h.boots++
			h.away = 2
		}
		if h.cut {
			return modules.Reply{}, modules.WithKind(modules.KindUnreachable, errors.New("EOF"))
		}
		return say("")
	}
	if h.busy--; h.busy >= 0 {
		return modules.Reply{Failed: true, Msg: "non-zero return code"}, nil
	}
	return say("root")
}

// Offer is not asked for.
func (*host) Offer(string) (values.Value, error) { return values.Null, nil }

// Shell is not asked for.
func (*host) Shell(context.Context, string) (modules.Output, error) { return modules.Output{}, nil }

// Reset does nothing.
func (*host) Reset() {}

// Wait does not wait.
func (h *host) Wait(context.Context) error {
	if h.away--; h.away >= 0 {
		return errors.New("no route to host")
	}
	return nil
}

// Condition is not asked for.
func (*host) Condition(values.Value) (bool, error) { return false, nil }

// Evaluate knows nothing.
func (*host) Evaluate(string) (values.Value, error) { return values.Null, modules.ErrUndefined }

func perform(t *testing.T, h *host, check bool, pairs ...any) modules.Reply {
	here := machine.New(machine.Options{})
	defer here.Close()
	call := modules.Call{Module: "reboot", Args: values.MapOf(pairs...), Check: check}
	return modules.Perform(t.Context(), reboot.Spec, call, here, modules.WithLink(h), modules.WithHost(h), modules.WithEvaluator(h))
}

func TestItComesBackWhenTheHostIsReady(t *testing.T) {
	h := &host{busy: 1, cut: true}
	reply := perform(t, h, false)
	rebooted, _ := reply.Data.Get("rebooted")
	if reply.Failed || !reply.Changed || !rebooted.Truthy() || h.boots != 1 {
		t.Errorf("%+v", reply)
	}
	if want := "PATH=$PATH:/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin; export PATH; shutdown -r 0 'Reboot initiated by Ansible'"; h.asked[1] != want {
		t.Errorf("it ran %q", h.asked[1])
	}
}

func TestADryRunDoesNotTouchTheHost(t *testing.T) {
	h := &host{}
	if reply := perform(t, h, true); !reply.Changed || reply.Failed || len(h.asked) > 0 {
		t.Errorf("%+v, asked %v", reply, h.asked)
	}
}

func TestAHostThatStaysUpIsTold(t *testing.T) {
	reply := perform(t, &host{stays: true}, false, "reboot_timeout", values.Int(1))
	if !reply.Failed || reply.Msg != "Timed out waiting for last boot time check (timeout=1): boot time has not changed" {
		t.Errorf("%+v", reply)
	}
}

func TestACommandThatFailsIsTold(t *testing.T) {
	reply := perform(t, &host{}, false, "reboot_command", values.String("refuse"))
	if !reply.Failed || reply.Msg != "Reboot command failed: non-zero return code: no" {
		t.Errorf("%+v", reply)
	}
}
