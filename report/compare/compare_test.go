package compare_test

import (
	"testing"

	"github.com/gdeploy/gdeploy/report/compare"
)

// In whatever order hosts that go through a loop beside each other are told, the reading is one.
func TestRoundsOfHostsBesideEachOther(t *testing.T) {
	const a, b = "failed: [a] (item=1) => {\"rc\": 1}\n", "failed: [b] (item=1) => {\"rc\": 1}\n"
	const more, ignoring = "changed: [b] => (item=2)\n", "...ignoring\n"
	banner := "TASK [command] ***\n"
	want := compare.Reading{}.Events(banner + a + ignoring + b + more + ignoring)
	for _, told := range []string{a + b + more + ignoring + ignoring, b + a + ignoring + more + ignoring, a + b + ignoring + more + ignoring} {
		if got := (compare.Reading{}).Events(banner + told); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
	if one := (compare.Reading{}).Events(banner + a + ignoring + b); one == want {
		t.Error("a host whose failure matters is read as one whose does not")
	}
}
