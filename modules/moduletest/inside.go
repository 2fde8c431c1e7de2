//go:build lab

package moduletest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/lab"
	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/values"
)

// insideMark tells the test binary that it runs on a host of the lab.
const insideMark = "GDEPLOY_TEST_INSIDE"

// Inside runs the test on a host of the lab, where it may change what it likes. It
// reports true there; on this machine it brings the test's own binary over, runs this
// test there, fails if that fails, and reports false:
//
//	if !moduletest.Inside(t, "n1") {
//		return
//	}
func Inside(t *testing.T, host string) bool {
	t.Helper()
	if os.Getenv(insideMark) != "" {
		return true
	}
	l := lab.Up(t, lab.Options{Name: os.Getenv("GDEPLOY_TEST_LAB")})
	binary := fmt.Sprintf("/root/%s.test", strings.ReplaceAll(t.Name(), "/", "_"))
	if err := bring(t.Context(), l, host, binary); err != nil {
		t.Fatal(err)
	}
	defer l.Exec(context.WithoutCancel(t.Context()), host, "rm", "-f", binary)
	out, err := l.Exec(t.Context(), host, "env", insideMark+"="+host, "HOME=/root", binary, "-test.v", "-test.run", "^"+t.Name()+"$")
	t.Logf("on %s:\n%s", host, out)
	if err != nil {
		t.Error(err)
	}
	return false
}

// bring copies the running binary to a host.
func bring(ctx context.Context, l *lab.Lab, host, target string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	content, err := os.ReadFile(self)
	if err != nil {
		return err
	}
	address, err := l.Exec(ctx, host, "hostname", "-I")
	if err != nil {
		return err
	}
	ssh := l.Command(ctx, "ssh", "-i", l.PrivateKeyFile, "-o", "UserKnownHostsFile="+l.KnownHosts, "-o", "BatchMode=yes",
		"root@"+strings.Fields(address)[0], "cat >"+target+" && chmod 0755 "+target)
	ssh.Stdin = bytes.NewReader(content)
	if out, err := ssh.CombinedOutput(); err != nil {
		return fmt.Errorf("bring the test to %s: %w: %s", host, err, out)
	}
	return nil
}

// Perform runs a module on this machine, for tests that run Inside a host.
func Perform(t *testing.T, spec modules.Spec, check bool, pairs ...any) modules.Reply {
	t.Helper()
	if os.Getenv(insideMark) == "" {
		t.Fatal("this is no host of the lab")
	}
	sys := machine.New(machine.Options{})
	defer sys.Close()
	return modules.Perform(t.Context(), spec, modules.Call{Module: spec.Name, Args: values.MapOf(pairs...), Check: check, Diff: true}, sys)
}
