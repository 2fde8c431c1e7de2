//go:build lab

package systemd_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/modules/service"
	"github.com/gdeploy/gdeploy/modules/systemd"
	"github.com/gdeploy/gdeploy/values"
)

func str(s string) values.Value { return values.String(s) }

const unitFile = "/etc/systemd/system/mtest.service"

func writeUnit(t *testing.T, start string) {
	t.Helper()
	unit := "[Unit]\nDescription=for a test\n[Service]\nType=exec\nExecStart=" + start + "\nExecReload=/bin/true\n[Install]\nWantedBy=multi-user.target\n"
	if err := os.WriteFile(unitFile, []byte(unit), 0o644); err != nil {
		t.Fatal(err)
	}
}

func move(t *testing.T, from, to string) {
	t.Helper()
	if out, err := exec.Command("mv", from, to).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

func is(t *testing.T, order, want string) {
	t.Helper()
	out, _ := exec.Command("systemctl", order, "mtest").Output()
	if got := strings.TrimSpace(string(out)); got != want {
		t.Errorf("systemctl %s: %s, want %s", order, got, want)
	}
}

func expect(t *testing.T, r modules.Reply, changed bool) {
	t.Helper()
	if r.Failed || r.Changed != changed {
		t.Errorf("failed %v, changed %v, want %v: %s %+v", r.Failed, r.Changed, changed, r.Msg, r.Changes)
	}
}

// twice runs a call in check mode, for real, and again.
func twice(t *testing.T, pairs ...any) {
	t.Helper()
	pairs = append(pairs, "name", str("mtest"))
	expect(t, moduletest.Perform(t, systemd.Spec, true, pairs...), true)
	expect(t, moduletest.Perform(t, systemd.Spec, false, pairs...), true)
	expect(t, moduletest.Perform(t, systemd.Spec, false, pairs...), false)
	expect(t, moduletest.Perform(t, systemd.Spec, true, pairs...), false)
}

func TestUnits(t *testing.T) {
	if !moduletest.Inside(t, "n9") {
		return
	}
	defer exec.Command("sh", "-c", "systemctl unmask mtest; systemctl disable --now mtest; rm -f "+unitFile+"; systemctl daemon-reload").Run()
	writeUnit(t, "/bin/sleep 1000")
	name := []any{"name", str("mtest")}

	fresh := append(name, "enabled", values.True, "daemon_reload", values.True)
	if r := moduletest.Perform(t, systemd.Spec, true, fresh...); r.Failed || !r.Changed {
		t.Errorf("dry run with a unit that systemd does not know yet: %+v", r)
	}
	twice(t, "enabled", values.True, "daemon_reload", values.True)
	is(t, "is-enabled", "enabled")
	twice(t, "state", str("started"))
	is(t, "is-active", "active")
	r := moduletest.Perform(t, systemd.Spec, false, append(name, "state", str("restarted"))...)
	expect(t, r, true)
	status, _ := r.Data.Get("status")
	active, _ := status.Get("ActiveState")
	state, _ := r.Data.Get("state")
	if values.Text(active) != "active" || values.Text(state) != "started" {
		t.Errorf("result: %s", values.JSON(r.Data))
	}
	expect(t, moduletest.Perform(t, systemd.Spec, false, append(name, "state", str("reloaded"))...), true)
	twice(t, "state", str("stopped"))
	expect(t, moduletest.Perform(t, service.Spec, false, append(name, "state", str("started"))...), true)
	expect(t, moduletest.Perform(t, service.Spec, false, append(name, "state", str("started"))...), false)
	twice(t, "enabled", values.False, "state", str("stopped"))
	is(t, "is-enabled", "disabled")
	move(t, unitFile, "/run/systemd/system/mtest.service")
	expect(t, moduletest.Perform(t, systemd.Spec, false, "daemon_reload", values.True), false)
	twice(t, "masked", values.True)
	is(t, "is-enabled", "masked")
	twice(t, "masked", values.False)
	move(t, "/run/systemd/system/mtest.service", unitFile)
}

func TestFailingUnit(t *testing.T) {
	if !moduletest.Inside(t, "n9") {
		return
	}
	defer exec.Command("sh", "-c", "rm -f "+unitFile+"; systemctl daemon-reload; systemctl reset-failed mtest").Run()
	writeUnit(t, "/bin/sh -c 'echo the port is taken; exit 3'")
	exec.Command("sed", "-i", "s/Type=exec/Type=oneshot/", unitFile).Run()
	r := moduletest.Perform(t, systemd.Spec, false, "name", str("mtest"), "state", str("started"), "daemon_reload", values.True)
	for _, want := range []string{"Unable to start service mtest: Job for mtest.service failed", "The last lines of its journal:", "the port is taken", "status=3"} {
		if !r.Failed || !strings.Contains(r.Msg, want) {
			t.Errorf("failed %v: %s\nwant %q", r.Failed, r.Msg, want)
		}
	}
	r = moduletest.Perform(t, systemd.Spec, false, "name", str("no-such-thing"), "state", str("started"))
	if !r.Failed || !strings.Contains(r.Msg, "Could not find the requested service no-such-thing: host") {
		t.Error(r.Msg)
	}
	r = moduletest.Perform(t, systemd.Spec, false, "name", str("mtest"), "state", str("started"), "scope", str("user"))
	if !r.Failed || !strings.Contains(r.Msg, "loginctl enable-linger root") {
		t.Errorf("failed %v: %s", r.Failed, r.Msg)
	}
}
