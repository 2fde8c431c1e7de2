package raw

import (
	"context"
	"errors"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/values"
)

func TestCases(t *testing.T) { moduletest.Run(t, Spec) }

// fakeLink answers every command line alike.
type fakeLink struct {
	out  modules.Output
	err  error
	line string
}

func (l *fakeLink) Shell(_ context.Context, line string) (modules.Output, error) {
	l.line = line
	return l.out, l.err
}
func (*fakeLink) Reset()                     {}
func (*fakeLink) Wait(context.Context) error { return nil }

func perform(t *testing.T, text string, link modules.Link) modules.Reply {
	t.Helper()
	args, err := modules.ParseFreeForm(Spec, text)
	if err != nil {
		t.Fatal(err)
	}
	m := machine.New(machine.Options{Root: t.TempDir()})
	defer m.Close()
	return modules.Perform(context.Background(), Spec, modules.Call{Module: "raw", Args: values.FromMap(args)}, m, modules.WithLink(link))
}

func TestRaw(t *testing.T) {
	link := &fakeLink{out: modules.Output{Stdout: "a\r\nb\n"}}
	reply := perform(t, "ls -l /srv", link)
	want := `{"rc":0,"stdout":"a\nb\n","stdout_lines":["a","b"],"stderr":"","stderr_lines":[]}`
	if got := string(values.JSON(reply.Data)); got != want || !reply.Changed || reply.Failed {
		t.Errorf("got %s, changed %v, failed %v; want %s and a change", got, reply.Changed, reply.Failed, want)
	}
	if link.line != "ls -l /srv" {
		t.Errorf("ran %q", link.line)
	}
}

func TestRawFails(t *testing.T) {
	reply := perform(t, "exit 3", &fakeLink{out: modules.Output{RC: 3, Stderr: "oops\n"}})
	if rc, _ := reply.Data.Get("rc"); !reply.Failed || reply.Msg != "non-zero return code" || values.Text(rc) != "3" {
		t.Errorf("got %+v", reply)
	}
	reply = perform(t, "ls", &fakeLink{err: errors.New("connection lost")})
	if !reply.Failed || reply.Msg != "connection lost" {
		t.Errorf("got %+v", reply)
	}
}

func TestRawExecutable(t *testing.T) {
	link := &fakeLink{}
	perform(t, "executable=/bin/bash echo 'it'", link)
	if want := `/bin/bash -c 'echo '"'"'it'"'"''`; link.line != want {
		t.Errorf("ran %q, want %q", link.line, want)
	}
}
