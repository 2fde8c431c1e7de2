//go:build lab

package endtoend

import (
	"os"
	"strings"
	"testing"
)

func TestBootstrapASecondTimeChangesNothing(t *testing.T) {
	settled(t, few)
	r := gdeploy(t, "play", "bootstrap.yml", limit(few)).exits(t, 0).says(t, "nothing was changed on 3 hosts")
	if r.changes() {
		t.Errorf("something was changed\n%s", r.out)
	}
}

func TestBootstrapRefusesPort80AndRoot(t *testing.T) {
	now, _ := settled(t, few)
	gdeploy(t, "play", "bootstrap.yml", limit(few), "-e", "service_port=80").exits(t, 2).says(t, "service_port is 80", "balancer", "[n1]")
	gdeploy(t, "play", "bootstrap.yml", limit(few), "-e", "www_user=root").exits(t, 2).says(t, "www_user is root", "ordinary user")
	gdeploy(t, "play", "bootstrap.yml", limit(few), "-e", "www_uid=0").exits(t, 2).says(t, "ordinary user")
	deploy(t, few, "-e", "service_port=80").exits(t, 2).says(t, "service_port is 80")
	run(t, now, few)
}

func TestADeployBeforeTheControllerIsSetUpLeavesNothingBehind(t *testing.T) {
	settled(t, few)
	deploy(t, few, "-e", "deploy_owner=builder", "-e", "deploy_root=/deploy/tmp/root").exits(t, 2).says(t, "user builder (deploy_owner)", "not on this machine", "bootstrap.yml")
	if left := inLab(t, "", "ls", "/deploy/tmp"); strings.Contains(left, "root") {
		t.Errorf("directories were made: %s", left)
	}
}

func TestAWebrootThatWasCopiedByHandIsRefusedThenAdoptedAndRolledBackTo(t *testing.T) {
	now, next := settled(t, few)
	n2 := []string{"n2"}
	// As a deploy by scp leaves it: a directory in place of the link, and no ledger.
	onHost(t, "n2", `systemctl stop web-demo; old=$(readlink /webroot/web-demo); rm -r /webroot/web-demo /var/lib/gdeploy/releases/web-demo
		cp -a "$old" /webroot/web-demo; rm -r /opt/webroot/web-demo_*; echo scp >/webroot/web-demo/RELEASE; systemctl start web-demo`)
	r := deploy(t, few, "-e", "version="+next).exits(t, 2)
	r.says(t, "/webroot/web-demo is a plain directory on n2", "gdeploy play bootstrap.yml -l n2 -e adopt=true").saysNot(t, "TASK [stock : Switch the webroot]")
	run(t, now, []string{"n1", "n3"})
	if got := answer("n2"); got != "scp" {
		t.Errorf("n2 answers with %q", got)
	}
	gdeploy(t, "play", "bootstrap.yml", limit(n2)).exits(t, 0).says(t, "/webroot/web-demo is a plain directory", "-e adopt=true")
	gdeploy(t, "play", "bootstrap.yml", limit(n2), "-e", "adopt=true").exits(t, 0)
	adopted := linked(t, "n2")
	if !strings.HasPrefix(adopted, "adopted-") || answer("n2") != "scp" {
		t.Errorf("n2 is linked to %q and answers with %q", adopted, answer("n2"))
	}
	deploy(t, few, "-e", "version="+next, "-e", "batch=100%").exits(t, 0)
	run(t, next, few)
	// The adopted release does not know its name: the test is then whether the process is a new one.
	rollback(t, n2).exits(t, 0)
	if linked(t, "n2") != adopted || answer("n2") != "scp" {
		t.Errorf("rolled back, n2 is linked to %q and answers with %q", linked(t, "n2"), answer("n2"))
	}
	given(t, next, few)
}

func TestABareMachineBecomesANode(t *testing.T) {
	now, _ := settled(t, few)
	before := read(t, shared.lab.KnownHosts)
	t.Cleanup(func() { replace(t, shared.lab.KnownHosts, before) })
	// As it comes from a provider, also where an earlier test has been.
	onHost(t, "n11", "systemctl disable --now web-demo || true; userdel -rf deploy || true; userdel www || true; rm -rf /root/.ssh /opt/webroot /webroot /etc/systemd/system/web-demo.service; mkdir /webroot")
	// No group_vars: nothing says that n11's key is new, or what its password is.
	hosts := write(t, "hosts.ini", "[new]\nn11 ansible_host=192.168.56.21 ansible_user=root\n[new:vars]\napp=web-demo\nservice_command=/webroot/web-demo/web-demo\ndeploy_environment=prod\n"+
		"[web]\nn1 ansible_host=192.168.56.11 ansible_user=deploy\nn2 ansible_host=192.168.56.12 ansible_user=deploy\nn3 ansible_host=192.168.56.13 ansible_user=deploy\n"+
		"[web:vars]\napp=web-demo\ndeploy_environment=prod\n")
	bootstrap := []string{"play", "bootstrap.yml", "-i", hosts, "-l", "new", "-k"}
	typing(t, "lab-root\n", bootstrap...).exits(t, 4).says(t, "n11", "UNREACHABLE", "host_key_checking", "accept-new")
	typing(t, "wrong\n", append(bootstrap, "--host-key-checking", "accept-new")...).exits(t, 4).says(t, "n11", "UNREACHABLE", "password", "new host key ssh-ed25519 "+fingerprint(t, "n11")).saysNot(t, "wrong\n")
	typing(t, "lab-root\n", append(bootstrap, "--host-key-checking", "accept-new", "-C", "-D")...).exits(t, 0).says(t, "This would change 1 of 1 host", "+ExecStart=/webroot/web-demo/web-demo")
	onHost(t, "n11", "! id www && ! id deploy && ! test -e /opt/webroot")
	typing(t, "lab-root\n", append(bootstrap, "--host-key-checking", "accept-new")...).exits(t, 0).saysNot(t, "lab-root")
	if kept := string(read(t, shared.lab.KnownHosts)); !strings.Contains(kept, "192.168.56.21 ssh-ed25519 ") {
		t.Errorf("the key was not kept\n%s", kept)
	}
	// From now on with the deploy key and the key that was kept.
	gdeploy(t, "play", "bootstrap.yml", "-i", hosts, "-l", "new").exits(t, 0).says(t, "nothing was changed on 1 host")
	gdeploy(t, append([]string{"play", "deploy.yml", "-i", hosts, "-l", "new", "-e", "version=current", "-e", "ansible_user=deploy"}, impatient...)...).exits(t, 0)
	if got := onHost(t, "n11", "stat -c '%U %a' /opt/webroot/web-demo_"+now+" /opt/webroot/web-demo_"+now+"/RELEASE"); got != "www 755\nwww 644\n" {
		t.Errorf("the release belongs to, with the modes, %q", got)
	}
	if got := answer("n11"); got != now {
		t.Errorf("n11 answers with %q, want %q", got, now)
	}
}

// fingerprint is that of a host's key, as ssh-keygen prints it.
func fingerprint(t *testing.T, host string) string {
	t.Helper()
	return strings.Fields(onHost(t, host, "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"))[1]
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
