//go:build lab

package endtoend

import (
	"os"
	"testing"
)

// withN5 are a pre-production node, another, and the host that is in trouble.
var withN5 = []string{"n1", "n2", "n5"}

func TestAHostThatCannotBeReachedStopsADeployBeforeAnythingChanged(t *testing.T) {
	labUp(t)
	l := shared.lab
	for _, c := range []struct {
		name       string
		begin, end func()
		says       []string
	}{
		{"down", func() { l.Kill(t, "n5") }, func() { l.Boot(t, "n5") }, []string{"192.168.56.15"}},
		{"hangs", func() { l.Freeze(t, "n5") }, func() { l.Thaw(t, "n5") }, []string{"192.168.56.15"}},
		{"another host key", func() { l.Rekey(t, "n5") }, oldKey(t, "n5"), []string{"is not the one in", "known_hosts", "remove the old line"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			now, next := settled(t, withN5)
			c.begin()
			ended := false
			end := func() {
				if !ended {
					ended = true
					c.end()
				}
			}
			t.Cleanup(end)
			r := deploy(t, withN5, "-e", "version="+next, "-T", "2").exits(t, 4)
			r.says(t, "fatal: [n5]: UNREACHABLE!").says(t, c.says...).saysNot(t, "TASK [stock : Switch the webroot]")
			run(t, now, []string{"n1", "n2"})
			end()
			deploy(t, withN5, "-e", "version="+next, "-e", "batch=100%").exits(t, 0)
			run(t, next, withN5)
		})
	}
}

// oldKey gives what makes a host whole that got another host key.
func oldKey(t *testing.T, host string) func() {
	const key = "/etc/ssh/ssh_host_ed25519_key"
	private, public := read(t, hostFile(host, key)), read(t, hostFile(host, key+".pub"))
	return func() {
		for name, content := range map[string][]byte{key: private, key + ".pub": public} {
			if err := os.WriteFile(hostFile(host, name), content, 0o600); err != nil {
				t.Error(err)
			}
		}
		onHost(t, host, "systemctl restart ssh")
	}
}

func TestSudoThatWantsAPasswordGetsItOrSaysSo(t *testing.T) {
	now, next := settled(t, few)
	as := []string{"-e", "ansible_user=sudopw", "-e", "version=" + next, "-e", "batch=100%"}
	deploy(t, few, as...).exits(t, 2).says(t, "could not be taken", "a password is required", "-K", "Nothing was done").saysNot(t, "TASK [stock : Switch the webroot]")
	play := append([]string{"play", "deploy.yml", limit(few), "-K"}, append(impatient, as...)...)
	typing(t, "wrong\n", play...).exits(t, 2).says(t, "does not accept the password", "Nothing was done").saysNot(t, "wrong\n", "TASK [stock : Switch the webroot]")
	run(t, now, few)
	typing(t, "lab-sudo\n", play...).exits(t, 0).saysNot(t, "lab-sudo")
	run(t, next, few)
}

func TestANodeThatDiesInTheMiddleIsNamedAndTheOthersGoBack(t *testing.T) {
	now, next := settled(t, withN5)
	r := start(t, "", append([]string{"play", "deploy.yml", limit(withN5), "-e", "version=" + next, "-e", "batch=100%"}, impatient...)...)
	r.reaches(t, "TASK [stock : Switch the webroot]", 2)
	shared.lab.Kill(t, "n5")
	up := false
	boot := func() {
		if !up {
			up = true
			shared.lab.Boot(t, "n5")
		}
	}
	t.Cleanup(boot)
	died := r.wait(t)
	if died.code != 4 && died.code != 7 {
		t.Errorf("exit code %d", died.code)
	}
	died.says(t, "fatal: [n5", "UNREACHABLE!")
	run(t, now, []string{"n1", "n2"})
	if state := balancer(t)["n5"]; state != "ready" {
		died.says(t, "n5 could not be put back to")
	}
	boot()
	deploy(t, withN5, "-e", "version="+next, "-e", "batch=100%", "-e", "rejoin=web").exits(t, 0)
	run(t, next, withN5)
}
