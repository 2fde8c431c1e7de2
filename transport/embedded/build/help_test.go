package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func TestOnlyTheHelpIsLeftOut(t *testing.T) {
	root, dir := t.TempDir(), t.TempDir()
	with := "package a\n\ntype A struct {\n\tX string `json:\"x\" help:\"a \\\"path\\\"\" default:\"y\"`\n\tY int `help:\"how many\"`\n}\n"
	without := "package a\n\ntype A struct {\n\tX string `json:\"x\" default:\"y\"`\n\tY int ``\n}\n"
	for name, content := range map[string]string{"a/a.go": with, "a/a_test.go": with, "a/b.go": "package a\n"} {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	overlay, err := withoutHelp(root, dir, []string{"a"})
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(overlay)
	if err != nil {
		t.Fatal(err)
	}
	var got struct{ Replace map[string]string }
	if err := json.Unmarshal(text, &got); err != nil || len(got.Replace) != 1 {
		t.Fatalf("%s, %v", text, err)
	}
	content, err := os.ReadFile(got.Replace[filepath.Join(root, "a/a.go")])
	if err != nil || string(content) != without {
		t.Errorf("got %s, %v, want %s", content, err, without)
	}
}
