//go:build arm64check

package transport_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/transport"
	"github.com/gdeploy/gdeploy/transport/embedded"
	"github.com/gdeploy/gdeploy/values"
)

// TestHelperForArm64 brings the helper for arm64 to a host that says it is one, where an emulator runs it, and has it
// work: `make arm64-check` installs what it needs.
func TestHelperForArm64(t *testing.T) {
	emulator, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		t.Fatalf("%v: run `make arm64-check`", err)
	}
	server := startSSHD(t, func(s *sshd) {
		s.exec = func(command string, channel ssh.Channel) bool {
			command = strings.ReplaceAll(command, `$(uname -sm)`, "Linux\" \"aarch64")
			command = strings.ReplaceAll(command, `exec "$1/$s"`, fmt.Sprintf(`exec %s "$1/$s"`, emulator))
			s.run(command, channel)
			return true
		}
	})
	pool := sshPool(t, transport.Options{Helpers: embedded.Source{}})
	file := t.TempDir() + "/made"
	for _, call := range []modules.Call{
		{Module: "copy", Args: values.MapOf("dest", values.String(file), "content", values.String("by arm64\n"))},
		{Module: "command", Args: values.MapOf("argv", values.Strings("cat", file))},
		{Module: "setup", Args: values.MapOf()},
	} {
		for range 2 { // the second time the helper is there
			reply, err := pool.Call(t.Context(), server.target(), call, nil, nil)
			if err != nil || reply.Failed {
				t.Fatalf("%s: %+v, %v", call.Module, reply, err)
			}
			pool.Reset(server.target())
			if call.Module != "setup" {
				continue
			}
			if m, _ := reply.Facts.AsMap(); m == nil || !strings.Contains(string(values.JSON(reply.Facts)), `"aarch64"`) {
				t.Errorf("setup did not find an arm64 machine: %s", values.JSON(reply.Facts))
			}
		}
	}
}
