package onhost_test

import (
	"slices"
	"testing"

	"github.com/gdeploy/gdeploy/modules/onhost"
)

// These modules, and no others, may be tried on a host before their turn. Whoever adds one
// makes sure that it reads nothing but its own host, and that what it tells when there is
// nothing to do is the same in check mode: moduletest compares them for each of its cases.
func TestProbed(t *testing.T) {
	want := []string{
		"authorized_key", "blockinfile", "copy", "cron", "file", "find", "getent", "group", "hostname", "known_hosts", "lineinfile",
		"ping", "release_facts", "replace", "service", "slurp", "stat", "sysctl", "systemd", "template", "transfer", "user",
	}
	var got []string
	for _, spec := range onhost.Specs() {
		if spec.IsProbed() {
			got = append(got, spec.Name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("probed are\n%q, want\n%q", got, want)
	}
}
