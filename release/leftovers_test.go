package release_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// The directory of releases belongs to the user who serves: a service that was broken into may
// plant a link where a release is about to be put together.
func TestALinkInPlaceOfAStagingLeadsNowhere(t *testing.T) {
	n := newNode(t)
	n.deploy(t, "v1", release.Good)
	elsewhere := filepath.Join(n.root, "etc")
	if err := os.MkdirAll(elsewhere, 0o755); err != nil {
		t.Fatal(err)
	}
	sys := n.system("")
	sys.before = func(what string) {
		if dir, ok := strings.CutPrefix(what, "tree "); ok {
			_ = os.Symlink("/etc", filepath.Join(n.root, dir))
		}
	}
	if err := n.stage(t, sys, "v2"); err == nil || !strings.Contains(err.Error(), "shop_v2.staging-") {
		t.Errorf("the error is %v", err)
	}
	left, err := os.ReadDir(elsewhere)
	if err != nil || len(left) > 0 {
		t.Errorf("the release was put into /etc: %v %v", left, err)
	}
}

// So that no release is taken for what a staging left.
func TestAReleaseIsNotCalledAsADirectoryUnderWay(t *testing.T) {
	n := newNode(t)
	for _, mark := range []string{".staging-", ".packing-", ".removing-"} {
		if err := n.stage(t, n.system(""), "v1"+mark+"one"); err == nil || !strings.Contains(err.Error(), mark) {
			t.Errorf("staged: %v", err)
		}
		a := release.Archiving{App: "shop", Version: "v1" + mark + "one", Dest: "/tar", Source: "/code"}
		if _, err := release.Archive(t.Context(), n.system(""), a); err == nil || !strings.Contains(err.Error(), mark) {
			t.Errorf("packed: %v", err)
		}
	}
}

// A crash in the middle of a prune leaves a directory that is no release any more.
func TestWhatACutOffPruneLeftGoesAwayWithTheNext(t *testing.T) {
	n := newNode(t)
	for _, v := range []string{"v1", "v2", "v3"} {
		n.deploy(t, v, release.Good)
	}
	for steps := range 20 {
		sys := n.system("")
		sys.left = &steps
		if _, err := release.Prune(sys, n.layout, 2, nil); err == nil {
			break
		}
	}
	sys := n.system("")
	if _, err := release.Prune(sys, n.layout, 2, nil); err != nil {
		t.Fatal(err)
	}
	for v, stays := range map[string]bool{"v1": false, "v2": true, "v3": true} {
		if _, err := os.Stat(filepath.Join(n.root, n.layout.Dir(v))); (err == nil) != stays {
			t.Errorf("%s: %v, stays should be %v", v, err, stays)
		}
	}
}

func TestWhatACutOffPackingLeftGoesAwayWithTheNextPrune(t *testing.T) {
	n := newNode(t)
	for name, age := range map[string]time.Duration{
		"shop_v1.packing-old":        48 * time.Hour,
		"shop_v0.removing-old":       48 * time.Hour,
		"shop_v2.packing-young":      time.Hour,
		"shop_admin_v1.packing-soon": time.Minute,
		"other_v1.packing-old":       48 * time.Hour,
	} {
		dir := filepath.Join(n.root, "tar", name)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(dir, then, then); err != nil {
			t.Fatal(err)
		}
	}
	if removed, err := release.PruneArchived(n.system(""), "/tar", "shop", 5, nil); err != nil || len(removed) > 0 {
		t.Fatal(removed, err)
	}
	for name, stays := range map[string]bool{
		"shop_v1.packing-old": false, "shop_v0.removing-old": false,
		"shop_v2.packing-young": true, "shop_admin_v1.packing-soon": true, "other_v1.packing-old": true,
	} {
		if _, err := os.Stat(filepath.Join(n.root, "tar", name)); (err == nil) != stays {
			t.Errorf("%s: %v, stays should be %v", name, err, stays)
		}
	}
}

// What is mounted in a release, such as a directory of uploads, does not go with it.
func TestAReleaseInWhichSomethingIsMountedStays(t *testing.T) {
	n := newNode(t)
	for _, v := range []string{"v1", "v2", "v3", "v4"} {
		n.deploy(t, v, release.Good)
	}
	uploads := n.layout.Dir("v1") + "/my uploads"
	table := "22 1 0:21 / / rw - ext4 /dev/vda rw\n71 22 0:50 / " + strings.ReplaceAll(uploads, " ", `\040`) + " rw - nfs files:/uploads rw\n"
	if err := errors.Join(os.MkdirAll(filepath.Join(n.root, uploads), 0o755), os.MkdirAll(filepath.Join(n.root, "proc/self"), 0o755),
		os.WriteFile(filepath.Join(n.root, "proc/self/mountinfo"), []byte(table), 0o644)); err != nil {
		t.Fatal(err)
	}
	removed, err := release.Prune(n.system(""), n.layout, 1, nil)
	if err != nil || !slices.Equal(removed, []string{"v2"}) {
		t.Errorf("removed were %v (%v), want v2", removed, err)
	}
	if mounted, err := release.Mounted(n.system(""), n.layout); err != nil || len(mounted) != 1 || mounted["v1"] != uploads {
		t.Errorf("mounted is %v, %v", mounted, err)
	}
	// Staged again since it was damaged, it is not removed either.
	if err := os.Remove(filepath.Join(n.root, n.layout.Dir("v1"), "bin/app")); err != nil {
		t.Fatal(err)
	}
	if err := n.stage(t, n.system(""), "v1"); err == nil || !strings.Contains(err.Error(), "a file system is mounted at "+uploads+": unmount it") {
		t.Errorf("staged again: %v", err)
	}
	if _, err := os.Stat(filepath.Join(n.root, uploads)); err != nil {
		t.Error(err)
	}
}
