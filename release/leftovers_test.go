package release_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gdeploy/gdeploy/release"
)

func TestWhatACutOffStagingLeftGoesAwayWithTheNext(t *testing.T) {
	n := newNode(t)
	n.deploy(t, "v1", release.Good)
	releases := filepath.Join(n.root, n.layout.Releases)
	for name, age := range map[string]time.Duration{
		"shop_v2.staging-old":       time.Minute,    // of the version that is staged
		"shop_v0.staging-old":       48 * time.Hour, // of another one
		"shop_v0.staging-young":     time.Hour,
		"shop_admin_v1.staging-now": time.Minute, // another application's, and under way
		"other_v1.staging-old":      48 * time.Hour,
	} {
		dir := filepath.Join(releases, name)
		if err := os.MkdirAll(filepath.Join(dir, "static"), 0o755); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(dir, then, then); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.stage(t, n.system(""), "v2"); err != nil {
		t.Fatal(err)
	}
	for name, stays := range map[string]bool{
		"shop_v2.staging-old": false, "shop_v0.staging-old": false,
		"shop_v0.staging-young": true, "shop_admin_v1.staging-now": true, "other_v1.staging-old": true,
		"shop_v1": true, "shop_v2": true,
	} {
		if _, err := os.Stat(filepath.Join(releases, name)); (err == nil) != stays {
			t.Errorf("%s: %v, stays should be %v", name, err, stays)
		}
	}
}
