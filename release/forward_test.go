package release_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/release"
)

func TestGoingForwardAgainByNameIsNoWayBack(t *testing.T) {
	n := newNode(t)
	n.deploy(t, "v1", release.Good)
	n.deploy(t, "v2", release.Good)
	n.goBack(t, "v1")
	n.goBack(t, "v2") // rollback.yml -e version=v2
	if previous, err := release.Previous([]release.Node{n.describe(t)}); err != nil || previous != "v1" {
		t.Errorf("previous is %q (%v), want v1", previous, err)
	}
}
