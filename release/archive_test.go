package release_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gdeploy/gdeploy/release"
)

func TestADamagedReleaseOfTheControllerIsFoundThere(t *testing.T) {
	for _, c := range []struct{ file, want string }{
		{"", ""},
		{"code.tar.gz", "is damaged: its sha256 is"},
		{"config/base/app.conf", "is not that of release v1"},
	} {
		n := newNode(t)
		for name, content := range map[string]string{"/code/index.html": "v1", "/config/base/app.conf": "colour=green"} {
			name = filepath.Join(n.root, name)
			os.MkdirAll(filepath.Dir(name), 0o755)
			os.WriteFile(name, []byte(content), 0o644)
		}
		archived, err := release.Archive(context.Background(), n.system(""), release.Archiving{App: "shop", Version: "v1", Dest: "/tar", Source: "/code", Config: "/config"})
		if err != nil {
			t.Fatal(err)
		}
		if c.file != "" {
			os.WriteFile(filepath.Join(n.root, "/tar/shop_v1", c.file), []byte("something else"), 0o644)
		}
		err = release.VerifyArchived(n.system(""), "/tar/shop_v1", archived)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q changed: %v, want %q", c.file, err, c.want)
		}
	}
}

func TestAReleaseThatIsGoneDiffersInAllItsFiles(t *testing.T) {
	n := newNode(t)
	n.deploy(t, "v1", release.Good)
	os.RemoveAll(filepath.Join(n.root, n.layout.Dir("v1")))
	if diffs, err := release.Verify(n.system(""), n.layout, "v1"); err != nil || len(diffs) == 0 {
		t.Errorf("%v, %v", diffs, err)
	}
}

// A dry run takes what is to be packed as about to be made; a real one names it.
func TestWhatIsToBePackedIsNamedWhereItIsMissing(t *testing.T) {
	n := newNode(t)
	_, err := release.Archive(t.Context(), n.system(""), release.Archiving{App: "shop", Version: "v1", Dest: "/tar", Source: "/code/target"})
	if err == nil || !strings.Contains(err.Error(), "look at what is to be packed: stat /code/target: no such file or directory") {
		t.Errorf("the error is %v", err)
	}
	if left, _ := os.ReadDir(filepath.Join(n.root, "tar")); len(left) > 0 {
		t.Errorf("left are %v", left)
	}
}
