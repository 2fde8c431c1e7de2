package moduletest

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/modules"
	"github.com/gdeploy/gdeploy/values"
)

// world is where the files of one case lie.
type world struct {
	dir       string
	realPaths bool
}

// real puts the directory in place of $WORK; neutral does the opposite.
func (w world) real(text string) string { return strings.ReplaceAll(text, "$WORK", w.dir) }

func (w world) neutral(text string) string {
	if w.realPaths {
		return strings.ReplaceAll(text, w.dir, "$WORK")
	}
	return strings.ReplaceAll(text, w.dir, "")
}

func (w world) realValue(v values.Value) values.Value { return mapTexts(v, w.real) }

func (w world) neutralValue(v values.Value) values.Value { return mapTexts(v, w.neutral) }

// mapTexts changes every text in a value.
func mapTexts(v values.Value, change func(string) string) values.Value {
	if s, ok := v.AsString(); ok {
		return values.String(change(s))
	}
	if m, ok := v.AsMap(); ok {
		made := values.NewMap(m.Len())
		for key, value := range m.All() {
			made.SetKey(key, mapTexts(value, change))
		}
		return values.FromMap(made)
	}
	if items := v.Items(); items != nil {
		made := make([]values.Value, len(items))
		for i, item := range items {
			made[i] = mapTexts(item, change)
		}
		return values.FromSlice(made)
	}
	return v
}

// accounts are those that every case's world has, unless it brings its own.
func accounts() []entry {
	uid, gid := os.Geteuid(), os.Getegid()
	passwd := "root:x:0:0:root:/root:/bin/sh\ndeploy:x:1000:1000::/home/deploy:/bin/sh\nwww:x:1001:1001::/var/www:/usr/sbin/nologin\n"
	group := "root:x:0:\ndeploy:x:1000:\nwww:x:1001:deploy\n"
	if uid != 0 {
		passwd = fmt.Sprintf("me:x:%d:%d::/home/me:/bin/sh\n", uid, gid) + passwd
		group = fmt.Sprintf("me:x:%d:\n", gid) + group
	}
	return []entry{{path: "etc/passwd", content: passwd}, {path: "etc/group", content: group}, {path: "tmp", dir: true}}
}

func (w world) build(entries []entry) error {
	if !w.realPaths {
		entries = append(accounts(), entries...)
	}
	for _, e := range entries {
		if err := w.make(e); err != nil {
			return err
		}
	}
	return nil
}

func (w world) at(name string) string {
	return filepath.Join(w.dir, strings.TrimPrefix(name, "$WORK/"))
}

func (w world) make(e entry) error {
	at := w.at(e.path)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	mode := fs.FileMode(0o644)
	switch {
	case e.link != "":
		return os.Symlink(w.real(e.link), at)
	case e.dir:
		mode = 0o755
		if err := os.MkdirAll(at, mode); err != nil {
			return err
		}
	case strings.HasPrefix(strings.TrimPrefix(e.path, "$WORK/"), "bin/"):
		mode = 0o755
		fallthrough
	default:
		if err := os.WriteFile(at, []byte(w.real(e.content)), mode); err != nil {
			return err
		}
	}
	if e.mode != "" {
		bits, err := strconv.ParseUint(e.mode, 8, 32)
		if err != nil {
			return fmt.Errorf("mode of %s: %w", e.path, err)
		}
		mode = modules.FileMode(uint32(bits))
	}
	return os.Chmod(at, mode)
}

// snapshot describes every file, to see whether something was touched.
func (w world) snapshot(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(w.dir, func(at string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(at, w.dir)
		if name == "/tmp" {
			return nil // temporary files come and go
		}
		found[name] = fmt.Sprint(info.Mode(), info.Sys() != nil)
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(at)
			found[name] += fmt.Sprintf(" %s %x", info.ModTime(), sha256.Sum256(text))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}
