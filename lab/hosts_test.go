//go:build lab

package lab

import (
	"fmt"
	"strings"
	"testing"
)

func TestHostsAreRealAndTroubleEnds(t *testing.T) {
	l := Up(t, Options{Name: "labtest", Hosts: 2, Fresh: true})
	t.Cleanup(func() { l.Down(t) })
	for _, c := range []struct {
		name  string
		start func()
		end   func()
		ssh   string // what a login says meanwhile
	}{
		{"a host as it is", func() {}, func() {}, ""},
		{"a cut line", func() { l.Cut(t, "n1") }, func() { l.Join(t, "n1") }, "timed out"},
		{"a host that hangs", func() { l.Freeze(t, "n1") }, func() { l.Thaw(t, "n1") }, "timed out during banner exchange"},
		{"a full disk", func() { l.Fill(t, "n1", "0") }, func() { l.Unfill(t, "n1") }, "No space left on device"},
		{"a dead host", func() { l.Kill(t, "n1") }, func() { l.Boot(t, "n1") }, "timed out"},
		{"another host key", func() { l.Rekey(t, "n1") }, func() {}, "Host key verification failed"},
	} {
		c.start()
		got := l.login(t, "n1", "echo written > file && rm file")
		if c.ssh == "" && got != "" || !strings.Contains(got, c.ssh) {
			t.Errorf("%s: a login says %q, want %q", c.name, got, c.ssh)
		}
		c.end()
	}
	if got := l.login(t, "n2", "sudo -n id -u"); got != "0" {
		t.Errorf("deploy's sudo on n2 says %q", got)
	}
}

func TestTheBaseHasSystemdAndNoPython(t *testing.T) {
	l := Up(t, Options{Name: "labtest2", Hosts: 1})
	t.Cleanup(func() { l.Down(t) })
	for command, want := range map[string]string{
		"systemctl is-system-running --wait":                                  "running",
		"command -v python python3 || echo none":                              "none",
		"cat /etc/hostname":                                                   "n1",
		"test -e /etc/shadow && grep -c ^deploy: /etc/passwd":                 "1",
		"ip route show default; echo none":                                    "none",
		"sshd -T | grep -iE '^(maxsessions|maxstartups|usedns) ' | sort":      "maxsessions 10\nmaxstartups 10:30:100\nusedns no",
		"mkdir -p /run/x && mount -t tmpfs none /run/x && umount /run/x; pwd": "/",
	} {
		got, err := l.Exec(t.Context(), "n1", "sh", "-c", command)
		if err != nil || strings.TrimSpace(got) != want {
			t.Errorf("%s: %q, %v, want %q", command, got, err, want)
		}
	}
	if got, err := l.Exec(t.Context(), "n11", "grep", "-c", "^deploy:", "/etc/passwd"); err == nil {
		t.Errorf("n11 is not bare: %s", got)
	}
	got, err := l.Exec(t.Context(), "lb", "sh", "-c", "test -S /run/haproxy/admin.sock && systemctl is-active haproxy")
	if err != nil || strings.TrimSpace(got) != "active" {
		t.Errorf("haproxy: %q, %v", got, err)
	}
}

func (l *Lab) login(t *testing.T, host, command string) string {
	t.Helper()
	config := strings.TrimSuffix(l.KnownHosts, "known_hosts") + "ssh_config"
	out, err := l.Command(t.Context(), "ssh", "-F", config, "-o", "ConnectTimeout=2", "-o", "BatchMode=yes", host, command).CombinedOutput()
	if err != nil && len(out) == 0 {
		return fmt.Sprint(err)
	}
	return strings.TrimSpace(string(out))
}
