package executor

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport"
)

// execHosts notes what is run without the helper.
type execHosts struct {
	Hosts
	target      transport.Target
	line, stdin string
}

func (h *execHosts) Exec(_ context.Context, t transport.Target, line string, stdin io.Reader) (transport.Output, error) {
	h.target, h.line, h.stdin = t, line, ""
	if stdin != nil {
		text, _ := io.ReadAll(stdin) // a reader of a string
		h.stdin = string(text)
	}
	return transport.Output{Stdout: []byte("out\n"), RC: 3}, nil
}

func TestLinkShell(t *testing.T) {
	for _, c := range []struct {
		name   string
		env    map[string]string
		become transport.Become
		line   string
		stdin  string
		err    string
	}{
		{name: "plain", line: "ls | wc"},
		{name: "environment", env: map[string]string{"B": "it's", "A": "1"}, line: `sh -c 'export A=1; export B='"'"'it'"'"'"'"'"'"'"'"'s'"'"'; ls | wc'`},
		{name: "sudo", become: transport.Become{Enabled: true}, line: "sudo -H -n -u root sh -c '{ ls | wc\n} </dev/null'", stdin: "\n"},
		{name: "password", become: transport.Become{Enabled: true, User: "www", Password: "secret"}, line: "sudo -H -S -p '' -u www sh -c '{ ls | wc\n} </dev/null'", stdin: "secret\n"},
		{name: "doas", become: transport.Become{Enabled: true, Method: "doas", Flags: []string{"-C", "/x"}}, line: "doas -C /x -n -u root sh -c '{ ls | wc\n} </dev/null'", stdin: "\n"},
		{name: "su", become: transport.Become{Enabled: true, Method: "su"}, err: "su without the helper: become another user by sudo, or by doas without a password"},
	} {
		t.Run(c.name, func(t *testing.T) {
			hosts := &execHosts{}
			s := &step{call: modules.Call{Env: c.env}, target: transport.Target{Host: "n1", Become: c.become}}
			l := &link{visit: &visit{batch: &batch{play: &play{run: &run{Request: Request{Hosts: hosts}}}}}, step: s}
			out, err := l.Shell(t.Context(), "ls | wc")
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil || out.RC != 3 || out.Stdout != "out\n" {
				t.Errorf("got %+v, %v", out, err)
			}
			if hosts.line != c.line || hosts.stdin != c.stdin || hosts.target.Become.Enabled {
				t.Errorf("ran %q with %q on stdin, want %q with %q", hosts.line, hosts.stdin, c.line, c.stdin)
			}
		})
	}
}
