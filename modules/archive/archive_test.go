package archive

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/modules/moduletest"
	"github.com/gdeploy/gdeploy/values"
)

func TestCases(t *testing.T) { moduletest.Run(t, Spec) }

func pack(t *testing.T, args ...any) modules.Reply {
	t.Helper()
	m := machine.New(machine.Options{})
	defer m.Close()
	reply := modules.Perform(t.Context(), Spec, modules.Call{Module: "archive", Args: values.MapOf(args...)}, m)
	if reply.Failed {
		t.Fatal(reply.Msg)
	}
	return reply
}

func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, err := range []error{
		os.MkdirAll(filepath.Join(dir, "tree/sub/empty"), 0o755),
		os.WriteFile(filepath.Join(dir, "tree/a"), []byte("first\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "tree/sub/b"), []byte(strings.Repeat("second\n", 50000)), 0o755),
		os.WriteFile(filepath.Join(dir, "tree/"+strings.Repeat("long", 40)), nil, 0o644),
		os.WriteFile(filepath.Join(dir, "tree/größe 1"), []byte("x"), 0o644),
		os.Symlink("a", filepath.Join(dir, "tree/link")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// What is packed, the usual programs find no difference in; packed again, it is the same.
func TestAgreesWithTar(t *testing.T) {
	for _, format := range []string{"tar", "gz", "zst"} {
		t.Run(format, func(t *testing.T) {
			if _, err := exec.LookPath("zstd"); err != nil && format == "zst" {
				t.Skip(err)
			}
			dir := tree(t)
			dest := filepath.Join(dir, "x")
			args := []any{"path", values.String(filepath.Join(dir, "tree")), "dest", values.String(dest), "format", values.String(format)}
			if reply := pack(t, args...); !reply.Changed {
				t.Error("it did not pack")
			}
			if out, err := exec.Command("tar", "-df", dest, "-C", dir).CombinedOutput(); err != nil {
				t.Errorf("tar finds: %s", out)
			}
			if reply := pack(t, args...); reply.Changed {
				t.Errorf("packed again, it changed: %v", reply.Changes)
			}
			if err := os.WriteFile(filepath.Join(dir, "tree/a"), []byte("other\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if reply := pack(t, args...); !reply.Changed {
				t.Error("after a change it did not pack")
			}
		})
	}
}

func TestAgreesWithUnzip(t *testing.T) {
	dir := tree(t)
	dest := filepath.Join(dir, "x.zip")
	pack(t, "path", values.String(filepath.Join(dir, "tree")), "dest", values.String(dest), "format", values.String("zip"))
	cmd := exec.Command("unzip", "-q", dest, "-d", filepath.Join(dir, "out"))
	if out, err := cmd.CombinedOutput(); errors.Is(err, exec.ErrNotFound) {
		t.Skip(err)
	} else if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if err := os.Remove(filepath.Join(dir, "tree/link")); err != nil { // which the zip has as a file
		t.Fatal(err)
	}
	if err := os.Link(filepath.Join(dir, "tree/a"), filepath.Join(dir, "tree/link")); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("diff", "-r", filepath.Join(dir, "tree"), filepath.Join(dir, "out/tree")).CombinedOutput(); err != nil {
		t.Errorf("diff finds: %s", out)
	}
}

func TestCompressOne(t *testing.T) {
	for format, program := range map[string]string{"gz": "gzip", "zst": "zstd"} {
		if _, err := exec.LookPath(program); err != nil {
			continue
		}
		dir := tree(t)
		pack(t, "path", values.String(filepath.Join(dir, "tree/a")), "format", values.String(format))
		out, err := exec.Command(program, "-dc", filepath.Join(dir, "tree/a."+format)).Output()
		if err != nil || string(out) != "first\n" {
			t.Errorf("%s gives %q (%v)", program, out, err)
		}
	}
}

// Sockets are no part of an archive, and no reason to make none.
func TestSpecialFiles(t *testing.T) {
	dir := t.TempDir()
	socket, err := net.Listen("unix", filepath.Join(dir, "socket"))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	reply := pack(t, "path", values.String(dir), "dest", values.String(filepath.Join(t.TempDir(), "x.tgz")))
	if len(reply.Warnings) != 1 || !strings.Contains(reply.Warnings[0], "socket, and left out") {
		t.Errorf("got the warnings %q", reply.Warnings)
	}
}
