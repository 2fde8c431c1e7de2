package transfer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/modules/machine"
	"github.com/gdeploy/gdeploy/modules/transfer"
	"github.com/gdeploy/gdeploy/values"
)

// line is a connection to the controller that can break off.
type line struct {
	content []byte
	// breakAt is after how many bytes it breaks; 0 is never.
	breakAt int64
	offsets []int64
}

func (l *line) OpenBlob(ctx context.Context, b modules.Blob) (io.ReadCloser, error) {
	return l.OpenBlobAt(ctx, b, 0)
}

func (l *line) OpenBlobAt(_ context.Context, _ modules.Blob, offset int64) (io.ReadCloser, error) {
	l.offsets = append(l.offsets, offset)
	rest := io.Reader(bytes.NewReader(l.content[offset:]))
	if l.breakAt > 0 {
		rest = io.MultiReader(io.LimitReader(rest, l.breakAt-offset), broken{})
	}
	return io.NopCloser(rest), nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection lost") }

func big(t *testing.T, size int) ([]byte, modules.Blob) {
	t.Helper()
	content := make([]byte, size)
	random := rand.NewChaCha8([32]byte{1})
	if _, err := random.Read(content); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	return content, modules.Blob{Name: "big.war", Size: int64(size), SHA256: hex.EncodeToString(sum[:])}
}

func send(t *testing.T, l *line, b modules.Blob, dest string, wrap func(modules.System) modules.System) modules.Reply {
	t.Helper()
	sys := machine.New(machine.Options{Blobs: l})
	defer sys.Close()
	call := modules.Call{Module: "transfer", Args: values.MapOf("src", b.Value(), "dest", values.String(dest))}
	var s modules.System = sys
	if wrap != nil {
		s = wrap(sys)
	}
	return modules.Perform(t.Context(), transfer.Spec, call, s)
}

func number(r modules.Reply, name string) int64 {
	v, _ := r.Data.Get(name)
	n, _ := v.AsInt()
	return n
}

func parts(t *testing.T, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "*.part-*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestGoesOnWhereItStopped(t *testing.T) {
	content, blob := big(t, 10<<20+123)
	dir := t.TempDir()
	dest := filepath.Join(dir, "big.war")
	l := &line{content: content, breakAt: 7 << 20}
	r := send(t, l, blob, dest, nil)
	if !r.Failed || !strings.Contains(r.Msg, "big.war broke off at 7.0 MB of 10.0 MB; the next run goes on from there: connection lost") {
		t.Fatalf("broken: %+v", r)
	}
	if _, err := os.Stat(dest); err == nil || len(parts(t, dir)) != 1 {
		t.Fatalf("dest %v, parts %v", err, parts(t, dir))
	}
	l.breakAt = 0
	r = send(t, l, blob, dest, nil)
	if r.Failed || !r.Changed || number(r, "resumed_at") != 7<<20 || number(r, "sent") != 3<<20+123 {
		t.Fatalf("resumed: %+v %s", r, values.JSON(r.Data))
	}
	got, err := os.ReadFile(dest)
	if err != nil || !bytes.Equal(got, content) || parts(t, dir) != nil {
		t.Errorf("%v, %d bytes, parts %v", err, len(got), parts(t, dir))
	}
	l.offsets = nil
	if r = send(t, l, blob, dest, nil); r.Failed || r.Changed || l.offsets != nil {
		t.Errorf("again: %+v, opened at %v", r, l.offsets)
	}
}

func TestWhatChangedOnTheWayIsRefused(t *testing.T) {
	content, blob := big(t, 1000)
	content[500]++
	dir := t.TempDir()
	r := send(t, &line{content: content}, blob, filepath.Join(dir, "big.war"), nil)
	if !r.Failed || !strings.Contains(r.Msg, "arrived damaged, or was changed on the controller while it was sent") {
		t.Errorf("%+v", r)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
		t.Errorf("left: %v %v", list, err)
	}
}

// small is a disk with little room: for space as asked, and for what is written.
type small struct {
	modules.System
	told, left int64
}

func (s *small) Space(string) (modules.Space, error) {
	return modules.Space{Bytes: uint64(s.told)}, nil
}

func (s *small) Append(name string, line []byte, attrs modules.Attributes) error {
	if s.left -= int64(len(line)); s.left < 0 {
		return &os.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
	}
	return s.System.Append(name, line, attrs)
}

func TestNoRoom(t *testing.T) {
	content, blob := big(t, 10<<20)
	for name, c := range map[string]struct {
		told, left int64
		want       string
	}{
		"foreseen": {1 << 20, 1 << 40, "there is no room for big.war in DIR: it needs 10.0 MB, and 1.0 MB are free"},
		"met":      {1 << 40, 5 << 20, "the disk got full while big.war (10.0 MB) was sent to DIR; what had arrived was removed again"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			r := send(t, &line{content: content}, blob, filepath.Join(dir, "big.war"), func(sys modules.System) modules.System {
				return &small{sys, c.told, c.left}
			})
			if !r.Failed || r.ErrorKind != modules.KindNoSpace || !strings.Contains(r.Msg, strings.ReplaceAll(c.want, "DIR", dir)) {
				t.Errorf("%s: %s", r.ErrorKind, r.Msg)
			}
			if begun := len(r.Changes) > 0; r.Changed || begun != (name == "met") {
				t.Errorf("changed %v: %+v", r.Changed, r.Changes)
			}
			if list, err := os.ReadDir(dir); err != nil || len(list) > 0 {
				t.Errorf("left: %v %v", list, err)
			}
		})
	}
}
