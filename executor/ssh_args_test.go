package executor

import (
	"strings"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/transport"
)

func TestSSHArgumentsReachTheTarget(t *testing.T) {
	var target transport.Target
	c := connection{}
	c.arguments(&target, `-o ServerAliveInterval=5 -oServerAliveCountMax=2 -J bastion`, `-o "ConnectTimeout 7" -o ControlMaster=auto`)
	if c.err != nil {
		t.Fatal(c.err)
	}
	want := transport.Target{AliveInterval: 5 * time.Second, AliveCount: 2, ProxyJump: "bastion", ConnectTimeout: 7 * time.Second}
	if target.AliveInterval != want.AliveInterval || target.AliveCount != want.AliveCount || target.ProxyJump != want.ProxyJump || target.ConnectTimeout != want.ConnectTimeout {
		t.Errorf("got %+v", target)
	}
}

func TestSSHArgumentsThatCannotBeHonouredAreRefused(t *testing.T) {
	for args, words := range map[string]string{
		"-o ServerAliveInterval=0":        "a host that is gone has to be noticed",
		"-o ServerAliveCountMax=many":     "is no number",
		"-o UserKnownHostsFile=/dev/null": "host keys are always verified",
		"-o StrictHostKeyChecking=no":     "accept-new",
		"-o LocalForward=1":               "option LocalForward is not supported",
		"-L 80:localhost:80":              "-L is not supported",
		"-o 'ProxyCommand=nc -X 5 %h %p'": "use ProxyJump",
		"-o":                              "wants a value",
		"bastion":                         "is no option",
	} {
		c := connection{}
		c.arguments(&transport.Target{}, args)
		if c.err == nil || !strings.Contains(c.err.Error(), words) {
			t.Errorf("%s: %v, want %q", args, c.err, words)
		}
	}
}
