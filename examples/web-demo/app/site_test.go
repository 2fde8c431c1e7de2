package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryAnswerNamesReleaseAndNode(t *testing.T) {
	root := t.TempDir()
	write(t, filepath.Join(root, "RELEASE"), "1a2b3c_20260102-030405\n")
	write(t, filepath.Join(root, "app.conf"), "# common\ngreeting=你好\nnode=nobody\n")
	write(t, filepath.Join(root, "node.conf"), "node = n3\n")
	s, err := readSettings(filepath.Join(root, "app.conf"), filepath.Join(root, "node.conf"))
	if err != nil {
		t.Fatal(err)
	}
	site := newSite(root, readRelease(root), s)
	for path, want := range map[string]string{
		"/":        "你好 from web-demo 1a2b3c_20260102-030405 (" + source + ", grey) on n3\n",
		"/healthz": fmt.Sprintf(`{"app":"web-demo","version":"1a2b3c_20260102-030405","source":%q,"node":"n3","healthy":%t}`+"\n", source, healthy),
	} {
		answer := httptest.NewRecorder()
		site.ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
		if got := answer.Body.String(); got != want {
			t.Errorf("GET %s answers %q, want %q", path, got, want)
		}
		if got := answer.Header().Get("X-Version") + " " + answer.Header().Get("X-Node"); got != "1a2b3c_20260102-030405 n3" {
			t.Errorf("GET %s is signed %q", path, got)
		}
	}
}

func TestAMistakeInTheConfigurationNamesItsLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app.conf")
	write(t, file, "colour=blue\ncolor=red\n")
	if _, err := readSettings(file, ""); err == nil || !strings.Contains(err.Error(), `app.conf:2: "color=red"`) {
		t.Errorf("got %v", err)
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
