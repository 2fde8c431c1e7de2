package transport_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/transport"
)

// fakeSudo asks as sudo does: for a password only when told to read it from stdin, up to
// three times, and refuses to ask with -n.
const fakeSudo = `#!/bin/sh
want=%q
ask= ; never=
while [ $# -gt 0 ]; do
	case $1 in
	-H|-k) ;;
	-n) never=1 ;;
	-S) ask=1 ;;
	-p) prompt=$2; shift ;;
	-u) user=$2; shift ;;
	*) break ;;
	esac
	shift
done
[ "$user" != nobody-here ] || { echo "sudo: unknown user nobody-here" >&2; exit 1; }
if [ -n "$want" ]; then
	[ -z "$never" ] || { echo "sudo: a password is required" >&2; exit 1; }
	[ -n "$ask" ] || { echo "sudo: a terminal is required to read the password" >&2; exit 1; }
	for i in 1 2 3; do
		printf %%s "$prompt" >&2
		IFS= read -r got || { echo "sudo: no password was provided" >&2; exit 1; }
		[ "$got" = "$want" ] && break
		echo "Sorry, try again." >&2
	done
	[ "$got" = "$want" ] || exit 1
fi
FAKE_USER=$user exec "$@"
`

func sudoThatWants(t *testing.T, password string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sudo")
	if err := os.WriteFile(path, []byte(fmt.Sprintf(fakeSudo, password)), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBecome(t *testing.T) {
	cases := []struct {
		name, wants, given, user string
		kind                     transport.Kind
		words                    string
	}{
		{name: "no password needed", user: "root"},
		{name: "right password", wants: "s3cret pass", given: "s3cret pass", user: "root"},
		{name: "password given, none asked", given: "unused", user: "root"},
		{name: "none given", wants: "x", user: "root", kind: transport.KindBecomePassword, words: `become root by sudo: sudo says "sudo: a password is required"; give it with -K`},
		{name: "wrong", wants: "x", given: "y", user: "root", kind: transport.KindBecomePassword, words: "sudo does not accept the password; give another one with -K"},
		{name: "no such user", user: "nobody-here", kind: transport.KindBecome, words: `"sudo: unknown user nobody-here"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			target := local
			target.Become = transport.Become{Enabled: true, User: c.user, Password: transport.Secret(c.given), Exe: sudoThatWants(t, c.wants)}
			pool := newPool(t, transport.Options{})
			direct, err := pool.Call(t.Context(), local, text("whoami", ""), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			reply, err := pool.Call(t.Context(), target, text("whoami", ""), nil, nil)
			if c.kind != "" {
				refused(t, err, c.kind, c.words)
				return
			}
			if err != nil || reply.Msg == direct.Msg {
				t.Fatalf("got %+v (login: %+v), %v", reply, direct, err)
			}
			again, err := pool.Call(t.Context(), target, text("whoami", ""), nil, nil)
			if err != nil || again.Msg != reply.Msg {
				t.Errorf("another helper: %+v, %v", again, err)
			}
		})
	}
}

func TestBecomeCarriesAllThatALoginDoes(t *testing.T) {
	server := startSSHD(t)
	target := server.target()
	target.Become = transport.Become{Enabled: true, Exe: sudoThatWants(t, "pw"), Password: "pw"}
	pool := sshPool(t, transport.Options{})
	content := []byte(strings.Repeat("0123456789", 300_000))
	stock := &shelf{blobs: map[string][]byte{sumOf(content): content}}
	reply, err := pool.Call(t.Context(), target, blobCall(sumOf(content), len(content), 0), stock, nil)
	if err != nil || reply.Failed {
		t.Fatalf("got %+v, %v", reply, err)
	}
	_, err = pool.Call(t.Context(), target, text("die", ""), nil, nil)
	refused(t, err, transport.KindLost)
	plain := target
	plain.Become = transport.Become{}
	if err := echo(t, pool, plain); err != nil {
		t.Errorf("the login's own helper is gone too: %v", err)
	}
}

// another is a user on this machine who is not root.
const another = "nobody"

func needRoot(t *testing.T, program string) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	if _, err := exec.LookPath(program); err != nil {
		t.Skip(err)
	}
}

// TestBecomeAnotherUser needs a copy of the helper outside of root's closed directory.
func TestBecomeAnotherUser(t *testing.T) {
	needRoot(t, "su")
	server := startSSHD(t)
	target := server.target()
	target.Become = transport.Become{Enabled: true, Method: "su", User: another, Flags: []string{"-s", "/bin/sh"}}
	pool := sshPool(t, transport.Options{})
	reply, err := pool.Call(t.Context(), target, text("whoami", ""), nil, nil)
	if err != nil || !strings.HasPrefix(reply.Msg, "65534 65534 ") {
		t.Fatalf("got %+v, %v", reply, err)
	}
	big := strings.Repeat("all the bytes \x00\x03\x04\r\n\x11\x13\x1a ", 50_000) // none of which a terminal may take for itself
	reply, err = pool.Call(t.Context(), target, text("echo", big), nil, nil)
	if err != nil || reply.Msg != big {
		t.Fatalf("%d of %d bytes came back, %v", len(reply.Msg), len(big), err)
	}
}

func TestBecomeWithoutSudo(t *testing.T) {
	needRoot(t, "id")
	if _, err := exec.LookPath("sudo"); err == nil {
		t.Skip("there is a sudo")
	}
	target := local
	target.Become = transport.Become{Enabled: true, User: another}
	reply, err := newPool(t, transport.Options{}).Call(t.Context(), target, text("whoami", ""), nil, nil)
	if err != nil || !strings.HasPrefix(reply.Msg, "65534 65534 ") {
		t.Fatalf("got %+v, %v", reply, err)
	}
	target.Become.User = "nobody-here"
	_, err = newPool(t, transport.Options{}).Call(t.Context(), target, text("whoami", ""), nil, nil)
	refused(t, err, transport.KindBecome, `there is no user "nobody-here"`)
}

func TestBecomeUnknownMethod(t *testing.T) {
	target := local
	target.Become = transport.Become{Enabled: true, Method: "magic"}
	_, err := newPool(t, transport.Options{}).Call(t.Context(), target, text("whoami", ""), nil, nil)
	refused(t, err, transport.KindBecome, `"magic"`, "sudo, su or doas")
}
