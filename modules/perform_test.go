package modules_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// does is a module that does what a test wants.
type does struct {
	run      func(context.Context, modules.System) (modules.Result, error)
	predicts *bool
}

func (d *does) Run(ctx context.Context, sys modules.System) (modules.Result, error) {
	return d.run(ctx, sys)
}

// foresees is one that is a Predictor too.
type foresees struct{ does }

func (f *foresees) Predicts() bool { return *f.predicts }

func perform(t *testing.T, check modules.CheckMode, call modules.Call, m modules.Module) modules.Reply {
	t.Helper()
	sys, _ := host(t)
	s := modules.Spec{Name: "does", Check: check, New: func() modules.Module { return m }}
	return modules.Perform(context.Background(), s, call, sys)
}

func runs(run func(context.Context, modules.System) (modules.Result, error)) *does {
	return &does{run: run}
}

func touch(_ context.Context, sys modules.System) (modules.Result, error) {
	return modules.Result{Msg: "done"}, sys.WriteFile("/etc/new", text("x"), modules.Attributes{})
}

func program(ctx context.Context, sys modules.System) (modules.Result, error) {
	_, err := sys.Exec(ctx, modules.Command{Argv: []string{"true"}})
	return modules.Result{Data: modules.Data("rc", values.Int(0))}, err
}

func TestPerformTellsWhatWasDone(t *testing.T) {
	reply := perform(t, modules.Predict, modules.Call{}, runs(touch))
	if !reply.Changed || reply.Failed || reply.Msg != "done" || len(reply.Changes) != 1 {
		t.Errorf("got %+v", reply)
	}
}

func TestAPanicIsAFailure(t *testing.T) {
	reply := perform(t, modules.Predict, modules.Call{}, runs(func(context.Context, modules.System) (modules.Result, error) {
		panic("boom")
	}))
	if !reply.Failed || reply.Msg != "this is a bug in gdeploy: module does: boom" {
		t.Errorf("got %+v", reply)
	}
	if _, ok := reply.Data.Get("exception"); !ok {
		t.Error("no stack")
	}
}

func TestErrorsHaveKinds(t *testing.T) {
	tests := []struct {
		err  error
		want modules.ErrorKind
	}{
		{errors.New("x"), modules.KindOther},
		{fmt.Errorf("write: %w", syscall.ENOSPC), modules.KindNoSpace},
		{modules.WithKind(modules.KindLocked, errors.New("x")), modules.KindLocked},
	}
	for _, test := range tests {
		reply := perform(t, modules.Predict, modules.Call{}, runs(func(context.Context, modules.System) (modules.Result, error) {
			return modules.Result{}, test.err
		}))
		if !reply.Failed || reply.ErrorKind != test.want {
			t.Errorf("%v: got %q, want %q", test.err, reply.ErrorKind, test.want)
		}
	}
	wrong := perform(t, modules.Predict, modules.Call{Args: values.MapOf("x", values.True)}, runs(touch))
	if !wrong.Failed || wrong.ErrorKind != modules.KindArgs {
		t.Errorf("got %+v", wrong)
	}
}

func TestATimeoutEndsTheCall(t *testing.T) {
	reply := perform(t, modules.Predict, modules.Call{TimeoutMS: 20}, runs(func(ctx context.Context, _ modules.System) (modules.Result, error) {
		select {
		case <-ctx.Done():
			return modules.Result{}, ctx.Err()
		case <-time.After(10 * time.Second):
			return modules.Result{}, nil
		}
	}))
	if !reply.Failed || reply.ErrorKind != modules.KindTimeout {
		t.Errorf("got %+v", reply)
	}
}

func TestCheckModeAtAProgram(t *testing.T) {
	yes, no := true, false
	ran := false
	other := func(ctx context.Context, sys modules.System) (modules.Result, error) {
		ran = true
		return program(ctx, sys)
	}
	tests := []struct {
		name             string
		check            modules.CheckMode
		module           modules.Module
		changed, skipped bool
		unknown          bool
	}{
		{"predicts up to it", modules.Predict, runs(program), true, false, true},
		{"is skipped", modules.Skip, runs(other), false, true, false},
		{"looks, then is skipped", modules.Skip, &foresees{does{run: program, predicts: &no}}, false, true, true},
		{"looks, then would change", modules.Skip, &foresees{does{run: program, predicts: &yes}}, true, false, true},
	}
	for _, test := range tests {
		reply := perform(t, test.check, modules.Call{Check: true}, test.module)
		if reply.Changed != test.changed || reply.Skipped != test.skipped || reply.Unknown != test.unknown || reply.Failed {
			t.Errorf("%s: got %+v", test.name, reply)
		}
	}
	if ran {
		t.Error("a module that is skipped in check mode ran")
	}
}

func TestFindKnowsAnsiblesNames(t *testing.T) {
	specs := []modules.Spec{{Name: "file"}, {Name: "unarchive", Aliases: []string{"unpack"}}}
	for name, want := range map[string]string{
		"file": "file", "ansible.builtin.file": "file", "ansible.legacy.file": "file", "unpack": "unarchive",
		"community.general.unarchive": "unarchive", "my.own.file": "", "fil": "",
	} {
		if got, _ := modules.Find(specs, name); got.Name != want {
			t.Errorf("%s: got %q, want %q", name, got.Name, want)
		}
	}
	if got := modules.Nearest(specs, "ansible.builtin.fiel"); got != "file" {
		t.Errorf("nearest: got %q", got)
	}
}

func TestADryRunSaysOnceWhomItTakesForMadeBefore(t *testing.T) {
	reply := perform(t, modules.Predict, modules.Call{Check: true}, runs(func(_ context.Context, sys modules.System) (modules.Result, error) {
		nobody := modules.Attributes{Owner: "nosuch"}
		return modules.Result{}, errors.Join(sys.Mkdir("/opt", nobody), sys.Mkdir("/opt/x", nobody))
	}))
	if len(reply.Warnings) != 1 || !strings.Contains(reply.Warnings[0], "nosuch") {
		t.Errorf("the warnings are %q", reply.Warnings)
	}
}
